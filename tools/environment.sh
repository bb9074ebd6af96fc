#!/usr/bin/env bash
# Make the project's virtual environment and print the path of its Python.
#
#   tools/environment.sh EXTRA[,EXTRA…]
#
# The environment lies in the user's cache, one for each content of pyproject.toml, so that a
# second clone finds it ready. The checkout itself is installed editable, which takes a second.
set -euo pipefail

extras=${1:?name the extras to install, for example lm}
root=$(cd "$(dirname "$0")/.." && pwd)
cache=${MEDKGQA_ENVIRONMENTS:-${XDG_CACHE_HOME:-$HOME/.cache}/medkgqa/environments}

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
            2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "environment: Python 3.11 or newer with venv is needed; set PYTHON to one" >&2
    exit 1
}

python=$(find_python)
version=$("$python" -c 'import platform; print(platform.python_version())')
key=$( (echo "$version $extras"; cat "$root/pyproject.toml") |
    "$python" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest()[:16])')
environment=$cache/$extras-$key
mkdir -p "$cache"

if [ ! -e "$environment/ready" ]; then
    echo "environment: installing into $environment (once)" >&2
    rm -rf "$environment"
    "$python" -m venv "$environment" >&2
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check \
        'hatchling>=1.25' 'editables>=0.5' >&2
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check \
        --editable "$root[$extras]" >&2
    echo "$root" >"$environment/ready"
elif [ "$(cat "$environment/ready")" != "$root" ]; then
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check \
        --no-deps --no-build-isolation --editable "$root" >&2
    echo "$root" >"$environment/ready"
fi
echo "$environment/bin/python"
