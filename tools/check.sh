#!/usr/bin/env bash
# Everything that has to hold before a change lands: lint, types, layers, tests, notebooks.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(tools/environment.sh dev)
bin=$(dirname "$python")

"$bin/ruff" check .
"$bin/ruff" format --check .
"$bin/mypy"
"$bin/lint-imports"
"$python" -m medkgqa models get default ||
    echo "check: without its weights the tests of the language model are skipped" >&2
"$python" -m pytest --cov --cov-report=term
"$python" -m pytest --nbmake --nbmake-timeout=600 --override-ini=addopts= notebooks
