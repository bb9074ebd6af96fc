"""Drugs and their adverse effects in sentences of the ADE corpus: shipped, and trained on it.

    python -m bench.ade GRAPH --data DIR [--recogniser DIR]

GRAPH is the saved graph the shipped recogniser links to; DIR holds ``ner/ade-corpus-v2`` and the
corpora the shipped models were trained on; ``--recogniser`` is a folder that ``medkgqa train ner
--config nlp/training/configs/ner-ade.toml`` made. Test documents are every fifth
(:mod:`loaders.ade_corpus`), without those whose abstract a shipped model was trained on. Only
sentences with at least one pair are in the corpus. A pair is right where both names are those of
the annotators, letter case aside; "overlapping" where each shares a word with theirs.

The recogniser trained on ADE marks adverse effects only, so every drug and effect it finds in one
sentence count as a pair. Floors: every drug and condition the shipped recogniser finds in one
sentence; every gold drug and effect of one sentence.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.relations import is_adverse, together
from kg.records import Provenance
from kg.saved import open_graph
from kg.schema import DISEASE, DRUG
from kg.store import GraphStore
from loaders import relation_corpora as corpora
from loaders.ade_corpus import AdeSentence, ade_sentences
from loaders.pubtator import read_annotated
from nlp.context import Context, with_assertions
from nlp.reader import Reader
from nlp.recogniser import make_recogniser
from nlp.records import Candidate, Document, Mention
from nlp.relations import PhraseRelations, RelationExtractor
from nlp.token_model import TokenModel
from nlp.trained_relations import TrainedRelations
from nlp.training.relation_examples import pair_scores

ADE = "ner/ade-corpus-v2/DRUG-AE.rel.xz"
NCBI = (
    "ner/ncbi-disease/NCBItrainset_corpus.txt.xz",
    "ner/ncbi-disease/NCBIdevelopset_corpus.txt.xz",
)
Key = tuple[str, str, str]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graph", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--recogniser", type=Path)
    options = parser.parse_args()
    known = trained_on(options.data)
    tested = ade_sentences(options.data / ADE, "test")
    rows = [s for s in tested if s.document not in known]
    gold = {key for i, sentence in enumerate(rows) for key in keys(str(i), sentence)}
    left_out = len({s.document for s in tested} & known)
    print(
        f"{len({s.document for s in rows})} documents ({left_out} more left out), {len(rows)} "
        f"sentences, {len(gold)} pairs"
    )
    table = shipped(rows, gold, open_graph(options.graph))
    if options.recogniser is not None:
        table |= trained(rows, gold, TokenModel(options.recogniser))
    for name, row in table.items():
        print(f"{name}: precision {row['precision']}, recall {row['recall']}, F1 {row['f1']}")


def trained_on(data: Path) -> frozenset[str]:
    """Numbers of the documents the shipped English models were trained on."""
    files = [corpora.BC5CDR["train"], corpora.BC5CDR["dev"], *NCBI]
    files += [corpora.BIORED["train"], corpora.BIORED["dev"]]
    found = (a.document.id for f in files for a in read_annotated(data / f))
    return frozenset(number.removeprefix("PMID:") for number in found)


def keys(number: str, sentence: AdeSentence) -> set[Key]:
    """The gold pairs of a sentence."""
    lowered = sentence.text.lower()
    return {(number, lowered[slice(*d)], lowered[slice(*e)]) for d, e in sentence.pairs}


def shipped(
    rows: Sequence[AdeSentence], gold: set[Key], store: GraphStore
) -> dict[str, Mapping[str, float]]:
    """What ships, end to end and on gold mentions."""
    extractor = TrainedRelations.shipped(phrases=PhraseRelations("en"))
    reader = Reader(make_recogniser(store, "trained"), relations={"en": extractor})
    provenance = Provenance("ade")
    documents = [Document(str(i), row.text, provenance) for i, row in enumerate(rows)]
    found: set[Key] = set()
    floor: set[Key] = set()
    for reading in reader.read_all(documents):
        words = [m.text.lower() for m in reading.mentions]
        number = reading.document.id
        found |= {
            (number, words[r.subject], words[r.object])
            for r in reading.relations
            if is_adverse(r, reading.mentions)
        }
        floor |= together(number, reading.mentions, words)
    context = Context.load("en")
    marked = {key for i, row in enumerate(rows) for key in on_gold(str(i), row, extractor, context)}
    every = {
        (str(i), drug, effect)
        for i, row in enumerate(rows)
        for _, drug, _ in keys("", row)
        for _, _, effect in keys("", row)
    }
    return {
        "shipped, end to end": pair_scores(gold, found),
        "shipped, end to end, overlapping": pair_scores(gold, overlapping(found, gold)),
        "shipped, gold mentions": pair_scores(gold, marked),
        "floor: every pair the shipped recogniser finds": pair_scores(gold, floor),
        "floor: every pair of gold mentions": pair_scores(gold, every),
    }


def on_gold(
    number: str, sentence: AdeSentence, extractor: RelationExtractor, context: Context
) -> set[Key]:
    """The pairs found among the gold mentions of a sentence."""
    text = sentence.text
    spans = {(d, DRUG) for d, _ in sentence.pairs} | {(e, DISEASE) for _, e in sentence.pairs}
    mentions = []
    for (start, end), category in sorted(spans):
        named = text[start:end]
        candidate = Candidate(f"X:{'-'.join(named.lower().split())}", named, category, 1.0)
        mentions.append(Mention(start, end, named, category, (candidate,)))
    whole = [(0, len(text))]
    known = with_assertions(text, whole, mentions, context)
    return {
        (number, known[r.subject].text.lower(), known[r.object].text.lower())
        for r in extractor.extract(text, whole, known)
        if is_adverse(r, known)
    }


def trained(
    rows: Sequence[AdeSentence], gold: set[Key], model: TokenModel
) -> dict[str, Mapping[str, float]]:
    """What was trained on ADE, end to end."""
    found: set[Key] = set()
    listed = model.spans([row.text for row in rows])
    for i, (row, spans) in enumerate(zip(rows, listed, strict=True)):
        words: dict[str, set[str]] = {"Chemical": set(), "Disease": set()}
        for span in spans:
            words[span.name].add(row.text[span.start : span.end].lower())
        found |= {(str(i), d, e) for d in words["Chemical"] for e in words["Disease"]}
    return {
        "trained on ADE, end to end": pair_scores(gold, found),
        "trained on ADE, end to end, overlapping": pair_scores(gold, overlapping(found, gold)),
    }


def overlapping(found: Iterable[Key], gold: set[Key]) -> set[Key]:
    """Each pair found, as the gold pair whose names share words with its own where there is one."""
    by_sentence: dict[str, list[Key]] = {}
    for key in sorted(gold):
        by_sentence.setdefault(key[0], []).append(key)
    counted = set()
    for key in found:
        same = (
            other
            for other in by_sentence.get(key[0], ())
            if all(set(a.split()) & set(b.split()) for a, b in zip(key[1:], other[1:], strict=True))
        )
        counted.add(next(same, key))
    return counted


if __name__ == "__main__":
    main()
