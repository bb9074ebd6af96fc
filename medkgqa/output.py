"""What commands print: results to standard output, problems to standard error."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any


def print_result(options: argparse.Namespace, record: Any, text: str | Callable[[], str]) -> None:
    """Print a result: as JSON where asked for, else as text."""
    if options.json:
        print(json.dumps(record, ensure_ascii=False))
    else:
        print(text if isinstance(text, str) else text())


def usage_problem(problem: str) -> int:
    """Say what is wrong with a command line; returns its exit code."""
    print(f"medkgqa: {problem}; see medkgqa --help", file=sys.stderr)
    return 2
