"""Linking of gold mentions to MeSH (or OMIM) ids: the part ``linking`` of :mod:`bench.reading`.

On the split ``dev`` the names annotators linked are those of the train documents alone, so that
the linker can be worked on without a look at a test set; on ``test`` they are the shipped ones, of
train and dev documents.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from kg.records import curie_prefix
from kg.schema import DISEASE
from kg.store import GraphStore
from loaders.mesh_names import fetched_wheel, mesh_names
from loaders.pubtator import AnnotatedDocument, read_annotated
from medkgqa.settings import Settings
from medkgqa.training_command import shipped_config
from medkgqa.training_corpora import linked_names
from nlp.concept_linker import ConceptLinker
from nlp.concept_names import ConceptNames, write_concept_names
from nlp.readout import identifier_of
from nlp.recogniser import model_folder
from nlp.records import Mention
from nlp.training.token_plan import read_plan

Split = Literal["dev", "test"]
#: Split → label and file of each set it is measured on.
SETS: dict[str, tuple[tuple[str, str], ...]] = {
    "dev": (
        ("BC5CDR dev", "ner/bc5cdr/CDR_DevelopmentSet.PubTator.txt.gz"),
        ("NCBI dev", "ner/ncbi-disease/NCBIdevelopset_corpus.txt.xz"),
    ),
    "test": (
        ("BC5CDR test", "ner/bc5cdr/CDR_TestSet.PubTator.txt.gz"),
        ("NCBI test", "ner/ncbi-disease/NCBItestset_corpus.txt.xz"),
    ),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A gold mention with an id, and what the linker made of it.

    Args:
        document: PMID.
        text: the mention.
        kind: ``Chemical`` or ``Disease``.
        wanted: ids the annotators gave.
        found: the id given in the vocabulary of the first of them; None for none.
        concepts: the best candidates, key and score.
        right: whether one of the ids wanted is given.
    """

    document: str
    text: str
    kind: str
    wanted: tuple[str, ...]
    found: str | None
    concepts: tuple[tuple[str, float], ...]
    right: bool


def linking(store: GraphStore, data: Path, *, split: Split, errors: Path | None = None) -> None:
    """Print the accuracy with gold mentions; write what is wrong as lines to ``errors``."""
    linker = ConceptLinker(store, names_for(split, data))
    lines = []
    for label, path in SETS[split]:
        outcomes = list(outcomes_of(linker, store, read_annotated(data / path)))
        counts = Counter((o.kind, o.right) for o in outcomes)
        for kind in ("Chemical", "Disease"):
            total = counts[kind, True] + counts[kind, False]
            if total:
                print(f"{label}, {kind}: {100 * counts[kind, True] / total:.1f} % of {total}")
        print(f"{label}: {100 * sum(o.right for o in outcomes) / len(outcomes):.1f} %")
        lines += [error_line(label, o, store) for o in outcomes if not o.right]
    if errors is not None:
        errors.write_text("\n".join(lines) + "\n", encoding="utf-8")


def names_for(split: Split, data: Path) -> ConceptNames:
    """The names a linker may know when it is measured on a split."""
    if split == "test":
        return ConceptNames.load(model_folder("en") / "concepts.xz")
    plan = read_plan(shipped_config("ner"))
    held = [part.files[1:] for part in plan.train] + [part.files for part in plan.test]
    left_out = {d.document.id for f in held for name in f for d in read_annotated(data / name)}
    train = [replace(part, files=part.files[:1]) for part in plan.train]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "concepts.xz"
        listed = mesh_names(fetched_wheel(Settings.from_environment(os.environ).cache))
        write_concept_names(linked_names(train, data, without=left_out, vocabulary=listed), path)
        return ConceptNames.load(path)


def outcomes_of(
    linker: ConceptLinker, store: GraphStore, documents: Iterable[AnnotatedDocument]
) -> Iterator[Outcome]:
    """What becomes of every mention that has an id."""
    for annotated in documents:
        wanted = [m for m in annotated.mentions if m.identifiers not in ((), ("-1",))]
        kinds = ["Chemical" if m.type == "Chemical" else "Disease" for m in wanted]
        spans = [(m.start, m.end, kind) for m, kind in zip(wanted, kinds, strict=True)]
        linked = linker.link_all(annotated.document.text, spans)
        for gold, kind, candidates in zip(wanted, kinds, linked, strict=True):
            ids = tuple(i if ":" in i else f"MESH:{i}" for i in gold.identifiers)
            mention = Mention(gold.start, gold.end, gold.text, DISEASE, candidates)
            given = [
                identifier_of(mention, prefix, store)
                for prefix in dict.fromkeys(curie_prefix(i) for i in ids)
            ]
            yield Outcome(
                annotated.document.id,
                gold.text,
                kind,
                ids,
                given[0],
                tuple((c.curie, c.score) for c in candidates[:3]),
                any(i in ids for i in given),
            )


def error_line(label: str, outcome: Outcome, store: GraphStore) -> str:
    """One mention linked to something else, as tab-separated cells."""
    known = store.resolve(outcome.wanted[0])
    name = store.concept(known).name() if known is not None else "(not in the graph)"
    concepts = " ".join(f"{curie}={score:.2f}" for curie, score in outcome.concepts)
    cells = (label, outcome.kind, outcome.document, outcome.text, "|".join(outcome.wanted), name)
    return "\t".join((*cells, str(outcome.found), concepts))
