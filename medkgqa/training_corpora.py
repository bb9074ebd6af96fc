"""Annotated corpora as training examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from kg.errors import SourceFormatError, UsageError
from kg.names import normalise
from kg.schema import DISEASE, DRUG, DRUG_CLASS, PHENOTYPE, SPECIALTY, TEST
from loaders.ade_corpus import Part, ade_sentences
from loaders.csv_rows import read_records
from loaders.mesh_names import MeshName
from loaders.name_dictionaries import DiseaseNamesLoader, DrugNamesLoader, read_dictionary
from loaders.pubtator import AnnotatedDocument, read_annotated
from loaders.reading import read_lines
from loaders.tables import mesh_by_heading, table_rows
from nlp.training.examples import SpanExample, without_overlaps
from nlp.training.token_plan import CorpusPart

_WHOLE = 12  # what the ids of one mention share; divides evenly among up to four of them
#: Format of a part of the ADE corpus → which of its documents.
_ADE: dict[str, Part] = {"ade-train": "train", "ade-test": "test"}
#: Category of a concept of our tables → class of the Chinese recogniser its names hint at.
_CHINESE = {
    DISEASE: "disease",
    PHENOTYPE: "symptom",
    DRUG: "drug",
    DRUG_CLASS: "drug",
    TEST: "test",
    SPECIALTY: "department",
}


def corpus_examples(
    parts: Sequence[CorpusPart], folder: Path, *, without: Collection[str] = ()
) -> list[SpanExample]:
    """The examples of corpora, each document once.

    Args:
        parts: which files, and how their types are called here.
        folder: what their paths are below.
        without: ids of documents that are left out.

    Raises:
        UsageError: where a file is absent.
        SourceFormatError: where one is not of its format.
    """
    known = set(without)
    examples = []
    for part in parts:
        for path in _paths(part, folder):
            for example in _examples(path, part):
                if example.id not in known:
                    known.add(example.id)
                    examples.append(example)
    return examples


def reading_texts(
    parts: Sequence[CorpusPart], folder: Path, *, without: Collection[str] = ()
) -> list[str]:
    """Unlabelled texts, each once.

    Args:
        parts: files of examples, whose labels are not looked at, or tables (``csv``).
        folder: what their paths are below.
        without: texts that are left out, those of the test sets.

    Raises:
        UsageError: where a file is absent.
        SourceFormatError: where one is not of its format.
    """
    texts: dict[str, None] = {}
    for part in parts:
        if part.format != "csv":
            texts |= dict.fromkeys(e.text for e in corpus_examples([part], folder))
            continue
        for path in _paths(part, folder):
            for _, cells in read_records(path, needed=part.columns):
                texts["\n".join(cells[column] for column in part.columns)] = None
    closed = set(without)
    return [text for text in texts if text not in closed]


def installed_names() -> dict[str, list[str]]:
    """The names of the two installed dictionaries, by class; a name of both is a disease."""
    diseases = read_dictionary(DiseaseNamesLoader().path)["disease_variant_to_canonical"]
    drugs = read_dictionary(DrugNamesLoader().path)["drug_variant_to_canonical"]
    return {"Disease": sorted(diseases), "Chemical": sorted(drugs)}


def chinese_names() -> dict[str, list[str]]:
    """The Chinese names of our own tables, by class of the Chinese recogniser."""
    rows = table_rows("concepts.tsv", ("curie", "category"))
    kinds = {curie: _CHINESE.get(category) for _, (curie, category) in rows}
    names: dict[str, set[str]] = {kind: set() for kind in dict.fromkeys(_CHINESE.values())}
    for _, (curie, text, language) in table_rows("names.tsv", ("curie", "text", "language")):
        kind = kinds.get(curie)
        if language == "zh" and kind is not None:
            names[kind].add(text)
    return {kind: sorted(texts) for kind, texts in names.items()}


def linked_names(
    parts: Sequence[CorpusPart],
    folder: Path,
    *,
    without: Collection[str],
    vocabulary: Iterable[MeshName] = (),
) -> list[tuple[str, str, str, str]]:
    """Rows of :mod:`nlp.concept_names`: names annotators linked, the most frequent ids first, the
    names of a vocabulary, and the dictionaries' names of MeSH headings where it lacks them.

    Args:
        parts: corpora; those not in PubTator's format have no ids.
        folder: what their paths are below.
        without: ids of documents that are left out.
        vocabulary: names of MeSH, preferred ones first.
    """
    counts: dict[tuple[str, str], Counter[str]] = {}
    seen: set[str] = set(without)
    for part in parts:
        for name in part.files if part.format == "pubtator" else ():
            for found in read_annotated(folder / name):
                if found.document.id not in seen:
                    seen.add(found.document.id)
                    _count_ids(found, part, counts)
    rows = [
        ("annotated", kind, text, curie)
        for (kind, text), ids in sorted(counts.items())
        for curie, _ in ids.most_common()
    ]
    own = list(_vocabulary_rows(vocabulary))
    known = {(kind, name) for _, kind, name, _ in own}
    rows += (row for row in sorted(_dictionary_rows()) if row[1:3] not in known)
    return [*rows, *own]


def _count_ids(
    found: AnnotatedDocument, part: CorpusPart, counts: dict[tuple[str, str], Counter[str]]
) -> None:
    """Count the ids of a document's mentions; several ids of one mention share its count."""
    for m in found.mentions:
        ids = [i for i in m.identifiers if i != "-1" and "+" not in i]
        if m.type in part.types:
            for identifier in ids:
                counter = counts.setdefault((part.types[m.type], m.text), Counter())
                counter[_curie(identifier)] += _WHOLE // len(ids)


def _curie(identifier: str) -> str:
    return identifier if ":" in identifier else f"MESH:{identifier}"


def _vocabulary_rows(names: Iterable[MeshName]) -> Iterator[tuple[str, str, str, str]]:
    """Names in normal form; as written in lower case too where that tells concepts apart."""
    by_normal: dict[tuple[str, str], dict[str, list[str]]] = {}
    for name in names:
        normal = normalise(name.text)
        if normal:
            ids = by_normal.setdefault((name.kind, normal), {})
            ids.setdefault(name.curie, []).append(name.text.lower())
    for (kind, normal), ids in sorted(by_normal.items()):
        ordered = sorted(ids, key=lambda curie: normal not in ids[curie])  # in place where equal
        yield from (("vocabulary", kind, normal, curie) for curie in ordered)
        if len(ids) > 1:
            written = Counter(text for texts in ids.values() for text in set(texts))
            for curie, texts in ids.items():
                for text in dict.fromkeys(texts):
                    if written[text] == 1 and text != normal:
                        yield ("vocabulary", kind, text, curie)


def _dictionary_rows() -> Iterator[tuple[str, str, str, str]]:
    """Names of the installed dictionaries whose heading is one of MeSH."""
    headings = mesh_by_heading()
    for kind, path, table in (
        ("Disease", DiseaseNamesLoader().path, "disease_variant_to_canonical"),
        ("Chemical", DrugNamesLoader().path, "drug_variant_to_canonical"),
    ):
        content = read_dictionary(path)
        titles = content[table.replace("variant_to_canonical", "canonical_to_data")]
        for variant, canonicals in content[table].items():
            for canonical in canonicals:
                title = titles.get(canonical, {}).get("name", canonical)
                heading = headings.get(title.lower())
                normal = normalise(variant)
                if heading is not None and normal:
                    yield ("dictionary", kind, normal, heading)
    for _, (curie, title, trees) in table_rows("mesh.tsv", ("curie", "name", "trees")):
        for letter, kind in (("C", "Disease"), ("F03", "Disease"), ("D", "Chemical")):
            if trees.startswith(letter) and normalise(title):
                yield ("dictionary", kind, normalise(title), curie)


def _paths(part: CorpusPart, folder: Path) -> Iterator[Path]:
    for name in part.files:
        path = folder / name
        if not path.is_file():
            raise UsageError(f"{path} is absent; --data must be the folder that holds {name}")
        yield path


def _examples(path: Path, part: CorpusPart) -> Iterator[SpanExample]:
    annotated = frozenset(part.types.values())
    if part.format == "bio":
        for number, (text, rows) in enumerate(_bio_documents(path)):
            spans = tuple((s, e, part.types[t]) for s, e, t in rows if t in part.types)
            yield SpanExample(
                f"{path.parent.name}/{path.name}:{number}", text, spans, annotated, part.corpus
            )
        return
    if part.format in _ADE:
        yield from _ade_examples(path, part)
        return
    if part.format != "pubtator":
        known = ", ".join(("pubtator", "bio", *_ADE))
        raise UsageError(f"format {part.format!r} of a corpus is none of: {known}")
    for found in read_annotated(path):
        named = (
            (m.start, m.end, part.types[m.type]) for m in found.mentions if m.type in part.types
        )
        document = found.document
        yield SpanExample(
            document.id, document.text, without_overlaps(named), annotated, part.corpus
        )


def _ade_examples(path: Path, part: CorpusPart) -> Iterator[SpanExample]:
    """Sentences with the drugs and effects of their pairs; ids begin with the document's."""
    annotated = frozenset(part.types.values())
    for number, sentence in enumerate(ade_sentences(path, _ADE[part.format])):
        named = [(*span, part.types["Chemical"]) for span, _ in sentence.pairs]
        named += [(*span, part.types["Disease"]) for _, span in sentence.pairs]
        yield SpanExample(
            f"ADE:{sentence.document}.{part.format}.{number}",
            sentence.text,
            without_overlaps(dict.fromkeys(named)),
            annotated,
            part.corpus,
        )


def _bio_documents(path: Path) -> Iterator[tuple[str, list[tuple[int, int, str]]]]:
    """Texts with spans ``(start, end, type)``: a character, a space, ``O``, ``B_x`` or ``I_x``."""
    text = ""
    spans: list[tuple[int, int, str]] = []
    for number, line in read_lines(path):
        if not line.strip():
            if text:
                yield text, spans
            text, spans = "", []
            continue
        character, _, label = line.rstrip("\n").rpartition(" ")
        label = label.strip()
        if label[:2] not in ("O", "B_", "I_"):
            raise SourceFormatError(
                path, number, f"{label!r} is no label", fix="expected O, B_x, I_x"
            )
        character = character or " "
        start, text = len(text), text + character
        kind = label[2:]
        if label.startswith("I_") and spans and spans[-1][1] == start and spans[-1][2] == kind:
            spans[-1] = (spans[-1][0], len(text), kind)
        elif kind:
            spans.append((start, len(text), kind))
    if text:
        yield text, spans
