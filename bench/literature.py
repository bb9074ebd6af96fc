"""Are questions answered with the right sentences of the right documents, and nothing else?

    python -m bench.literature quotes --data DIR [--split test] [--graph FOLDER]
                                      [--ner names] [--pairs N] [--show N]
    python -m bench.literature search --data DIR [--encoder]

``quotes``: the 500 BC5CDR abstracts of a split are indexed from their raw text. For every annotated
pair of a chemical that induces a disease "Does X cause Y?" is asked, X and Y being the forms the
documents use most. A quote is *right* where the document it comes from is annotated with the pair.
As many pairs that stand in one document but are annotated in none are asked too; every support
quoted for those counts as wrong (annotators mark the most specific disease only, so some of
these sentences do say it). Floor: the first sentence in which both names occur, as letters.

``search``: of the 500 PubMedQA abstracts, is the one a question was asked of among the first? BM25,
with ``--encoder`` ordered again by vectors; floor: any order.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kg.records import Provenance
from kg.saved import open_graph
from kg.store import GraphStore
from loaders.annotations import AnnotatedDocument
from loaders.pubtator import read_annotated
from medkgqa.build_reading import make_reader
from medkgqa.facade import MedicalQA
from medkgqa.graphs import open_starter
from medkgqa.literature import open_encoder
from medkgqa.settings import Settings
from nlp.recogniser import NerChoice
from nlp.records import Document
from nlp.sentences import sentences
from reasoning.literature_index import Encoder, LiteratureIndex, LiteratureWriter
from reasoning.quotable import passages_of, statements_of
from reasoning.quotes import LiteratureOutcome, Quote, Stance

SPLITS = {"dev": "CDR_DevelopmentSet", "test": "CDR_TestSet"}
PUBMEDQA = "qa/pubmedqa/ori_pqal.train500.json.xz"
Pair = tuple[str, str]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=["quotes", "search"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=sorted(SPLITS), default="test")
    parser.add_argument("--graph", type=Path)
    parser.add_argument("--encoder", action="store_true")
    parser.add_argument("--documents", type=int, help="read so many, from the first; all of them")
    parser.add_argument("--ner", choices=["auto", "trained", "names"], default="auto")
    parser.add_argument("--pairs", type=int, help="ask so many of each, drawn at random")
    parser.add_argument("--show", type=int, default=0, help="print so many quotes, drawn at random")
    options = parser.parse_args()
    settings = Settings.from_environment(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "literature.index"
        if options.what == "search":
            encoder = open_encoder("minilm-l6", settings) if options.encoder else None
            search(options.data, path, encoder)
            return
        store = open_graph(options.graph) if options.graph else open_starter(settings)
        name = f"ner/bc5cdr/{SPLITS[options.split]}.PubTator.txt.gz"
        annotated = list(read_annotated(options.data / name))[: options.documents]
        write_index(path, store, [a.document for a in annotated], options.ner)
        with LiteratureIndex(path) as index:
            print(f"{options.split}: {dict(index.counts())}, read by {index.reader}", flush=True)
            qa = MedicalQA(store=store, lm="none", literature=index)
            quotes(qa, annotated, pairs=options.pairs, show=options.show)


def write_index(
    path: Path, store: GraphStore, documents: Iterable[Document], ner: NerChoice
) -> None:
    """An index as ``medkgqa index --ner`` makes it."""
    reader = make_reader(store, ner)
    with LiteratureWriter(path, names=store.fingerprint, reader="+".join(reader.versions)) as out:
        for reading in reader.read_all(documents):
            out.add(reading.document, passages_of(reading.document), statements_of(reading, store))


# --- quotes


@dataclass(slots=True)
class Tally:
    """What was quoted for a set of questions.

    Args:
        asked: questions.
        supported: with at least one supporting quote.
        right_document: with a supporting quote from a document annotated with the pair.
        first_right: whose first quote is such a one.
        quotes: supporting quotes in all.
        wrong_quotes: those from documents not annotated with the pair.
        contradicted: questions with a contradicting quote.
        verbatim: quotes (of both stances) that are their document's characters.
        told: quotes of both stances.
    """

    asked: int = 0
    supported: int = 0
    right_document: int = 0
    first_right: int = 0
    quotes: int = 0
    wrong_quotes: int = 0
    contradicted: int = 0
    verbatim: int = 0
    told: int = 0
    shown: list[str] = field(default_factory=list)

    def add(self, supporting: Sequence[str], gold: set[str]) -> None:
        """Count the documents quoted in support of one question."""
        self.asked += 1
        right = [document in gold for document in supporting]
        self.supported += bool(right)
        self.right_document += any(right)
        self.first_right += bool(right) and right[0]
        self.quotes += len(right)
        self.wrong_quotes += right.count(False)

    def __str__(self) -> str:
        share = {
            "supported": self.supported / self.asked,
            "from an annotated document": self.right_document / self.asked,
            "first quote from one": self.first_right / self.asked,
        }
        text = ", ".join(f"{name} {100 * value:.1f} %" for name, value in share.items())
        wrong = 100 * self.wrong_quotes / max(1, self.quotes)
        return f"{self.asked} asked: {text}; {self.quotes} supporting quotes, wrong {wrong:.1f} %"


def quotes(
    qa: MedicalQA, annotated: Sequence[AnnotatedDocument], *, pairs: int | None, show: int
) -> None:
    """Ask every annotated pair, and as many that are annotated nowhere."""
    texts = {a.document.id: a.document.text for a in annotated}
    gold: dict[Pair, set[str]] = defaultdict(set)
    for one in annotated:
        for relation in one.relations:
            gold[relation.subject, relation.object].add(one.document.id)
    names = forms(annotated)
    others = sorted(set(co_occurring(annotated)) - gold.keys())
    unstated = random.Random(5).sample(others, min(len(gold), len(others)))
    held = together(annotated)
    for label, every in (("annotated pairs", sorted(gold)), ("pairs annotated nowhere", unstated)):
        asked = every if pairs is None else random.Random(1).sample(every, min(pairs, len(every)))
        ours, floor = Tally(), Tally()
        for pair in asked:
            question = f"Does {names[pair[0]]} cause {names[pair[1]]}?"
            found = qa.ask(question).literature
            assert found is not None
            supporting = [q for q in found.quotes if q.stance is Stance.SUPPORTS]
            ours.add([q.evidence.document for q in supporting], gold.get(pair, set()))
            ours.contradicted += found.outcome in (
                LiteratureOutcome.CONTRADICTED,
                LiteratureOutcome.CONFLICTING,
            )
            ours.told += len(found.quotes)
            ours.verbatim += sum(is_verbatim(q, texts) for q in found.quotes)
            ours.shown += [shown(question, q, gold.get(pair, set())) for q in found.quotes]
            first = first_with_both(texts, names[pair[0]], names[pair[1]])
            floor.add([first] if first else [], gold.get(pair, set()))
        print(f"{label}: {ours}; contradicted {ours.contradicted}")
        print(f"  word for word: {ours.verbatim} of {ours.told} quotes")
        print(f"  floor, first sentence with both names: {floor}")
        inside = sum(bool(held.get(pair)) for pair in asked)
        print(f"  both stand in one sentence, by the annotated mentions: {inside} of {len(asked)}")
        chosen = random.Random(3).sample(ours.shown, min(show, len(ours.shown)))
        print(*chosen, sep="\n")


def forms(annotated: Iterable[AnnotatedDocument]) -> dict[str, str]:
    """Each id's most frequent form of at least four characters, else the most frequent."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for one in annotated:
        for mention in one.mentions:
            for identifier in mention.identifiers:
                counted[identifier][mention.text] += 1
    return {
        identifier: max(counts, key=lambda form: (len(form) > 3, counts[form], form))
        for identifier, counts in counted.items()
    }


def co_occurring(annotated: Iterable[AnnotatedDocument]) -> Iterator[Pair]:
    """Every chemical with every disease annotated in one document."""
    for one in annotated:
        named: dict[str, set[str]] = {"Chemical": set(), "Disease": set()}
        for mention in one.mentions:
            named[mention.type] |= {i for i in mention.identifiers if i != "-1"}
        yield from ((c, d) for c in named["Chemical"] for d in named["Disease"])


def together(annotated: Iterable[AnnotatedDocument]) -> dict[Pair, set[str]]:
    """Pairs of ids with mentions in one sentence → documents where."""
    found: dict[Pair, set[str]] = defaultdict(set)
    for one in annotated:
        for start, end in sentences(one.document.text, breaks=[one.document.title_end]):
            inside = [m for m in one.mentions if start <= m.start and m.end <= end]
            for chemical in (m for m in inside if m.type == "Chemical"):
                for disease in (m for m in inside if m.type == "Disease"):
                    for c in chemical.identifiers:
                        for d in disease.identifiers:
                            found[c, d].add(one.document.id)
    return found


def is_verbatim(quote: Quote, texts: Mapping[str, str]) -> bool:
    """Whether the quote is exactly the characters of its document at its offsets."""
    of = quote.evidence
    return texts[of.document][of.start : of.end] == of.sentence != ""


def first_with_both(texts: Mapping[str, str], one: str, other: str) -> str:
    """Id of the first document with a sentence that holds both names; "" without one."""
    for id_, text in texts.items():
        lowered = text.lower()
        if one.lower() in lowered and other.lower() in lowered:
            for start, end in sentences(text):
                part = lowered[start:end]
                if one.lower() in part and other.lower() in part:
                    return id_
    return ""


def shown(question: str, quote: Quote, gold: set[str]) -> str:
    of = quote.evidence
    mark = "annotated" if of.document in gold else "NOT annotated"
    return f"- {question} {quote.stance.value} ({mark}, {of.confidence}) {of.sentence}"


# --- search


def search(data: Path, path: Path, encoder: Encoder | None) -> None:
    """Share of questions whose own abstract is the first, and among the first ten."""
    with lzma.open(data / PUBMEDQA, "rt", encoding="utf-8") as stream:
        rows = json.load(stream)
    provenance = Provenance("pubmedqa", licence="MIT")
    with LiteratureWriter(path, names="none", reader="none", encoder=encoder) as out:
        for pmid, row in rows.items():
            document = Document(f"PMID:{pmid}", "\n".join(row["CONTEXTS"]), provenance)
            out.add(document, passages_of(document), ())
    orders: dict[str, Encoder | None] = {"BM25": None}
    if encoder is not None:
        orders[f"BM25 and {encoder.name}"] = encoder
    for name, used in orders.items():
        with LiteratureIndex(path, encoder=used) as index:
            places = [
                place_of(index, row["QUESTION"], f"PMID:{pmid}") for pmid, row in rows.items()
            ]
        first, ten = (sum(p is not None and p < n for p in places) for n in (1, 10))
        print(
            f"{name}: first {100 * first / len(places):.1f} %, among ten "
            f"{100 * ten / len(places):.1f} % of {len(places)} questions"
        )
    print(f"floor, any order: first {100 / len(rows):.1f} %, among ten {1000 / len(rows):.1f} %")


def place_of(index: LiteratureIndex, question: str, document: str) -> int | None:
    """Which of the documents found it is, from 0; None where it is not among the first 100."""
    found = dict.fromkeys(p.document for p in index.search(question, limit=100))
    return list(found).index(document) if document in found else None


if __name__ == "__main__":
    main()
