"""``ask --lm none`` stays light: no spaCy, torch, OpenVINO or networkx is imported for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("spacy", "torch", "openvino", "openvino_genai", "networkx", "neo4j", "rdflib")


@pytest.mark.usefixtures("starter")
def test_asking_without_a_language_model_imports_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from medkgqa.cli import main\n"
        "main(['ask', '--lm', 'none', '--json', 'Which drugs treat migraine?'])\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
