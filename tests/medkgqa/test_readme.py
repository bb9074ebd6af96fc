"""What the README shows is what happens."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")


def fences(name: str) -> list[tuple[str, str]]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", READMES)
def test_the_first_two_commands_set_everything_up(name: str) -> None:
    shell = [body.strip() for kind, body in fences(name) if kind == "sh"]
    assert shell[0].startswith("make ask")
    assert shell[1] == "make test"


@pytest.mark.parametrize("name", READMES)
@pytest.mark.usefixtures("starter", "lm_cache")
def test_the_python_example_prints_what_it_says(name: str) -> None:
    kinds = fences(name)
    at = next(i for i, (kind, _) in enumerate(kinds) if kind == "python")
    code, (shown_as, shown) = kinds[at][1], kinds[at + 1]
    assert shown_as == "text"
    assert len(code.strip().splitlines()) <= 10
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, name, "exec"), {})
    assert printed.getvalue() == shown
