"""SIDER 4.1 (CC BY-NC-SA): effects and indications as labels name them; corroborates, by id.

SIDER knows a drug by its STITCH id, our tables by its DrugBank id. Hetionet took its side effects
from the same release by DrugBank id, so a STITCH id is a drug's where the two have nearly the same
effects (:data:`_LEAST_ALIKE` of both together) and no other does.
"""

from __future__ import annotations

import lzma
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from curation.facts import Fact, Record
from curation.name_book import NameBook, stem
from curation.tsv import read_table
from kg.schema import HAS_SIDE_EFFECT, PREVENTS, TREATS

#: How SIDER (MedDRA) names an effect of ours, where no vocabulary at hand has that name.
MEDDRA_NAMES = {
    "weight gain": ("weight increased", "increased weight"),
    "weight loss": ("weight decreased", "decreased weight"),
    "prolonged qt interval": ("electrocardiogram qt prolonged", "qt prolongation", "qt prolonged"),
    "drug dependence": ("dependence", "drug dependence", "psychological dependence"),
    "drug induced liver injury": (
        "hepatotoxicity",
        "hepatocellular injury",
        "hepatocellular damage",
    ),
    "acute kidney injury": ("acute renal failure", "renal failure acute", "acute kidney failure"),
    "substance withdrawal syndrome": ("withdrawal syndrome", "drug withdrawal syndrome"),
    "suicidal ideation": ("suicidal thoughts", "suicidal behaviour"),
    "acute pancreatitis": ("pancreatitis acute",),
    "stroke": ("cerebrovascular accident",),
    "hot flash": ("hot flush", "hot flushes", "flushing hot"),
    "extremity cold to touch": ("peripheral coldness", "cold extremities", "cold hands & feet"),
    "angle closure glaucoma": ("acute angle closure glaucoma", "narrow angle glaucoma"),
    "drug hypersensitivity syndrome": ("drug reaction with eosinophilia and systemic symptoms",),
    "adrenal insufficiency": ("adrenocortical insufficiency", "adrenal suppression"),
    "vulvovaginal candidiasis": (
        "vaginal candidiasis",
        "vaginal moniliasis",
        "vaginal yeast infection",
    ),
    "fatigue": ("tiredness", "asthenia", "lethargy"),
    "frequent urination": ("urinary frequency", "pollakiuria", "micturition frequency"),
    "hyperpigmentation": ("skin hyperpigmentation",),
    "abnormal urinary color": ("chromaturia", "urine discolouration", "discoloured urine"),
    "congestive heart failure": ("cardiac failure congestive", "cardiac failure", "heart failure"),
    "bisphosphonate associated osteonecrosis of the jaw": ("osteonecrosis of jaw",),
    "clostridium difficile coliti": ("clostridium difficile colitis", "pseudomembranous colitis"),
    "hand foot syndrome": ("palmar plantar erythrodysaesthesia syndrome",),
    "nephrolithiasi": ("renal calculus", "calculus of kidney", "kidney stone"),
    "hearing impairment": ("hypoacusis", "hearing loss", "deafness", "hearing impaired"),
    "increased liver enzyme": (
        *("hepatic enzyme increased", "transaminases increased", "liver function test abnormal"),
        *("alanine aminotransferase increased", "aspartate aminotransferase increased"),
    ),
    "skin rash": ("rash", "rash generalised", "dermatitis", "skin eruption"),
    "drowsiness": ("somnolence", "sedation", "sleepiness"),
    "abnormal bleeding": ("haemorrhage", "bleeding"),
    "memory impairment": ("amnesia", "memory impairment", "anterograde amnesia"),
    "bloating": ("abdominal distension", "flatulence bloating"),
    "heartburn": ("dyspepsia heartburn", "pyrosis"),
    "photosensitivity": ("photosensitivity reaction", "photosensitisation"),
    "decreased libido": ("libido decreased",),
    "chest tightness": ("chest discomfort",),
}
_LEAST_ALIKE = 0.8
_CLEAR_LEAD = 0.1
#: How many drugs of SIDER, those with most effects in common, a drug is compared with.
_COMPARED = 8


class Sider:
    """Rows of SIDER by drug, predicate, and concept or name."""

    def __init__(self, folder: Path, book: NameBook) -> None:
        self._book = book
        self._rows: dict[tuple[str, str], dict[str, Record]] = defaultdict(dict)
        effects = list(_rows(folder / "kg/sider-4.1/meddra_all_se.tsv.xz"))
        drugs = _drugs(folder, effects)
        for cells in effects:
            self._add(drugs, HAS_SIDE_EFFECT, cells[1], "se", (cells[2], cells[4]), (cells[5],))
        flat = {cells[0]: cells[1] for cells in effects}
        for cells in _rows(folder / "kg/sider-4.1/meddra_all_indications.tsv.xz"):
            if cells[2] != "NLP_indication":
                continue  # a mention, or what the patient must have beforehand
            stereo = flat.get(cells[0], "")
            names, ids = (cells[3], cells[6]), (cells[1], cells[5])
            self._add(drugs, TREATS, stereo, "indication", ids, names, cells[0])

    def _add(
        self,
        drugs: dict[str, str],
        predicate: str,
        stitch: str,
        kind: str,
        ids: tuple[str, ...],
        names: tuple[str, ...],
        cited: str = "",
    ) -> None:
        drug = drugs.get(stitch)
        if drug:
            record = Record("sider", f"{kind}|{cited or stitch}|{ids[0]}")
            for key in (*ids, *map(_unordered, names)):
                self._rows[drug, predicate].setdefault(key, record)

    def find(self, fact: Fact) -> list[Record]:
        """At most one row that has the object by a UMLS id or a name of its."""
        predicate = TREATS if fact.predicate == PREVENTS else fact.predicate
        rows = self._rows.get((fact.subject, predicate))
        if not rows:
            return []
        names = self._book.english[fact.object] | {stem(fact.object_name)}
        names = names | {t for name in names for t in MEDDRA_NAMES.get(name, ())}
        for key in (*sorted(self._book.umls[fact.object]), *sorted(map(_unordered, names))):
            if key in rows:
                return [rows[key]]
        return []


def _unordered(name: str) -> str:
    """A name in which word order does not count: "pancreatitis acute" is acute pancreatitis."""
    return " ".join(sorted(stem(name).split()))


def _rows(path: Path) -> Iterator[list[str]]:
    with lzma.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            yield line.rstrip("\n").split("\t")


def _drugs(folder: Path, effects: list[list[str]]) -> dict[str, str]:
    """Drugs by stereo STITCH id."""
    theirs: dict[str, set[str]] = defaultdict(set)
    having: dict[str, set[str]] = defaultdict(set)
    for _, stitch, _, kind, umls, _ in effects:
        if kind == "PT":
            theirs[stitch].add(umls)
            having[umls].add(stitch)
    ours: dict[str, set[str]] = defaultdict(set)
    for row in read_table(folder / "kg/hetionet/hetionet-v1.0-edges-partial.sif.xz"):
        if row["metaedge"] == "CcSE":
            drug = f"DRUGBANK:{row['source'].partition('::')[2]}"
            ours[drug].add(row["target"].partition("::")[2])
    claims: dict[str, list[str]] = defaultdict(list)
    for drug, found in ours.items():
        shared = Counter(stitch for umls in found for stitch in having.get(umls, ()))
        most = sorted(shared.items(), key=lambda pair: (-pair[1], pair[0]))[:_COMPARED]
        alike = sorted(((n / len(found | theirs[s]), s) for s, n in most), reverse=True)
        second = alike[1][0] if len(alike) > 1 else 0.0
        if alike and alike[0][0] >= _LEAST_ALIKE and alike[0][0] - second >= _CLEAR_LEAD:
            claims[alike[0][1]].append(drug)
    return {stitch: drugs[0] for stitch, drugs in claims.items() if len(drugs) == 1}
