"""Every format documents are read from: what it is, who owns it, how it is told from others.

A format has a card with the licence its owners state; ``NOASSERTION`` where the documents are the
user's own. Clinical formats mark their documents, which are de-identified before anything is
stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kg.errors import UsageError
from loaders import ccda, chineseblue, fhir, i2b2_2010, mimic, pubmed
from loaders.annotations import AnnotatedDocument
from loaders.bioc import read_bioc_json, read_bioc_xml
from loaders.brat import read_brat
from loaders.i2b2_xml import read_i2b2_2012, read_i2b2_2014
from loaders.plain import read_json_lines, read_text
from loaders.pubtator import MEDMENTIONS_LICENCE, read_annotated, read_medmentions
from loaders.source import SourceCard
from loaders.text_tables import read_table
from nlp.records import Document

Annotated = Callable[..., Iterator[AnnotatedDocument]]
Plain = Callable[..., Iterator[Document]]


@dataclass(frozen=True, slots=True)
class DocumentFormat:
    """A format of documents.

    Args:
        card: short name, title, citation and licence.
        annotated: reads documents with their annotations, where the format has any.
        plain: reads documents; from ``annotated`` where not given.
        clinical: whether its documents may hold identifiers of patients.
        folders: whether it takes a folder as a whole, its documents being several files.
    """

    card: SourceCard
    annotated: Annotated | None = None
    plain: Plain | None = None
    clinical: bool = False
    folders: bool = False

    @property
    def name(self) -> str:
        """What ``--format`` calls it."""
        return self.card.name

    def documents(self, path: Path, **options: Any) -> Iterator[Document]:
        """The documents of a file, without annotations."""
        if self.plain is not None:
            return self.plain(path, **options)
        assert self.annotated is not None
        return (found.document for found in self.annotated(path, **options))


def _own(name: str, title: str, citation: str = "") -> SourceCard:
    return SourceCard(name, title, citation, "NOASSERTION")


def _blue(name: str, title: str) -> SourceCard:
    return SourceCard(
        name,
        title,
        "ChineseBLUE, Zhang et al. 2020",
        chineseblue.LICENCE,
        url="https://github.com/alibaba-research/ChineseBLUE",
    )


def _n2c2(name: str, title: str, doi: str) -> SourceCard:
    return SourceCard(name, title, "n2c2 (i2b2) challenge", i2b2_2010.LICENCE, doi=doi)


def _formats() -> Iterator[DocumentFormat]:
    yield DocumentFormat(_own("text", "plain text, one document a file"), plain=read_text)
    yield DocumentFormat(_own("jsonl", "JSON lines"), plain=read_json_lines)
    yield DocumentFormat(_own("table", "CSV or TSV with named columns"), plain=read_table)
    yield DocumentFormat(
        SourceCard(
            pubmed.SOURCE,
            "PubMed/MEDLINE XML",
            "National Library of Medicine; abstracts may be under their publishers' copyright",
            "NOASSERTION",
            url="https://pubmed.ncbi.nlm.nih.gov/",
        ),
        plain=pubmed.read_pubmed,
    )
    pubtator = _own("pubtator", "PubTator", "Wei et al. 2013")
    yield DocumentFormat(pubtator, read_annotated)
    medmentions = SourceCard(
        "medmentions",
        "MedMentions",
        "Mohan and Li 2019",
        MEDMENTIONS_LICENCE,
        url="https://github.com/chanzuckerberg/MedMentions",
    )
    yield DocumentFormat(medmentions, read_medmentions)
    yield DocumentFormat(_own("bioc-xml", "BioC as XML", "Comeau et al. 2013"), read_bioc_xml)
    yield DocumentFormat(_own("bioc-json", "BioC as JSON", "Comeau et al. 2013"), read_bioc_json)
    brat = _own("brat", "brat standoff, .txt and .ann", "Stenetorp et al. 2012")
    yield DocumentFormat(brat, read_brat, folders=True)
    yield from _clinical_formats()
    bio = _blue("bio", "tagged characters of ChineseBLUE (cMedQANER, cEHRNER)")
    yield DocumentFormat(bio, chineseblue.read_tagged)
    yield DocumentFormat(_blue("cmdd", "dialogues of ChineseBLUE"), chineseblue.read_dialogues)
    yield DocumentFormat(_blue("cmedic", "queries of ChineseBLUE"), chineseblue.read_queries)
    yield DocumentFormat(_blue("cmedqa", "answers of ChineseBLUE"), plain=chineseblue.read_answers)


def _clinical_formats() -> Iterator[DocumentFormat]:
    i2b2 = (
        ("i2b2-2010", "concepts, assertions, relations", "10.1136/amiajnl-2011-000203"),
        ("i2b2-2012", "events and times", "10.1136/amiajnl-2013-001628"),
        ("i2b2-2014", "identifiers", "10.1016/j.jbi.2015.07.020"),
    )
    readers = (i2b2_2010.read_i2b2_2010, read_i2b2_2012, read_i2b2_2014)
    for (name, title, doi), reader in zip(i2b2, readers, strict=True):
        card = _n2c2(name, f"i2b2: {title}", doi)
        yield DocumentFormat(card, reader, clinical=True, folders=True)
    third = SourceCard(
        "mimic-iii",
        "MIMIC-III NOTEEVENTS",
        "Johnson et al. 2016",
        mimic.LICENCE,
        doi="10.1038/sdata.2016.35",
    )
    yield DocumentFormat(third, plain=mimic.read_mimic_3, clinical=True)
    fourth = SourceCard(
        "mimic-iv-note",
        "MIMIC-IV notes",
        "Johnson et al. 2023",
        mimic.LICENCE,
        doi="10.13026/1n74-ne17",
    )
    yield DocumentFormat(fourth, plain=mimic.read_mimic_4, clinical=True)
    resources = _own(fhir.SOURCE, "FHIR R4 bundles and ndjson", "HL7")
    yield DocumentFormat(resources, plain=fhir.read_fhir, clinical=True)
    yield DocumentFormat(_own(ccda.SOURCE, "C-CDA", "HL7"), plain=ccda.read_ccda, clinical=True)


def document_formats() -> Mapping[str, DocumentFormat]:
    """Every format by its name."""
    return MappingProxyType({found.name: found for found in _formats()})


def document_format(name: str) -> DocumentFormat:
    """The format of that name.

    Raises:
        UsageError: where there is none.

    >>> document_format("mimic-iii").clinical
    True
    """
    formats = document_formats()
    if name not in formats:
        raise UsageError(f"no format {name!r}; give one of: {', '.join(formats)}")
    return formats[name]
