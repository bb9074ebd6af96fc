"""BC5CDR and BioRED as examples of relations between concepts.

BC5CDR (Li et al. 2016, https://doi.org/10.1093/database/baw068) marks which chemicals induce
which diseases; BioRED (Luo et al. 2022, https://doi.org/10.1093/bib/bbac282) marks eight kinds of
relation. The two share documents, train and test crossing: :func:`training_examples` leaves out
whatever is a test document of either, or of the NCBI disease corpus.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from loaders.pubtator import AnnotatedDocument, read_annotated
from loaders.reading import read_columns
from nlp.relation_pairs import CHEMICAL, DISEASE, Entity, Pair, PairDocument, candidate_pairs
from nlp.sentences import sentences
from nlp.training.relation_examples import RelationExample, label_row

KINDS = {
    "Chemical": CHEMICAL,
    "Disease": DISEASE,
    "ChemicalEntity": CHEMICAL,
    "DiseaseOrPhenotypicFeature": DISEASE,
}
BC5CDR = {
    "train": "ner/bc5cdr/CDR_TrainingSet.PubTator.txt.gz",
    "dev": "ner/bc5cdr/CDR_DevelopmentSet.PubTator.txt.gz",
    "test": "ner/bc5cdr/CDR_TestSet.PubTator.txt.gz",
}
BIORED = {
    "train": "ner/biored/Train.PubTator.xz",
    "dev": "ner/biored/Dev.PubTator.xz",
    "test": "ner/biored/Test.PubTator.xz",
}
NCBI_TEST = "ner/ncbi-disease/NCBItestset_corpus.txt.xz"


def pair_document(annotated: AnnotatedDocument) -> PairDocument:
    """The chemicals and diseases of an annotated document, by identifier, in text order."""
    spans: dict[tuple[str, str], set[tuple[int, int]]] = {}
    for mention in annotated.mentions:
        kind = KINDS.get(mention.type)
        for identifier in mention.identifiers:
            if kind is not None and identifier not in {"-", "-1", ""}:
                spans.setdefault((kind, identifier), set()).add((mention.start, mention.end))
    entities = [Entity(key, kind, tuple(sorted(s))) for (kind, key), s in spans.items()]
    document = annotated.document
    breaks = [document.title_end] if document.title_end else []
    return PairDocument(
        document.id,
        document.text,
        document.title_end,
        sentences(document.text, breaks=breaks),
        tuple(sorted(entities, key=lambda e: (e.spans[0], e.key))),
    )


def bc5cdr(path: Path) -> Iterator[RelationExample]:
    """BC5CDR: what is induced is known; of other relations only that the induced is related."""
    for annotated in read_annotated(path):
        document = pair_document(annotated)
        stated = {(r.subject, r.object) for r in annotated.relations}
        labels = {}
        for pair in candidate_pairs(document):
            causes = _keys(document, pair) in stated
            treats, related = (False, True) if causes else (None, None)
            labels[pair] = label_row(
                document, pair, causes=causes, treats=treats, correlated=related, related=related
            )
        yield RelationExample(document, labels)


def biored(path: Path) -> Iterator[RelationExample]:
    """BioRED: every label is known but ``causes`` of what is positively correlated."""
    for annotated in read_annotated(path):
        document = pair_document(annotated)
        types = {frozenset((r.subject, r.object)): r.type for r in annotated.relations}
        labels = {}
        for pair in candidate_pairs(document):
            type_ = types.get(frozenset(_keys(document, pair)))
            correlated = type_ == "Positive_Correlation"
            labels[pair] = label_row(
                document,
                pair,
                causes=None if correlated else False,
                treats=type_ == "Negative_Correlation",
                correlated=correlated,
                related=type_ is not None,
            )
        yield RelationExample(document, labels)


def _keys(document: PairDocument, pair: Pair) -> tuple[str, str]:
    return document.entities[pair[0]].key, document.entities[pair[1]].key


def test_documents(folder: Path) -> frozenset[str]:
    """Ids of every test document of BC5CDR, BioRED and the NCBI disease corpus."""
    files = (BC5CDR["test"], BIORED["test"], NCBI_TEST)
    return frozenset(a.document.id for f in files for a in read_annotated(folder / f))


def training_examples(
    folder: Path, *, parts: Collection[str] = ("train", "dev")
) -> list[RelationExample]:
    """BC5CDR's ``parts`` and BioRED's train and dev, one example per document.

    Args:
        folder: holds ``ner/bc5cdr``, ``ner/biored`` and ``ner/ncbi-disease``.
        parts: of BC5CDR; documents of a part not named are left out of BioRED as well.
    """
    closed = set(test_documents(folder))
    for part in set(BC5CDR) - set(parts):
        closed |= {a.document.id for a in read_annotated(folder / BC5CDR[part])}
    examples: dict[str, RelationExample] = {}
    for part in parts:
        for example in bc5cdr(folder / BC5CDR[part]):
            examples[example.document.id] = example
    for part in ("train", "dev"):
        for example in biored(folder / BIORED[part]):
            known = examples.get(example.document.id)
            examples[example.document.id] = example if known is None else _joined(known, example)
    return [e for key, e in sorted(examples.items()) if key not in closed]


def _joined(first: RelationExample, second: RelationExample) -> RelationExample:
    """``first``, with what it does not know taken from ``second``, the same text marked anew."""
    there = {_keys(second.document, p): v for p, v in second.labels.items()}
    there |= {(b, a): v for (a, b), v in there.items()}
    labels = {}
    for pair, row in first.labels.items():
        other = there.get(_keys(first.document, pair))
        labels[pair] = (
            row
            if other is None
            else tuple(a if a >= 0 else b for a, b in zip(row, other, strict=True))
        )
    return RelationExample(first.document, labels)


def tree_numbers(
    path: Path, *, branches: tuple[str, ...] = ("C", "F03")
) -> dict[str, tuple[str, ...]]:
    """MeSH descriptor → its tree numbers in ``branches``, of a table like MeSH 2015's."""
    found: dict[str, list[str]] = {}
    for _, (descriptor, number) in read_columns(path, ("mesh_id", "mesh_tree_number")):
        if number.startswith(branches):
            found.setdefault(descriptor, []).append(number)
    return {key: tuple(numbers) for key, numbers in found.items()}


def held_out_documents(folder: Path) -> frozenset[str]:
    """Ids of documents to choose and calibrate on: of the development sets, every fourth of
    BC5CDR and every second of BioRED that is no test document."""
    closed = test_documents(folder)
    chosen: set[str] = set()
    for file, step in ((BC5CDR["dev"], 4), (BIORED["dev"], 2)):
        open_ids = [a.document.id for a in read_annotated(folder / file)]
        chosen.update([key for key in open_ids if key not in closed][::step])
    return frozenset(chosen)


def training_names(folder: Path, closed: Collection[str]) -> dict[str, str]:
    """Name (lower case) → the MeSH id training documents give it most often.

    Args:
        folder: as for :func:`training_examples`.
        closed: ids of documents not to look at.
    """
    counts: dict[str, Counter[str]] = {}
    for file in (BC5CDR["train"], BC5CDR["dev"], BIORED["train"], BIORED["dev"]):
        for annotated in read_annotated(folder / file):
            if annotated.document.id in closed:
                continue
            for mention in annotated.mentions:
                if mention.type in KINDS and len(mention.identifiers) == 1:
                    name = mention.text.lower()
                    counts.setdefault(name, Counter())[mention.identifiers[0]] += 1
    return {
        name: min(c, key=lambda key: (-c[key], key))
        for name, c in sorted(counts.items())
        if "\t" not in name and "\n" not in name
    }


def descriptor_names(path: Path, wanted: Collection[str]) -> dict[str, str]:
    """Name (lower case) → MeSH id, of the descriptors wanted, of a table like MeSH 2015's."""
    return {
        name.lower(): descriptor
        for _, (descriptor, name) in read_columns(path, ("mesh_id", "mesh_name"))
        if descriptor in wanted
    }
