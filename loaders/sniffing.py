"""Which format a file is of, told by its name and its first bytes."""

from __future__ import annotations

import re
from pathlib import Path

from kg.errors import SourceFormatError
from loaders.brat import annotation_file
from loaders.i2b2_xml import ROOT_2012, ROOT_2014
from loaders.mimic import COLUMNS_3, COLUMNS_4
from loaders.reading import open_bytes

_HEAD = 1 << 16
_PACKINGS = frozenset({".gz", ".xz", ".bz2"})
#: Names a folder is searched for.
SUFFIXES = frozenset(
    {".txt", ".md", ".jsonl", ".ndjson", ".json", ".xml", ".csv", ".tsv", ".pubtator"}
)
_ROOTS = {
    b"ClinicalDocument": "ccda",
    b"PubmedArticleSet": "pubmed",
    b"PubmedArticle": "pubmed",
    b"PubmedBookArticleSet": "pubmed",
    b"DeleteCitation": "pubmed",
    b"collection": "bioc-xml",
    ROOT_2012.encode(): "i2b2-2012",
    ROOT_2014.encode(): "i2b2-2014",
}
_ROOT = re.compile(rb"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")
_MARKUP = re.compile(rb"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\])?\s*>", re.DOTALL)
_PUBTATOR = re.compile(rb"[^|\s]{1,40}\|t\|")
_TAGGED = re.compile(rb"\S+[ \t](?:O|[BI][_-]\S+)\r?\n")


def suffix_of(path: Path) -> str:
    """The last suffix that does not say how a file is packed, in lower case.

    >>> suffix_of(Path("pubmed20n0001.xml.gz")), suffix_of(Path("README"))
    ('.xml', '')
    """
    suffixes = [s.lower() for s in path.suffixes if s.lower() not in _PACKINGS]
    return suffixes[-1] if suffixes else ""


def format_of(path: Path) -> str | None:
    """The name of the format a file is of, or None where that cannot be told.

    Raises:
        SourceFormatError: where the file cannot be read.
    """
    suffix = suffix_of(path)
    if suffix not in SUFFIXES:
        return None
    head = _head(path)
    if suffix == ".xml":
        root = _ROOT.search(_MARKUP.sub(b"", head))
        return _ROOTS.get(root.group(1), "pubmed") if root else "pubmed"
    if suffix in {".json", ".jsonl", ".ndjson"}:
        return _json_format(path, suffix, head)
    if suffix in {".csv", ".tsv"}:
        return _table_format(head)
    if suffix == ".pubtator":
        return "pubtator"
    return _text_format(path, head)


def _head(path: Path) -> bytes:
    with open_bytes(path) as stream:
        try:
            head: bytes = stream.read(_HEAD)
        except (EOFError, OSError) as error:
            raise SourceFormatError(
                path, None, f"damaged compression ({error})", fix="fetch the file again"
            ) from error
    return head.removeprefix(b"\xef\xbb\xbf")


def _json_format(path: Path, suffix: str, head: bytes) -> str:
    start = head[:4000]
    if b'"resourceType"' in start:
        return "fhir"
    if b'"dialogue-content"' in start:
        return "cmdd"
    first_line = head.split(b"\n", 1)[0].rstrip()
    whole_line = first_line.endswith(b"}") and first_line.startswith(b"{")
    collection = b'"documents"' in start or b'"PubTator3"' in start or b'"passages"' in head
    if suffix == ".json" and collection and not (whole_line and b'"text"' in first_line[:200]):
        return "bioc-json"
    return "jsonl"


def _table_format(head: bytes) -> str:
    header = head.split(b"\n", 1)[0].decode("utf-8", errors="replace")
    cells = {cell.strip().strip('"') for cell in re.split(r"[,\t]", header)}
    if cells >= set(COLUMNS_3):
        return "mimic-iii"
    if cells >= set(COLUMNS_4):
        return "mimic-iv-note"
    return "table"


def _text_format(path: Path, head: bytes) -> str:
    if annotation_file(path) is not None:
        return "brat"
    if _has_concepts(path):
        return "i2b2-2010"
    if _PUBTATOR.match(head.lstrip()):
        return "medmentions" if "medmentions" in path.as_posix().lower() else "pubtator"
    tagged = _TAGGED.match(head)
    if tagged and _TAGGED.match(head, tagged.end()):
        return "bio"
    return "text"


def _has_concepts(path: Path) -> bool:
    """Whether the concepts of the i2b2 challenge of 2010 lie beside a note."""
    name = f"{path.name.removesuffix('.txt')}.con"
    folders = (path.parent.parent / "concept", path.parent / "concept", path.parent)
    return any((folder / name).is_file() for folder in folders)
