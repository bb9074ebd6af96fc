"""How well relations are read: on gold mentions, end to end, and by what is counted or phrased.

    python -m bench.relations --data DIR [--model DIR] [--graph GRAPH] [--part NAME ...]
        [--calibrate LABEL ...]

DIR holds ``ner/bc5cdr``, ``ner/biored`` and ``ner/ncbi-disease``; GRAPH is
a saved graph for the end-to-end parts (mentions by the shipped recogniser, linked to it). Parts:

``cid``      BC5CDR test, gold mentions: the model, the phrases, both; floors by co-occurrence
``biored``   BioRED test, gold mentions (its documents are in no training set)
``cid-raw``  BC5CDR test from raw text: pairs of MeSH ids as ``extract --to pubtator`` writes them
``biored-raw`` BioRED test from raw text: pairs in any relation, by MeSH id
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from kg.records import Polarity
from kg.saved import open_graph
from kg.schema import CAUSES, CONDITIONS, DISEASE, DRUG, HAS_SIDE_EFFECT
from kg.store import GraphStore
from loaders import relation_corpora as corpora
from loaders.pubtator import AnnotatedDocument, read_annotated
from medkgqa.relation_training import biored_scores, cid_scores, recalibrate, stated_pairs
from nlp.context import Context, with_assertions
from nlp.reader import Reader
from nlp.readout import identifier_of
from nlp.recogniser import make_recogniser
from nlp.records import Assertion, Candidate, Document, Mention, Relation
from nlp.relation_model import RelationModel
from nlp.relations import PhraseRelations, RelationExtractor
from nlp.sentences import sentences
from nlp.trained_relations import TrainedRelations
from nlp.training.relation_examples import pair_scores

CATEGORY = {"Chemical": DRUG, "Disease": DISEASE}
Key = tuple[str, str, str]
PARTS = ("cid", "biored", "cid-raw", "biored-raw")


def main() -> None:
    """Measure and print, one JSON object a part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--graph", type=Path)
    parser.add_argument("--part", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--limit", type=int, help="documents, for a quick look")
    parser.add_argument(
        "--calibrate", nargs="+", metavar="LABEL", help="choose thresholds of --model anew first"
    )
    options = parser.parse_args()
    if options.calibrate:
        print(recalibrate(options.model, options.calibrate, data=options.data))
    folder = options.model or Path(str(files("nlp").joinpath("models", "relations-en")))
    store = open_graph(options.graph) if options.graph else None
    for part in options.part:
        started = time.perf_counter()
        table: object
        if part in {"cid", "biored"}:
            table = gold_part(part, folder, options.data)
        elif store is None:
            table = "needs --graph"
        else:
            table = raw_part(part, folder, options.data, store, options.limit)
        seconds = round(time.perf_counter() - started, 1)
        print(json.dumps({"part": part, "seconds": seconds, "scores": table}, indent=1))


def gold_part(part: str, folder: Path, data: Path) -> dict[str, dict[str, float]]:
    """Scores on gold mentions."""
    model = RelationModel(folder)
    if part == "biored":
        return biored_scores(model, data / corpora.BIORED["test"])
    path = data / corpora.BC5CDR["test"]
    table = cid_scores(model, path)
    gold = stated_pairs(path, {"CID"})
    ways: dict[str, RelationExtractor] = {
        "phrases": PhraseRelations("en"),
        "model and phrases, asserted mentions only": TrainedRelations(
            model, phrases=PhraseRelations("en")
        ),
    }
    documents = list(read_annotated(path))
    for name, extractor in ways.items():
        found = {key for document in documents for key in gold_pairs(document, extractor)}
        table[name] = pair_scores(gold, found)
    return table


def gold_pairs(annotated: AnnotatedDocument, extractor: RelationExtractor) -> Iterator[Key]:
    """What an extractor says one chemical causes, of gold mentions with their contexts."""
    document = annotated.document
    spans = sentences(document.text, breaks=[document.title_end])
    mentions = []
    for m in annotated.mentions:
        for identifier in m.identifiers:
            candidate = Candidate(f"MESH:{identifier}", m.text, CATEGORY[m.type], 1.0)
            mentions.append(
                Mention(m.start, m.end, m.text, CATEGORY[m.type], candidates=(candidate,))
            )
    mentions.sort(key=lambda m: (m.start, m.end))
    known = with_assertions(document.text, spans, mentions, Context.load("en"))
    for relation in extractor.extract(document.text, spans, known):
        if is_adverse(relation, known):
            ends = (known[relation.subject].concept or "", known[relation.object].concept or "")
            yield document.id, ends[0].removeprefix("MESH:"), ends[1].removeprefix("MESH:")


def is_adverse(relation: Relation, mentions: tuple[Mention, ...]) -> bool:
    """Whether a relation says that a drug causes a condition, and neither is denied."""
    ends = (mentions[relation.subject], mentions[relation.object])
    return (
        relation.predicate in {CAUSES, HAS_SIDE_EFFECT}
        and relation.polarity is Polarity.POSITIVE
        and all(m.assertion is not Assertion.NEGATED for m in ends)
    )


def raw_part(
    part: str, folder: Path, data: Path, store: GraphStore, limit: int | None
) -> dict[str, dict[str, float]]:
    """Scores from raw text."""
    corpus = corpora.BC5CDR if part == "cid-raw" else corpora.BIORED
    path = data / corpus["test"]
    documents = list(read_annotated(path))[:limit]
    ids = {d.document.id for d in documents}
    recogniser = make_recogniser(store, "trained")
    trained = TrainedRelations(RelationModel(folder), phrases=PhraseRelations("en"))
    readers = {
        "model and phrases": Reader(recogniser, relations={"en": trained}),
        "phrases": Reader(recogniser, relations={"en": PhraseRelations("en")}),
    }
    gold = {k for k in gold_of(part, path) if k[0] in ids}
    table = {}
    for name, reader in readers.items():
        found: set[Key] = set()
        apart: set[Key] = set()
        for reading in reader.read_all(d.document for d in documents):
            meshes = [mesh(m, store) for m in reading.mentions]
            number = reading.document.id
            if part == "cid-raw":
                for r in reading.relations:
                    ends = (meshes[r.subject], meshes[r.object])
                    if is_adverse(r, reading.mentions) and all(is_mesh(end) for end in ends):
                        found.add((number, *ends))
                apart |= together(number, reading.mentions, meshes)
            else:
                found |= related(trained, reading.document, reading.mentions, meshes)
        table[name] = pair_scores(gold, found)
        if part == "cid-raw":
            table["floor: in one document"] = pair_scores(gold, apart)
        else:
            break
    return table


def gold_of(part: str, path: Path) -> set[Key]:
    """The pairs to find."""
    if part == "cid-raw":
        return stated_pairs(path, {"CID"})
    gold = set()
    for example in corpora.biored(path):
        document = example.document
        for (a, b), yes in example.of("related").items():
            if yes:
                first, second = sorted((document.entities[a].key, document.entities[b].key))
                gold.add((document.id, first, second))
    return gold


def related(
    trained: TrainedRelations,
    document: Document,
    mentions: tuple[Mention, ...],
    meshes: list[str],
) -> set[Key]:
    """Pairs the model says are related in any way."""
    spans = sentences(document.text, breaks=[document.title_end])
    pairs, members = trained.pair_document(document.text, spans, mentions)
    found = set()
    for one in trained.found(pairs):
        if one.given:
            ends = sorted(meshes[members[i][0]] for i in one.pair)
            if all(is_mesh(end) for end in ends):
                found.add((document.id, ends[0], ends[1]))
    return found


def together(number: str, mentions: tuple[Mention, ...], meshes: list[str]) -> set[Key]:
    """Every chemical with every disease of a document."""
    chemicals = {k for m, k in zip(mentions, meshes, strict=True) if m.category == DRUG}
    diseases = {k for m, k in zip(mentions, meshes, strict=True) if m.category in CONDITIONS}
    return {(number, c, d) for c in chemicals for d in diseases}


def mesh(mention: Mention, store: GraphStore) -> str:
    """The MeSH id of a mention as ``extract --to pubtator --ids MESH`` writes it."""
    found = identifier_of(mention, "MESH", store)
    return "-1" if found is None else found.removeprefix("MESH:")


def is_mesh(key: str) -> bool:
    """Whether a mention has a MeSH id at all; lines without one are not written."""
    return key != "-1" and ":" not in key


if __name__ == "__main__":
    main()
