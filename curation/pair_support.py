"""Pairs of ids in class A data that support a fact, and class B and C pairs that corroborate one.

A record of class B or C is cited by its ids; nothing of it is carried over.
"""

from __future__ import annotations

import csv
import json
import lzma
import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from defusedxml.ElementTree import fromstring

from curation.facts import Record
from curation.identity import Merger
from curation.name_book import NameBook, stem
from curation.tsv import read_table
from curation.vocabularies import Vocabularies
from kg.schema import (
    CONTRAINDICATED_IN,
    HAS_PHENOTYPE,
    HAS_SIDE_EFFECT,
    INTERACTS_WITH,
    PREVENTS,
    TREATS,
)
from loaders.name_dictionaries import DrugNamesLoader
from loaders.pubtator import read_annotated

Triple = tuple[str, str, str]
Pairs = Iterator[tuple[Triple, Record]]


def ordered(one: str, other: str) -> Triple:
    """The triple of an interaction, whichever way round."""
    first, second = sorted((one, other))
    return first, INTERACTS_WITH, second


def pharmacotherapydb(v: Vocabularies, merger: Merger) -> Pairs:
    """Physician-curated indications."""
    for row in read_table(v.folder / "kg/pharmacotherapydb/indications.tsv"):
        if row["category"] != "NOT":
            record = Record("pharmacotherapydb", f"{row['doid_id']}|{row['drugbank_id']}")
            yield (f"DRUGBANK:{row['drugbank_id']}", TREATS, merger.key(row["doid_id"])), record


def doid_symptoms(v: Vocabularies, merger: Merger) -> Pairs:
    """Curated symptoms of the Disease Ontology."""
    for row in read_table(v.folder / "ontology/doid/disease-symptom.tsv"):
        record = Record("doid-symptoms", f"{row['disease_id']}|{row['symptom_id']}")
        triple = (merger.key(row["disease_id"]), HAS_PHENOTYPE, merger.key(row["symptom_id"]))
        yield triple, record


def hpo(v: Vocabularies, merger: Merger) -> Pairs:
    """HPO annotations, also to a term below the symptom."""
    for edge in v.hpo.edges():
        if edge.predicate != HAS_PHENOTYPE or edge.polarity != "positive":
            continue
        disease = merger.key(edge.subject)
        best = max(edge.evidence, key=lambda e: e.confidence)
        record = Record("hpo", best.record)
        yield (disease, HAS_PHENOTYPE, merger.key(edge.object)), record
        for parent in v.hpo.terms[edge.object].parents:
            yield (disease, HAS_PHENOTYPE, merger.key(parent)), record


def hetionet(v: Vocabularies, merger: Merger) -> Pairs:
    """Symptoms (co-mentioned in MEDLINE, CC0) and side effects (SIDER by DrugBank id, NC-SA)."""
    names: dict[str, str] = {}
    for row in read_table(v.folder / "kg/hetionet/hetionet-v1.0-nodes.tsv.xz"):
        names[row["id"]] = row["name"]
    by_umls: dict[str, list[str]] = defaultdict(list)
    for term in v.hpo.terms.values():
        for xref in term.xrefs:
            if xref.startswith("UMLS:"):
                by_umls[xref.partition(":")[2]].append(merger.key(term.id))
    for term in v.doid_2015.values():
        for xref in term.xrefs:
            if xref.startswith("UMLS_CUI:"):
                by_umls[xref.partition(":")[2]].append(merger.key(term.id))
    for row in read_table(v.folder / "kg/hetionet/hetionet-v1.0-edges-partial.sif.xz"):
        kind = row["metaedge"]
        source, target = row["source"], row["target"]
        record_id = f"{source}|{kind}|{target}"
        if kind == "DpS":
            symptom = merger.key(f"MESH:{target.partition('::')[2]}")
            disease = merger.key(source.partition("::")[2])
            yield (disease, HAS_PHENOTYPE, symptom), Record("hetionet", record_id)
        elif kind == "CcSE":
            drug = f"DRUGBANK:{source.partition('::')[2]}"
            effect = target.partition("::")[2]
            keys = {*by_umls.get(effect, ()), f"name:{stem(names[target])}"}
            for key in keys:
                yield (drug, HAS_SIDE_EFFECT, key), Record("hetionet-sider", record_id)


def _chemicals() -> dict[str, list[str]]:
    """Drug keys by MeSH CURIE."""
    drugs: dict[str, list[str]] = defaultdict(list)
    for concept in DrugNamesLoader().concepts():
        for curie in (concept.curie, *concept.xrefs):
            if curie.startswith("MESH:"):
                drugs[curie].append(concept.curie)
    return drugs


def bc5cdr(v: Vocabularies, merger: Merger) -> Pairs:
    """Chemical-induced diseases annotated in PubMed abstracts."""
    chemicals = _chemicals()
    for path in sorted((v.folder / "ner/bc5cdr").glob("*.gz")):
        for annotated in read_annotated(path):
            for relation in annotated.relations:
                disease = merger.key(f"MESH:{relation.object}")
                record = Record("bc5cdr", annotated.document.id)
                for drug in chemicals.get(f"MESH:{relation.subject}", ()):
                    yield (drug, HAS_SIDE_EFFECT, disease), record


def biored(v: Vocabularies, merger: Merger) -> Pairs:
    """Correlations of chemicals and diseases annotated in PubMed abstracts."""
    chemicals = _chemicals()
    predicates = {"Positive_Correlation": HAS_SIDE_EFFECT, "Negative_Correlation": TREATS}
    for path in sorted((v.folder / "ner/biored").glob("*PubTator.xz")):
        for annotated in read_annotated(path):
            for relation in annotated.relations:
                predicate = predicates.get(relation.type)
                for one, other in (
                    (relation.subject, relation.object),
                    (relation.object, relation.subject),
                ):
                    for drug in chemicals.get(f"MESH:{one}", ()) if predicate else ():
                        triple = (drug, str(predicate), merger.key(f"MESH:{other}"))
                        yield triple, Record("biored", annotated.document.id)


def onc(v: Vocabularies) -> Pairs:
    """ONC's lists of interactions, by DrugBank ids (class C)."""
    for file in ("ONC_High_Priority_Mapped.csv", "ONC_Non_Interuptive_Mapped.csv"):
        path = v.folder / "kg/ddi-onc" / file
        for line in path.read_text("utf-8-sig").splitlines():
            cells = line.split("$")
            if len(cells) >= 4:
                one, other = f"DRUGBANK:{cells[1]}", f"DRUGBANK:{cells[3]}"
                yield ordered(one, other), Record("onc", f"{file}|{cells[1]}|{cells[3]}")


def ansm(v: Vocabularies, resolve: Callable[[str], set[str]]) -> Pairs:
    """The French agency's interactions between drugs and classes, by name (class C)."""
    members: dict[str, set[str]] = defaultdict(set)
    folder = v.folder / "kg/ddi-worldvista-ansm"
    for row in read_table(folder / "classes.tsv.xz"):
        members[row["class_code"]].add(row["drug"])
    for number, row in enumerate(read_table(folder / "interactions.tsv.xz"), start=2):
        sides = []
        for place in ("1", "2"):
            names = {row[f"name{place}"].removeprefix("OTHER ")}
            if row[f"kind{place}"] == "class":
                names |= members[row[f"code{place}"]]
            sides.append(set().union(*(resolve(name) for name in names)))
        record = Record("ansm", f"interactions.tsv row {number}")
        for one in sides[0]:
            for other in sides[1]:
                yield ordered(one, other), record


def annotated_interactions(
    v: Vocabularies, resolve: Callable[[str], set[str]], path: str, source: str, identifier: str
) -> Pairs:
    """Interactions annotated in texts, by name: the DDI corpus 2013 (class B), NLM's labels (C)."""
    with zipfile.ZipFile(v.folder / path) as archive:
        for name in archive.namelist():
            if not name.endswith(".xml"):
                continue
            document = fromstring(archive.read(name))
            texts = {
                e.get("id"): e.get("text", "") for e in document.iter("entity") if e.get("text")
            }
            record = Record(source, str(document.get(identifier)))
            for pair in document.iter("pair"):
                if pair.get("ddi") == "true":
                    for one in resolve(texts.get(pair.get("e1"), "")):
                        for other in resolve(texts.get(pair.get("e2"), "")):
                            yield ordered(one, other), record


def ade_corpus(v: Vocabularies, resolve: Callable[[str], set[str]]) -> Pairs:
    """Drugs and adverse effects annotated in sentences of abstracts, by name (class C)."""
    path = v.folder / "ner/ade-corpus-v2/DRUG-AE.rel.xz"
    with lzma.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            cells = line.rstrip("\n").split("|")
            for drug in resolve(cells[5]):
                for effect in resolve(cells[2]):
                    yield (drug, HAS_SIDE_EFFECT, effect), Record("ade-corpus", f"PMID:{cells[0]}")


def raredis(v: Vocabularies, resolve: Callable[[str], set[str]]) -> Pairs:
    """Signs a rare disease produces, as annotated in RareDis (CC BY 4.0, without its texts)."""
    for part in ("train", "dev"):
        path = v.folder / f"ner/raredis-v1-annotations/RareDis-v1-without-texts-{part}.zip"
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(".ann"):
                    yield from _brat(name, archive.read(name).decode("utf-8"), resolve)


def _brat(name: str, text: str, resolve: Callable[[str], set[str]]) -> Pairs:
    mentions: dict[str, str] = {}
    record = Record("raredis", name.rpartition("/")[2])
    for line in text.splitlines():
        cells = line.split("\t")
        if cells[0].startswith("T") and len(cells) > 2:
            mentions[cells[0]] = cells[2]
        elif cells[0].startswith("R") and cells[1].startswith("Produces"):
            ends = [part.partition(":")[2] for part in cells[1].split()[1:]]
            for disease in resolve(mentions.get(ends[0], "")):
                for sign in resolve(mentions.get(ends[1], "")):
                    yield (disease, HAS_PHENOTYPE, sign), record


def biotext(v: Vocabularies, resolve: Callable[[str], set[str]]) -> Pairs:
    """Treatments and preventions marked in sentences of abstracts, by name (class C)."""
    path = v.folder / "ner/biotext/sentences_with_roles_and_relations.txt.xz"
    predicates = {"TREAT_FOR_DIS": TREATS, "PREVENT": PREVENTS}
    with lzma.open(path, "rt", encoding="latin-1") as stream:
        for number, line in enumerate(stream, start=1):
            text, _, relation = line.rpartition("||")
            predicate = predicates.get(relation.strip())
            if predicate is None:
                continue
            marked = {
                kind: re.findall(rf"<{kind}(?:_PREV)?>(.*?)</{kind}", text)
                for kind in ("TREAT", "DIS")
            }
            for drug in {d for name in marked["TREAT"] for d in resolve(name)}:
                for disease in {d for name in marked["DIS"] for d in resolve(name)}:
                    yield (drug, predicate, disease), Record("biotext", f"line {number}")


def everycure(v: Vocabularies, resolve: Callable[[str], set[str]]) -> Pairs:
    """Contraindications and indications read from labels by a language model (class C)."""
    folder = v.folder / "kg/everycure-matrix"
    for row in read_table(folder / "matrix_contraindication_list.tsv.xz"):
        label = row["final normalized disease label"] or row["disease contraindicated"]
        for drug in resolve(row["final normalized drug label"]) | resolve(row["active ingredient"]):
            for disease in resolve(label) | resolve(row["disease contraindicated"]):
                yield (drug, CONTRAINDICATED_IN, disease), Record("everycure", row["drug|disease"])
    for row in read_table(folder / "matrix_indication_list.tsv.xz"):
        record = Record("everycure", row["drug|disease"])
        for drug in resolve(row["final normalized drug label"]):
            for disease in resolve(row["final normalized disease label"]):
                yield (drug, TREATS, disease), record
                yield (drug, PREVENTS, disease), record


def kaggle(v: Vocabularies, resolve: Callable[[str], set[str]]) -> Pairs:
    """The disease–symptom table of 41 diseases (class C)."""
    path = v.folder / "kg/disease-symptom-kaggle/dataset.csv.xz"
    with lzma.open(path, "rt", encoding="utf-8", newline="") as stream:
        for cells in csv.reader(stream):
            for cell in cells[1:]:
                symptom = re.sub(r"[_ ]+", " ", cell).strip()
                for disease in resolve(cells[0].strip()) if symptom else ():
                    for found in resolve(symptom):
                        record = Record(
                            "disease-symptom-kaggle", f"{cells[0].strip()}|{cell.strip()}"
                        )
                        yield (disease, HAS_PHENOTYPE, found), record


def read_39net(folder: Path) -> Iterator[tuple[str, dict[str, str], str]]:
    """Rows of the 39-net table: names, columns, record id (class C)."""
    path = folder / "zh/disease-39net/disease.csv.xz"
    for number, row in enumerate(read_table(path, delimiter=","), start=2):
        for name in {row["name"], *(row["alias"] or "").replace("，", ",").split(",")}:
            if name.strip():
                yield name.strip(), row, f"disease.csv row {number}"


def read_qasystem(folder: Path) -> Iterator[tuple[str, dict[str, str], str]]:
    """The sample records of QASystemOnMedicalKG in the columns of 39-net (class C)."""
    path = folder / "zh/qasystemonmedicalkg/medical-sample.jsonl.xz"
    columns = {
        "department": "cure_department",
        "checklist": "check",
        "symptom": "symptom",
        "complication": "acompany",
        "drug": "recommand_drug",
    }
    with lzma.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            record = json.loads(line)
            row = {ours: " ".join(record.get(theirs) or ()) for ours, theirs in columns.items()}
            row["drug"] += " " + " ".join(record.get("common_drug") or ())
            yield record["name"], row, record["_id"]["$oid"]


def name_resolver(book: NameBook, curies: set[str]) -> Callable[[str], set[str]]:
    """Finds which of these concepts have a name."""
    by_name = book.by_name(curies)
    return lambda name: by_name.get(stem(name), set())
