"""Every exception of the project, in one tree.

::

    MedKGQAError
    ├── InvalidRecordError (ValueError)   a record that cannot be built: field, value, fix
    │   └── InvalidCurieError             not of the form ``PREFIX:local``
    ├── SourceFormatError (ValueError)    an outside file: path, line, what was expected
    ├── EmptyImportError                  an import that ended with nothing, or nothing linked
    ├── GraphError
    │   ├── UnknownConceptError (KeyError)    no node with that CURIE
    │   ├── GraphFormatError              a saved graph that is truncated, altered or foreign
    │   ├── ReadOnlyStoreError            a write to a store that cannot be written
    │   └── StoreUnavailableError         a server that does not answer
    ├── PlanError (ValueError)            a plan that does not type-check
    ├── DecodingError
    │   ├── NoContinuationError           the constraint allows no token: decoding stops
    │   └── AmbiguousGrammarError         two different texts share one token sequence
    ├── VerificationError                 a worded answer says what the graph does not hold
    ├── ModelUnavailableError             weights that are absent, damaged or unfetchable
    ├── MissingExtraError (ImportError)   an optional part that is not installed
    └── UsageError (ValueError)           a command or argument that cannot be carried out

Messages give the offending value, where it stood, and the fix.
"""

from __future__ import annotations

from pathlib import Path


class MedKGQAError(Exception):
    """Root of every error raised on purpose by this project."""


class InvalidRecordError(MedKGQAError, ValueError):
    """A record whose fields contradict its contract."""


class InvalidCurieError(InvalidRecordError):
    """A string that should be a CURIE (``PREFIX:local``) and is not."""


class SourceFormatError(MedKGQAError, ValueError):
    """An outside file that is not of the format it should be.

    >>> str(SourceFormatError("a.tsv", 3, "2 columns, 3 expected", fix="add the object column"))
    'a.tsv:3: 2 columns, 3 expected; add the object column'
    """

    def __init__(self, path: str | Path, line: int | None, problem: str, *, fix: str = "") -> None:
        self.path = str(path)
        self.line = line
        self.problem = problem
        self.fix = fix
        place = self.path if line is None else f"{self.path}:{line}"
        super().__init__(f"{place}: {problem}" + (f"; {fix}" if fix else ""))


class EmptyImportError(MedKGQAError):
    """An import that ended with no edge, or with no name linked."""


class GraphError(MedKGQAError):
    """Anything wrong with a graph or its store."""


class UnknownConceptError(GraphError, KeyError):
    """No node of the store has that CURIE."""

    def __init__(self, curie: str) -> None:
        self.curie = curie
        super().__init__(f"no concept {curie!r} in this graph; search by name to find its CURIE")

    def __str__(self) -> str:
        return str(self.args[0])


class GraphFormatError(GraphError):
    """A saved graph that is truncated, altered, foreign or of another format version."""


class ReadOnlyStoreError(GraphError):
    """A write to a store that is immutable."""


class StoreUnavailableError(GraphError):
    """A graph server that does not answer, or refuses the login."""


class PlanError(MedKGQAError, ValueError):
    """A plan that does not type-check against the schema."""


class DecodingError(MedKGQAError):
    """Constrained decoding that cannot go on."""


class NoContinuationError(DecodingError):
    """The constraint allows no token. Decoding stops here; it never allows all tokens."""


class AmbiguousGrammarError(DecodingError):
    """Two different texts of a grammar share one token sequence."""


class VerificationError(MedKGQAError):
    """A worded answer that states something the graph does not hold."""


class ModelUnavailableError(MedKGQAError):
    """Model weights that are absent, damaged, or cannot be fetched."""


class UsageError(MedKGQAError, ValueError):
    """A command or argument that cannot be carried out as given."""


class MissingExtraError(MedKGQAError, ImportError):
    """An optional part is not installed.

    >>> str(MissingExtraError("openvino", extra="lm"))
    "openvino is not installed; install it with: pip install 'medkgqa[lm]'"
    """

    def __init__(self, module: str, *, extra: str) -> None:
        self.module = module
        self.extra = extra
        super().__init__(
            f"{module} is not installed; install it with: pip install 'medkgqa[{extra}]'"
        )
