"""The front door: ``from medkgqa import MedicalQA``, and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medkgqa.facade import MedicalQA

__all__ = ["MedicalQA"]


def __getattr__(name: str) -> Any:
    """Import the facade when it is first asked for, so that ``import medkgqa`` stays light."""
    if name == "MedicalQA":
        from medkgqa.facade import MedicalQA

        return MedicalQA
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
