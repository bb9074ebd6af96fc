"""Which ids of different vocabularies are one concept.

In this order, each pair refused where it would put two ids of one vocabulary on one concept:

1. cross-references of the Disease Ontology (MeSH, OMIM, Orphanet) between equal names;
2. equal preferred names;
3. its other cross-references, where one disease only claims the id;
4. a preferred name that is the exact synonym of one concept only; between a finding of HPO and
   a disease only where both also name one UMLS concept.

The refused pairs are written to a report, never hidden.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from curation.tsv import read_table
from curation.vocabularies import Index, Vocabularies, plain, singular
from kg.schema import DRUG
from loaders.name_dictionaries import DrugNamesLoader

#: Which vocabulary gives the key of a merged concept.
KEY_ORDER = ("DOID", "HP", "ORPHA", "OMIM", "MESH", "SYMP", "DECIPHER", "MEDKGQA")

_XREF_FILES = (
    ("MESHinDO.tsv.xz", "MESH:", "MESH:"),
    ("OMIMinDO.tsv.xz", "MIM:", "OMIM:"),
    ("OrphanetinDO.tsv.xz", "ORDO:", "ORPHA:"),
)


#: Diseases and findings that a synonym and a shared UMLS concept would join, and that differ.
#: Read one by one; disease label, finding label.
DISTINCT = frozenset(
    {
        ("cystic kidney disease", "Renal cyst"),
        ("polycystic ovary syndrome", "Polycystic ovaries"),
        ("Axenfeld-Rieger syndrome", "Rieger anomaly"),
        ("obsessive-compulsive disorder", "Compulsive behaviors"),
        ("combined pituitary hormone deficiency", "Panhypopituitarism"),
        ("mucopolysaccharidosis Ih", "Dysostosis multiplex"),
        ("Fabry disease", "Angiokeratoma corporis diffusum"),
        ("brain disease", "Encephalopathy"),
        ("congenital heart disease", "Abnormal heart morphology"),
        ("hemorrhagic disease", "Abnormality of coagulation"),
        ("alopecia areata", "Patchy alopecia"),
        ("hypobetalipoproteinemia", "Decreased LDL cholesterol concentration"),
        ("psoriasis", "Psoriasiform dermatitis"),
        ("selective IgG deficiency disease", "Decreased circulating IgG concentration"),
        ("Klippel-Feil syndrome", "Cervical C2/C3 vertebral fusion"),
        ("galactosemia", "Galactose intolerance"),
        ("scimitar syndrome", "Total anomalous pulmonary venous return"),
        ("pulmonary alveolar proteinosis", "Intraalveolar phospholipid accumulation"),
        ("neonatal jaundice", "Prolonged neonatal jaundice"),
        ("endomyocardial fibrosis", "Endocardial fibrosis"),
        ("Coats disease", "Exudative retinopathy"),
        ("agnosia", "Disturbed sensory perception"),
        ("Bell's palsy", "Facial palsy"),
        ("Laurin-Sandrow syndrome", "Mirror image polydactyly"),
        ("osteosclerosis", "Increased bone mineral density"),
        ("essential tremor", "Kinetic tremor"),
        ("restless legs syndrome", "Restless legs"),
        ("trachea leiomyoma", "Neoplasm of the trachea"),
        ("pharynx cancer", "Neoplasm of the pharynx"),
        ("urocanase deficiency", "Urocanic aciduria"),
        ("urinary system benign neoplasm", "Urinary tract neoplasm"),
    }
)


#: Cross-references of the Disease Ontology that are not the same thing: visual epilepsy is not
#: the MeSH heading "Seizures".
WRONG_XREFS = frozenset({("DOID:11832", "MESH:D012640")})


#: Ids that no rule above joins and that are one concept, read one by one: key, other. Found by
#: looking for names on two nodes of the graph.
SAME = (
    ("HP:0000988", "SYMP:0000487", "rash"),
    ("MESH:D006470", "SYMP:0000007", "bleeding"),
    ("DOID:1875", "HP:0100639", "erectile dysfunction"),
    ("DOID:12134", "ORPHA:98878", "hemophilia A"),
    ("DOID:7188", "HP:0000872", "Hashimoto thyroiditis"),
    ("DOID:7188", "MESH:D050031", "Hashimoto disease"),
    ("DOID:3590", "HP:0032192", "hydatidiform mole"),
    ("DOID:1116", "HP:0031247", "whooping cough"),
    ("DOID:13593", "HP:0100601", "eclampsia"),
    ("DOID:0060329", "HP:0031456", "ectopic pregnancy"),
    ("DOID:10591", "HP:0100603", "toxemia of pregnancy"),
    ("MESH:D006939", "HP:0012188", "hyperemesis gravidarum"),
    ("DOID:3128", "HP:0012390", "anal fissure"),
    ("HP:0033748", "MESH:D006987", "hypesthesia"),
    ("SYMP:0000691", "MEDKGQA:cytopenia", "cytopenia"),
    ("DOID:9667", "MESH:D000037", "abruptio placentae"),
    ("DOID:10211", "MESH:D042882", "gallstones"),
    ("MESH:D012912", "HP:0025095", "sneezing"),
    ("HP:0200067", "MEDKGQA:recurrent-spontaneous-abortion", "recurrent spontaneous abortion"),
    ("ORPHA:90058", "MESH:D013119", "spinal cord injury"),
    ("DOID:13561", "HP:0012426", "optic disc drusen"),
    ("DOID:9663", "HP:0032154", "aphthous ulcer"),
    ("HP:0004324", "MESH:D015430", "weight gain"),
    ("DOID:3767", "HP:0034269", "vaginal discharge"),
    ("DOID:1829", "HP:0008661", "urethral stricture"),
    ("DOID:783", "HP:0003774", "end stage renal disease"),
    ("DOID:0061214", "HP:0005230", "biliary obstruction"),
    ("DOID:13912", "SYMP:0020005", "acquired color vision deficiency"),
)


@dataclass(slots=True)
class Pair:
    """Two ids, and how it is known that they are one concept."""

    one: str
    other: str
    basis: str


@dataclass(slots=True)
class Merger:
    """Groups of ids with at most one of each vocabulary.

    The Symptom Ontology is the exception: it has several terms for one finding ("muscle pain",
    "myalgia"), so a further one is joined as an alias.
    """

    group_of: dict[str, dict[str, str]] = field(default_factory=dict)
    accepted: list[Pair] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    refused_pairs: list[Pair] = field(default_factory=list)

    def add(self, pair: Pair) -> bool:
        """Join two groups unless that would join two ids of one vocabulary."""
        one, other = self.group(pair.one), self.group(pair.other)
        if one is other:
            return True
        if list(other) == ["SYMP"] and "SYMP" in one:
            self.group_of[other["SYMP"]] = one
            self.accepted.append(pair)
            return True
        if any(prefix in one for prefix in other):
            self.refused[pair.basis] += 1
            self.refused_pairs.append(pair)
            return False
        one.update(other)
        for curie in other.values():
            self.group_of[curie] = one
        self.accepted.append(pair)
        return True

    def join(self, pair: Pair) -> None:
        """Join two groups; of two ids of one vocabulary the other becomes an alias."""
        one, other = self.group(pair.one), self.group(pair.other)
        if one is other:
            return
        for curie in [c for c, group in self.group_of.items() if group is other]:
            self.group_of[curie] = one
        for prefix, curie in other.items():
            one.setdefault(prefix, curie)
        self.accepted.append(pair)

    def group(self, curie: str) -> dict[str, str]:
        """The ids of a concept by vocabulary, this one among them."""
        return self.group_of.setdefault(curie, {curie.partition(":")[0]: curie})

    def key(self, curie: str) -> str:
        """The id that stands for the concept of ``curie``."""
        group = self.group_of.get(curie, {})
        return next((group[p] for p in KEY_ORDER if p in group), curie)


def build_identity(vocabularies: Vocabularies) -> Merger:
    """All pairs, in order of trust."""
    merger = Merger()
    xrefs = list(_doid_xrefs(vocabularies))
    for named in (True, False):
        for pair, same_name in xrefs:
            if same_name is named:
                merger.add(pair)
        for pair in _equal_names(vocabularies, "label" if named else "synonym"):
            if named or not _finding_and_disease(vocabularies, merger, pair):
                merger.add(pair)
    for one, other, name in SAME:
        merger.join(Pair(one, other, f"read by hand: {name}"))
    return merger


def drug_pairs(
    v: Vocabularies, merger: Merger, drafted: dict[str, str], used: set[str]
) -> list[Pair]:
    """Entries of the drug dictionary without DrugBank id that are a drug known by that name.

    Args:
        v: everything that has names.
        merger: what is one concept already.
        drafted: keys of the drafted drugs by plain name.
        used: keys of all drafted concepts, which stay what they are (a class stays a class).
    """
    pairs: dict[str, Pair] = {}
    taken: set[tuple[str, str]] = set()
    for concept in DrugNamesLoader().concepts():
        curie, name = concept.curie, concept.name()
        prefix = curie.partition(":")[0]
        if concept.category != DRUG or prefix == "DRUGBANK" or len(merger.group(curie)) > 1:
            continue
        found = v.drugs.find(name)
        key = drafted.get(plain(name)) or (found[0] if found else curie)
        other = key.partition(":")[0] != prefix and (key, prefix) not in taken
        if other and curie not in used:
            taken.add((key, prefix))
            pairs.setdefault(curie, Pair(key, curie, f"equal drug name: {name}"))
    return list(pairs.values())


def _finding_and_disease(v: Vocabularies, merger: Merger, pair: Pair) -> bool:
    """Whether the pair would join a disease and a finding that share no UMLS concept."""
    joined = {**merger.group(pair.one), **merger.group(pair.other)}
    apart = not all("DOID" in g and "HP" in g for g in map(merger.group, (pair.one, pair.other)))
    both = "DOID" in joined and "HP" in joined
    return both and apart and not _same_umls(v, joined["HP"], joined["DOID"])


def _doid_xrefs(v: Vocabularies) -> Iterator[tuple[Pair, bool]]:
    names = {**v.rare, **v.mesh_names}
    for file, theirs, ours in _XREF_FILES:
        claims: dict[str, list[str]] = defaultdict(list)
        counts: Counter[str] = Counter()
        for row in read_table(v.folder / "ontology/doid" / file):
            for xref in re.split(r",\s*", row["xrefs"]):
                local = xref.removeprefix(theirs)
                known = row["id"] in v.doid.entries and xref.startswith(theirs)
                wrong = (row["id"], xref) in WRONG_XREFS
                if known and not wrong and (theirs != "MIM:" or local.isdigit()):
                    claims[ours + local].append(row["id"])
                    counts[row["id"]] += 1
        for curie, claimants in claims.items():
            named = [c for c in claimants if _same(v.doid.entries[c].label, names.get(curie, ""))]
            alone = [c for c in claimants if counts[c] == 1]
            chosen = named if len(named) == 1 else alone if len(claimants) == 1 else []
            if len(chosen) == 1:
                basis = f"Disease Ontology cross-reference ({file[:-7]})"
                yield Pair(chosen[0], curie, basis), chosen == named


def stated_entries(v: Vocabularies) -> dict[str, tuple[str, ...]]:
    """OMIM's and Orphanet's entries of which a disease of the Disease Ontology states several."""
    found: dict[str, tuple[str, ...]] = {}
    for file, theirs, ours in _XREF_FILES:
        if ours not in ("OMIM:", "ORPHA:"):
            continue
        for row in read_table(v.folder / "ontology/doid" / file):
            xrefs = [x for x in re.split(r",\s*", row["xrefs"]) if x.startswith(theirs)]
            local = sorted({x.removeprefix(theirs) for x in xrefs})
            entries = tuple(ours + one for one in local if one.isdigit())
            if len(entries) > 1 and row["id"] in v.doid.entries:
                found[row["id"]] = (*found.get(row["id"], ()), *entries)
    return found


def _same(one: str, other: str) -> bool:
    return singular(plain(one)) == singular(plain(other))


def _equal_names(v: Vocabularies, how: str) -> Iterator[Pair]:
    rare = sorted(v.rare.items())
    mesh = [(c, v.mesh.entries[c].synonyms[-1]) for c in sorted(v.mesh_names) if v.mesh_class(c)]
    hp = [(c, e.label) for c, e in v.hp.entries.items()]
    symp = [(c, e.label) for c, e in v.symp.entries.items()]
    unnumbered = sorted(v.unnumbered.items())
    if how == "synonym":
        hp = [(c, n) for c, n in hp if _same_umls(v, c, _find(v.doid, n, how))]
    for names, index in (
        (rare, v.doid),
        (hp, v.doid),
        (mesh, v.doid),
        (mesh, v.hp),
        (symp, v.hp),
        (symp, v.doid),
        (symp, v.mesh),
        (unnumbered, v.doid),
        (unnumbered, v.hp),
        (unnumbered, v.mesh),
        (rare, v.hp),
        (rare, v.mesh),
    ):
        for curie, name in names:
            found = _find(index, name, how)
            if found and (index is not v.mesh or v.mesh_class(found)):
                yield Pair(found, curie, f"equal name ({how}): {name}")
    if how == "label":
        yield from _orphanet_omim(v)


def _same_umls(v: Vocabularies, hp: str, doid: str | None) -> bool:
    """Whether a finding and a disease name one UMLS concept."""
    label = v.doid.entries[doid].label if doid in v.doid.entries else ""
    if not doid or (label, v.hpo.terms[hp].name) in DISTINCT:
        return False
    terms = (v.doid_current.get(doid), v.doid_2015.get(doid))
    theirs = {x.partition(":")[2] for t in terms if t for x in t.xrefs if x.startswith("UMLS")}
    return bool(theirs & {x.partition(":")[2] for x in v.hpo.terms[hp].xrefs})


def _find(index: Index, name: str, how: str) -> str | None:
    key = plain(name)
    table = index.by_label if how == "label" else index.by_synonym
    for wanted in dict.fromkeys((key, singular(key), f"{key}s")):
        found = set(table.get(wanted, ()))
        if len(found) == 1:
            return found.pop()
    return None


def _orphanet_omim(v: Vocabularies) -> Iterator[Pair]:
    by_name: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for curie, name in v.rare.items():
        by_name[plain(name)][curie.partition(":")[0]].append(curie)
    for name, groups in sorted(by_name.items()):
        lone = [curies[0] for _, curies in sorted(groups.items()) if len(curies) == 1]
        for other in lone[1:]:
            yield Pair(lone[0], other, f"equal name (label): {name}")
