"""How hard answers are to read: for clinicians and for patients, side by side.

    python -m bench.readability [--questions 50] [--graph FOLDER] [--lm none|default]
                                [--pairs docs/readers.md] [--json FILE]

Questions are generated from the edges of the graph (``bench/generated_questions.py``); both readers
get the same claims. English is measured by the Flesch-Kincaid grade, 0.39 words a sentence + 11.8
syllables a word - 15.59, over the words and sentence ends (``.!?``) of the text without its
citation marks; Chinese, which has no such formula, by characters a sentence. A list is one long
sentence to the formula, so the grade is also given with every name of a concept as one short word,
and without the short sentences that every answer for patients ends with. ``--pairs`` writes ten
answers, both ways, behind the marker of a page.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.generated_questions import generated_questions
from kg.saved import open_graph
from kg.store import GraphStore
from medkgqa.facade import MedicalQA
from medkgqa.graphs import open_starter
from medkgqa.settings import Settings
from reasoning.answer import Answer
from reasoning.lay_names import syllables
from reasoning.sentence_frames import READERS, Kind, load_frames

MARKER = (
    "<!-- Written by `python -m bench.readability`; everything below this line is replaced. -->"
)
PAIRS: tuple[str, ...] = (
    "What are the symptoms of Marfan syndrome?",
    "How is gout treated?",
    "What are the side effects of amiodarone?",
    "When should ibuprofen not be taken?",
    "What are the complications of high blood pressure?",
    "Does aspirin treat glaucoma?",
    "Is warfarin safe in pregnancy?",
    "Does ibuprofen interact with warfarin?",
    "甲状腺功能减退症有哪些症状？",
    "布洛芬有哪些禁忌？",
)
_MARKS = re.compile(r" ?\[\d+\]")
_WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")
_END = re.compile(r"[.!?](?=\s|$|”)")
_CHINESE_END = re.compile(r"[。！？]")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Measured:
    """One text: its grade (characters a sentence in Chinese).

    Also that without the closing lines patients are told, and that without names either.
    """

    grade: float
    open_grade: float
    frame_grade: float


def grade(text: str) -> float:
    """Flesch-Kincaid grade of an English text.

    >>> round(grade("The cat sat on the mat."), 1)
    -1.4
    """
    words = _WORD.findall(text)
    sentences = max(1, len(_END.findall(text)))
    count = sum(syllables(w.lower()) for w in words)
    return 0.39 * len(words) / sentences + 11.8 * count / max(1, len(words)) - 15.59


def characters_a_sentence(text: str) -> float:
    """Chinese characters a sentence."""
    return len(_CHINESE.findall(text)) / max(1, len(_CHINESE_END.findall(text)))


def measured(answer: Answer) -> Measured:
    """How hard the text of an answer is."""
    of = characters_a_sentence if answer.language == "zh" else grade
    text = _MARKS.sub("", answer.text)
    opened = without_closing(text, answer)
    return Measured(of(text), of(opened), of(without_names(opened, answer)))


def without_closing(text: str, answer: Answer) -> str:
    """The text without the short sentences that every answer for patients ends with."""
    frames = load_frames(answer.language, "patient")
    for kind in (Kind.MARKS, Kind.TALK_TO):
        for template in frames.of(kind):
            text = text.replace("".join(p for p in template.parts if isinstance(p, str)), "")
    return text


def without_names(text: str, answer: Answer) -> str:
    """The text with each name of its concepts, longest first, as one short word."""
    names = {n.text for c in answer.subgraph.concepts for n in c.names if n.text in text}
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "it", text)
    return text


def compare(
    store: GraphStore, settings: Settings, lm: str, count: int
) -> Iterator[dict[str, object]]:
    """One row a language and reader: means over the answered questions."""
    qa = MedicalQA(store=store, lm=lm, settings=settings)
    rows: dict[tuple[str, str], list[Measured]] = {}
    for question in generated_questions(store, count):
        told = [qa.ask(question, reader=reader) for reader in READERS]  # type: ignore[arg-type]
        assert [c.edge.key for c in told[0].claims] == [c.edge.key for c in told[1].claims]
        for answer in told:
            if answer.plan is not None:
                rows.setdefault((answer.language, answer.reader), []).append(measured(answer))
    for (language, reader), found in sorted(rows.items()):
        yield {
            "language": language,
            "reader": reader,
            "answers": len(found),
            "grade": round(statistics.mean(m.grade for m in found), 1),
            "median": round(statistics.median(m.grade for m in found), 1),
            "without closing lines": round(statistics.mean(m.open_grade for m in found), 1),
            "nor names": round(statistics.mean(m.frame_grade for m in found), 1),
        }


def pairs(store: GraphStore, settings: Settings) -> Iterator[str]:
    """Ten answers, for clinicians and for patients."""
    qa = MedicalQA(store=store, lm="none", settings=settings)
    for number, question in enumerate(PAIRS, 1):
        yield from ("", f"### {number}. {question}")
        for reader in READERS:
            answer = qa.ask(question, reader=reader)  # type: ignore[arg-type]
            text = " ¶ ".join(answer.text.split("\n"))
            shown = measured(answer).grade
            unit = "characters a sentence" if answer.language == "zh" else "grade"
            yield from ("", f"**{reader}** ({unit} {shown:.1f}): {text}")
    yield ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison; write the pairs where asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--questions", type=int, default=50)
    parser.add_argument("--graph", type=Path)
    parser.add_argument("--lm", default="none")
    parser.add_argument("--pairs", type=Path, metavar="PAGE")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    settings = Settings.from_environment(os.environ)
    store = open_graph(options.graph) if options.graph else open_starter(settings)
    if options.pairs is not None:
        head = options.pairs.read_text(encoding="utf-8").partition(MARKER)[0].rstrip("\n")
        page = "\n".join([head, "", MARKER, *pairs(store, settings)])
        options.pairs.write_text(page, encoding="utf-8")
        return 0
    rows = list(compare(store, settings, options.lm, options.questions))
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=1, ensure_ascii=False), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
