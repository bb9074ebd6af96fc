"""Documents: text, JSON lines, PubMed XML, PubTator; hostile ones too."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SourceFormatError, UsageError
from loaders.documents import read_documents, read_json_lines
from loaders.pubmed import PubmedFile
from loaders.pubtator import read_annotated

PUBMED = """<?xml version="1.0"?>
<PubmedArticleSet>
<PubmedArticle><MedlineCitation><PMID Version="1">11</PMID><Article>
<Journal><JournalIssue><PubDate><Year>2019</Year><Month>Jul</Month><Day>3</Day></PubDate>
</JournalIssue></Journal>
<ArticleTitle>Of <i>migraine</i> &amp; triptans.</ArticleTitle>
<Abstract><AbstractText Label="AIM">To  treat.</AbstractText>
<AbstractText>Done.</AbstractText></Abstract></Article></MedlineCitation></PubmedArticle>
<PubmedArticle><MedlineCitation><PMID Version="1">12</PMID><Article>
<ArticleTitle/><VernacularTitle>Migräne.</VernacularTitle></Article></MedlineCitation>
</PubmedArticle>
<PubmedArticle><MedlineCitation><PMID Version="1">13</PMID><Article>
<ArticleTitle>Withdrawn.</ArticleTitle></Article></MedlineCitation></PubmedArticle>
<DeleteCitation><PMID Version="1">13</PMID><PMID>99</PMID></DeleteCitation>
</PubmedArticleSet>
"""


def test_pubmed_articles_have_title_abstract_date_and_address(tmp_path: Path) -> None:
    path = tmp_path / "p.xml.gz"
    path.write_bytes(gzip.compress(PUBMED.encode()))
    first, second = read_documents(path)
    assert first.id == "PMID:11"
    assert first.text == "Of migraine & triptans.\nAIM: To treat. Done."
    assert first.text[: first.title_end] == "Of migraine & triptans."
    assert first.date == "2019-07-03"
    assert first.provenance.url == "https://pubmed.ncbi.nlm.nih.gov/11/"
    assert second.text == "Migräne."
    assert PubmedFile(path).deleted() == {"PMID:13", "PMID:99"}


BOMB = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<PubmedArticleSet><PubmedArticle><PMID>&b;</PMID></PubmedArticle></PubmedArticleSet>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<PubmedArticleSet><PubmedArticle><PMID>&a;</PMID></PubmedArticle></PubmedArticleSet>"""


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (PUBMED[:400], r"p\.xml:\d+: broken XML"),
        (BOMB, "refused XML"),
        (OUTSIDE, "refused XML"),
        ("<a/>", "holds no article"),
        ("", "broken XML"),
        ("\x01\x02", "broken XML"),
    ],
)
def test_hostile_xml_is_refused(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "p.xml"
    path.write_text(content, "utf-8")
    with pytest.raises(SourceFormatError, match=problem):
        list(read_documents(path))


def test_a_doctype_without_entities_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "p.xml"
    doctype = '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD" "https://dtd.example/p.dtd">'
    path.write_text(PUBMED.replace("<PubmedArticleSet>", doctype + "<PubmedArticleSet>"), "utf-8")
    assert len(list(read_documents(path))) == 2


@given(
    st.lists(
        st.tuples(
            st.text(min_size=1).filter(str.strip),
            st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_json_lines_round_trip(
    tmp_path_factory: pytest.TempPathFactory, texts: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("j") / "d.jsonl"
    records = [{"id": n, "text": t, "title": title} for n, (t, title) in enumerate(texts)]
    path.write_text("\n".join(json.dumps(r) for r in records) + "\n", "utf-8")
    documents = list(read_json_lines(path))
    assert [d.id for d in documents] == [str(n) for n in range(len(texts))]
    for document, (text, title) in zip(documents, texts, strict=True):
        assert document.text.endswith(text)
        assert document.text[: document.title_end] == (title if title.strip() else "")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"id": "b", "text": "x"', "broken JSON"),
        ("[1]", "not a JSON object"),
        ('{"text": "x"}', "no id"),
        ('{"id": "b"}', "no text"),
        ('{"id": "b", "text": "  "}', "no text"),
        ('{"id": "b", "text": 5}', "text is no string"),
        ('{"id": "a", "text": "again"}', "comes twice"),
        ("[" * 100_000, "broken JSON"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text('{"id": "a", "text": "fine"}\n' + line + "\n", "utf-8")
    with pytest.raises(SourceFormatError, match=rf"d\.jsonl:2: .*{problem}"):
        list(read_json_lines(path))


def test_text_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("\ufeffAspirin treats fever.", "utf-8")
    (tmp_path / "two.jsonl").write_text('{"id": 1, "text": "b", "source": "s"}', "utf-8")
    (tmp_path / "other.bin").write_bytes(b"\x00")
    one, two = read_documents(tmp_path)
    assert (one.id, one.text, one.provenance.source) == ("one", "Aspirin treats fever.", "one.txt")
    assert (two.id, two.provenance.source) == ("1", "s")
    with pytest.raises(UsageError, match="cannot tell the format"):
        list(read_documents(tmp_path / "other.bin"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "holds no text"),
        (b"  \n", "holds no text"),
        (b"a\nb\x00", ":2: a NUL"),
        (b"\xff", ":1:"),
    ],
)
def test_hostile_text_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "t.txt"
    path.write_bytes(content)
    with pytest.raises(SourceFormatError, match=problem):
        list(read_documents(path))


PUBTATOR = """5|t|Aspirin and gout
5|a|Aspirin worsens gout.
5\t0\t7\tAspirin\tChemical\tD001241
5\t33\t37\tgout\tDisease\tD006073|D000001
5\tCID\tD001241\tD006073

6|t|No abstract
"""


def test_pubtator_documents_and_their_gold(tmp_path: Path) -> None:
    path = tmp_path / "c.pubtator"
    path.write_text(PUBTATOR, "utf-8")
    first, second = read_annotated(path)
    assert first.document.text == "Aspirin and gout\nAspirin worsens gout."
    for mention in first.mentions:
        assert first.document.text[mention.start : mention.end] == mention.text
    assert first.mentions[1].identifiers == ("D006073", "D000001")
    assert (first.relations[0].type, first.relations[0].object) == ("CID", "D006073")
    assert (second.document.id, second.document.text) == ("PMID:6", "No abstract")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("33\t37", "30\t34", r":4: \[30, 34\) is"),
        ("5\tCID\tD001241\tD006073", "5 CID", ":5: '5 CID' is no annotation"),
        ("5|t|", "5|x|", ":1: "),
        ("5|a|", "7|a|", "abstract of '7'"),
    ],
)
def test_broken_pubtator_is_named(tmp_path: Path, old: str, new: str, problem: str) -> None:
    path = tmp_path / "c.pubtator"
    path.write_text(PUBTATOR.replace(old, new, 1), "utf-8")
    with pytest.raises(SourceFormatError, match=problem):
        list(read_annotated(path))
