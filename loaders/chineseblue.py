"""The formats of ChineseBLUE: tagged characters, dialogues, queries, question and answer pairs.

Source: https://github.com/alibaba-research/ChineseBLUE (Apache-2.0). cMedQANER and cEHRNER have one
character and its tag (``B_drug``) a line and a blank line between texts; CMDD one dialogue a line
of JSON, each sentence with one tag a character; cMedIC ``label<TAB>query``; cMedQA
``label<TAB>question<TAB>answer``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kg.errors import SourceFormatError
from kg.records import Provenance
from loaders.annotations import (
    AnnotatedDocument,
    GoldMention,
    spans_of_tags,
)
from loaders.csv_rows import read_records
from loaders.plain import json_line, plain_id
from loaders.reading import LONGEST_LINE, read_lines
from nlp.records import Document

LICENCE = "Apache-2.0"
#: What CMDD says of a symptom: had, not had, not known.
_CMDD_ASSERTIONS = {"1": "present", "2": "absent", "3": "possible"}


def read_tagged(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[AnnotatedDocument]:
    """Texts of tagged characters (BIO), as in cMedQANER and cEHRNER.

    A text is named after its file, its folder and the line it begins on.

    Raises:
        SourceFormatError: naming the line, for one that is not a character, a space and a tag,
            or a text longer than ``longest``; and where there is no text.
    """
    first, characters, tags = 0, list[str](), list[str]()
    found = False
    for number, line in read_lines(path, longest=longest):
        if line.strip():
            character, tag = _tagged(path, number, line)
            first = first if characters else number
            characters.append(character)
            tags.append(tag)
            if len(characters) > longest:
                raise SourceFormatError(path, number, f"a text of over {longest:,} lines", fix="")
        elif characters:
            found = True
            yield _from_tags(path, first, characters, tags)
            characters, tags = [], []
    if characters:
        found = True
        yield _from_tags(path, first, characters, tags)
    if not found:
        raise SourceFormatError(path, None, "holds no text", fix="give a file of tagged characters")


def _tagged(path: Path, number: int, line: str) -> tuple[str, str]:
    character, _, tag = line.rstrip().rpartition("\t" if "\t" in line else " ")
    if not tag or (tag != "O" and tag[:2] not in {"B_", "I_", "B-", "I-"}):
        problem = f"{line[:40]!r} is no character and its tag"
        raise SourceFormatError(path, number, problem, fix="write: character, space, B_type")
    return character or " ", tag


def _from_tags(path: Path, line: int, characters: list[str], tags: list[str]) -> AnnotatedDocument:
    starts = [0]
    for character in characters:
        starts.append(starts[-1] + len(character))
    text = "".join(characters)
    mentions = tuple(
        GoldMention(starts[s], starts[e], text[starts[s] : starts[e]], kind)
        for s, e, kind in spans_of_tags(tags)
    )
    return AnnotatedDocument(_document(path, str(line), text), mentions, ())


def _document(path: Path, name: str, text: str) -> Document:
    folder = path.parent.name
    return Document(
        f"{folder}/{plain_id(path)}:{name}", text, Provenance(folder or path.name, licence=LICENCE)
    )


def read_dialogues(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[AnnotatedDocument]:
    """The dialogues of CMDD, one sentence a line, symptoms with what is said of them.

    Raises:
        SourceFormatError: naming the line, for broken JSON, a missing field, or as many tags as
            there are no characters.
    """
    found = False
    for number, line in read_lines(path, longest=longest):
        if not line.strip():
            continue
        record = json_line(path, number, line)
        found = True
        try:
            yield _dialogue(path, number, record)
        except (AttributeError, KeyError, TypeError) as error:
            problem = f"no dialogue ({error!r:.80})"
            raise SourceFormatError(path, number, problem, fix="give a file of CMDD") from error
    if not found:
        raise SourceFormatError(path, None, "holds no dialogue", fix="give a file of CMDD")


def _dialogue(path: Path, number: int, record: dict[str, Any]) -> AnnotatedDocument:
    text, mentions = "", list[GoldMention]()
    for turn in record["dialogue-content"]:
        sentence = turn["sentence"]
        tags = _turn_tags(turn["label"])
        if len(tags) != len(sentence):
            problem = f"{len(tags)} tags for {len(sentence)} characters"
            raise SourceFormatError(path, number, problem, fix="give a file of CMDD")
        start = len(text)
        spans = spans_of_tags(tags)
        for at, (s, e, kind) in enumerate(spans):
            names = turn.get("normalized") or []
            kinds = turn.get("type") or []
            mentions.append(
                GoldMention(
                    start + s,
                    start + e,
                    sentence[s:e],
                    kind or "symptom",
                    (str(names[at]),) if at < len(names) else (),
                    assertion=_CMDD_ASSERTIONS.get(str(kinds[at]), "") if at < len(kinds) else "",
                )
            )
        text += f"{sentence}\n"
    return AnnotatedDocument(
        _document(path, str(record["example-id"]), text.rstrip("\n")), tuple(mentions), ()
    )


def _turn_tags(label: Any) -> list[str]:
    return [str(tag) for tag in label] if isinstance(label, (str, list)) else []


def read_queries(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[AnnotatedDocument]:
    """The queries of cMedIC; the intent is the type of a mention of the whole query.

    Raises:
        SourceFormatError: naming the line, for one without label; and where there is none.
    """
    found = False
    for number, line in read_lines(path, longest=longest):
        label, tab, query = line.partition("\t")
        if not line.strip():
            continue
        if not tab or not query.strip():
            problem = f"{line[:40]!r} is no label and query"
            raise SourceFormatError(path, number, problem, fix="write: label, tab, query")
        found = True
        document = _document(path, str(number), query)
        yield AnnotatedDocument(document, (GoldMention(0, len(query), query, label),), ())
    if not found:
        raise SourceFormatError(path, None, "holds no query", fix="give a file of cMedIC")


def read_answers(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[Document]:
    """The pairs of cMedQA that belong together (label 1): the question as title, the answer.

    Raises:
        SourceFormatError: naming the line, for a row of another width; and where there is none.
    """
    header = ("label", "question", "answer")
    found = False
    for number, row in read_records(path, separator="\t", header=header, longest=longest):
        found = True
        if row["label"] != "1":
            continue
        document = _document(path, str(number), f"{row['question']}\n{row['answer']}")
        yield Document(
            document.id, document.text, document.provenance, title_end=len(row["question"])
        )
    if not found:
        raise SourceFormatError(path, None, "holds no pair", fix="give a file of cMedQA")
