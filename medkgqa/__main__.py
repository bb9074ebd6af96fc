"""``python -m medkgqa`` is ``medkgqa``."""

from __future__ import annotations

import sys

from medkgqa.cli import main

if __name__ == "__main__":
    sys.exit(main())
