"""Records that put a drug in a class, or a class under another.

A class of Hetionet or of the French agency counts as ours where a name is the same, or where the
two share a telling word of their names and at least a third of their members.
"""

from __future__ import annotations

from collections import defaultdict

from curation.facts import SHARED, Fact, Record
from curation.name_book import NameBook, stem
from curation.tsv import read_table
from curation.vocabularies import Vocabularies
from kg.schema import ASSOCIATED_WITH, MEMBER_OF, SUBCLASS_OF
from loaders.name_dictionaries import DrugNamesLoader, read_dictionary

_DULL = frozenset(
    {
        *("agent", "agents", "drug", "drugs", "inhibitor", "inhibitors", "antagonist"),
        *("antagonists", "agonist", "agonists", "receptor", "blocker", "blockers", "class"),
        *("activity", "substance", "acid", "other", "type", "selective", "non"),
    }
)
_LEAST_SHARE = 1 / 3
#: Classes of ours, and those of Hetionet whose every drug is of ours. Read one by one.
_COVERED = {
    "non-steroidal anti-inflammatory drugs": ("Nonsteroidal Anti-inflammatory Compounds",),
    "non-aspirin NSAIDs": ("Nonsteroidal Anti-inflammatory Compounds",),
    "anticholinergics": ("Cholinergic Muscarinic Antagonists", "Cholinergic Antagonists"),
    "antiemetics": (
        *("Serotonin 3 Receptor Antagonists", "Neurokinin 1 Antagonists", "Emesis Suppression"),
    ),
    "antimetabolites": ("Folic Acid Metabolism Inhibitors",),
    "general anesthetics": ("General Anesthesia",),
    "laxatives": ("Stimulation Large Intestine Fluid/Electrolyte Secretion",),
    "sympathomimetics": ("Increased Sympathetic Activity", "Catecholamines"),
    "opioids": ("Full Opioid Agonists", "Partial Opioid Agonists", "Opioid Agonists"),
    "tyrosine kinase inhibitors": ("Protein Kinase Inhibitors",),
    "loop diuretics": ("Increased Diuresis at Loop of Henle",),
    "microtubule inhibitors": ("Microtubule Inhibition",),
    "antifibrinolytics": ("Decreased Fibrinolysis",),
    "neuromuscular blockers": ("Neuromuscular Depolarizing Blockade",),
    "VMAT2 inhibitors": ("Vesicular Monoamine Transporter 2 Inhibitors",),
    "beta-3 agonists": ("Adrenergic beta3-Agonists",),
    "phosphate binders": ("Phosphate Chelating Activity",),
    "chelating agents": ("Metal Chelating Activity", "Lead Chelating Activity"),
    "antithyroid drugs": ("Thyroid Hormone Synthesis Inhibitors",),
    "prostaglandin analogues": ("Prostaglandins",),
    "norepinephrine reuptake inhibitors": ("Norepinephrine Uptake Inhibitors",),
    "decarboxylase inhibitors": ("DOPA Decarboxylase Inhibitors",),
    "GnRH agonists": ("Gonadotropin Releasing Hormone Receptor Agonists",),
    "appetite suppressants": ("Appetite Suppression",),
    "anticonvulsants": ("Decreased Central Nervous System Disorganized Electrical Activity",),
    "vasopressors": ("Increased Blood Pressure",),
    "NMDA receptor antagonists": ("Uncompetitive NMDA Receptor Antagonists",),
    "CCR5 antagonists": ("Chemokine Co-receptor 5 Antagonists",),
    "S1P receptor modulators": ("Sphingosine 1-Phosphate Receptor Modulators",),
    "sclerosing agents": ("Sclerosing Activity", "Vascular Sclerosing Activity"),
    "urate-lowering drugs": ("Xanthine Oxidase Inhibitors",),
    "hedgehog pathway inhibitors": ("Smoothened Receptor Antagonists",),
    "cholesterol absorption inhibitors": ("Decreased Cholesterol Absorption",),
    "lipid-lowering drugs": ("Nicotinic Acids", "Decreased Cholesterol Absorption"),
    "skeletal muscle relaxants": (
        *("Centrally-mediated Muscle Relaxation", "Decreased Striated Muscle Tone"),
    ),
    "local anesthetics": ("Local Anesthesia",),
    "alcohol deterrents": ("Acetyl Aldehyde Dehydrogenase Inhibitors",),
    "calcimimetics": ("Increased Calcium-sensing Receptor Sensitivity",),
    "bile acid sequestrants": ("Bile-acid Binding Activity",),
    "gadolinium contrast agents": ("Magnetic Resonance Contrast Activity",),
    "leukotriene synthesis inhibitors": ("5-Lipoxygenase Inhibitors",),
    "photosensitizers": ("Photosensitizing Activity",),
    "dopamine antagonists": ("Dopamine D2 Antagonists",),
    "progesterone receptor modulators": ("Progestational Hormone Receptor Antagonists",),
    "steroidogenesis inhibitors": ("Adrenal Steroid Synthesis Inhibitors",),
    "urinary antiseptics": ("Nitrofurans",),
    "serotonergic drugs": ("Serotonin Uptake Inhibitors", "Serotonin 1d Receptor Agonists"),
    "first-generation antipsychotics": ("Phenothiazines",),
    "methylxanthine bronchodilators": ("Xanthines",),
    "hormone therapy for cancer": ("Androgen Receptor Antagonists",),
}


class ClassRecords:
    """Support for ``member_of_class`` and ``subclass_of`` rows."""

    def __init__(self, v: Vocabularies, book: NameBook, facts: list[Fact]) -> None:
        self._v = v
        self._book = book
        self._ours: dict[str, set[str]] = defaultdict(set)
        self._covered: dict[str, set[str]] = {}
        for fact in facts:
            if fact.predicate == MEMBER_OF:
                self._ours[fact.object].add(fact.subject)
                covered = _COVERED.get(fact.object_name)
                if covered:
                    self._covered[fact.object] = set(map(stem, covered))
        self._drugs = {d for members in self._ours.values() for d in members}
        self._theirs = {**self._hetionet(), **self._ansm()}
        self._matches: dict[str, list[str]] = {}
        self._mesh = self._drug_headings()
        self._by_form: dict[str, set[str]] = defaultdict(set)
        for curie, name in v.mesh_names.items():
            self._by_form[stem(name)].add(curie)

    def find(self, fact: Fact) -> list[Record]:
        """Records that say the drug is of the class, or the class below the other."""
        if fact.predicate == MEMBER_OF:
            found = []
            for name in self._same(fact.object):
                record = self._theirs[name][1].get(fact.subject)
                if record:
                    found.append(record)
            return found + self._by_tree(fact)
        if fact.predicate == SUBCLASS_OF and fact.table == "classes":
            return self._by_tree(fact)
        return []

    def _same(self, curie: str) -> list[str]:
        if curie not in self._matches:
            self._matches[curie] = [n for n in self._theirs if self._is_same(curie, n)]
        return self._matches[curie]

    def _is_same(self, curie: str, name: str) -> bool:
        forms, members = self._theirs[name]
        ours = self._book.english[curie]
        if forms & ours or forms & self._covered.get(curie, set()):
            return True
        shared = set(members) & self._ours[curie]
        union = set(members) & self._drugs | self._ours[curie]
        words = {w for form in ours for w in form.split() if len(w) > 4} - _DULL
        theirs = {w for form in forms for w in form.split() if len(w) > 4} - _DULL
        alike = words & theirs or any(a[:6] == b[:6] for a in words for b in theirs)
        return bool(alike) and len(shared) >= 2 and len(shared) / len(union) >= _LEAST_SHARE

    def _hetionet(self) -> dict[str, tuple[set[str], dict[str, Record]]]:
        names = {}
        for row in read_table(self._v.folder / "kg/hetionet/hetionet-v1.0-nodes.tsv.xz"):
            if row["kind"] == "Pharmacologic Class":
                names[row["id"]] = row["name"]
        classes: dict[str, tuple[set[str], dict[str, Record]]] = {}
        for row in read_table(self._v.folder / "kg/hetionet/hetionet-v1.0-edges-partial.sif.xz"):
            if row["metaedge"] == "PCiC":
                forms, members = classes.setdefault(row["source"], (set(), {}))
                forms.add(stem(names[row["source"]]))
                drug = f"DRUGBANK:{row['target'].partition('::')[2]}"
                members[drug] = Record("hetionet", f"{row['source']}|PCiC|{row['target']}")
        return classes

    def _ansm(self) -> dict[str, tuple[set[str], dict[str, Record]]]:
        drugs = self._book.by_name({m for members in self._ours.values() for m in members})
        classes: dict[str, tuple[set[str], dict[str, Record]]] = {}
        path = self._v.folder / "kg/ddi-worldvista-ansm/classes.tsv.xz"
        for number, row in enumerate(read_table(path), start=2):
            forms, members = classes.setdefault(f"ansm {row['class_code']}", (set(), {}))
            forms.add(stem(row["class"]))
            for drug in drugs.get(stem(row["drug"]), ()):
                members[drug] = Record("ansm", f"classes.tsv row {number}")
        return classes

    def _drug_headings(self) -> dict[str, set[str]]:
        headings: dict[str, set[str]] = defaultdict(set)
        for concept in DrugNamesLoader().concepts():
            for curie in (concept.curie, *concept.xrefs):
                if curie.startswith("MESH:"):
                    headings[concept.curie].add(curie)
        return headings

    def _by_tree(self, fact: Fact) -> list[Record]:
        """MeSH puts a heading of the subject below one of the object."""
        starts = self._mesh.get(fact.subject, set()) | self._headings(fact.subject)
        for heading in sorted(self._headings(fact.object)):
            for start in sorted(starts - {heading}):
                for tree in self._v.mesh_trees.get(start, ()):
                    if any(tree.startswith(f"{t}.") for t in self._v.mesh_trees[heading]):
                        record = f"{start.partition(':')[2]}|{heading.partition(':')[2]}"
                        return [Record("mesh", record)]
        return []

    def _headings(self, curie: str) -> set[str]:
        if curie.startswith("MESH:"):
            return {curie}
        return {c for form in self._book.english[curie] for c in self._by_form.get(form, ())}


class Combinations:
    """Ingredients of combinations, by the names the drug dictionary has for them."""

    def __init__(self, book: NameBook) -> None:
        self._book = book
        content = read_dictionary(DrugNamesLoader().path)
        self._titles = {
            stem(name): name
            for name in content["drug_canonical_to_data"]
            if ", " in name or " and " in name or "/" in name
        }

    def find(self, fact: Fact) -> list[Record]:
        """A combination's entry that names the ingredient."""
        if SHARED in fact.places:
            return self._both(fact)
        if fact.table != "ingredients" or fact.predicate != ASSOCIATED_WITH:
            return []
        ends = self._book.english[fact.subject], self._book.english[fact.object]
        combined, ingredient = ends if any("/" in n for n in (fact.subject_name,)) else ends[::-1]
        return self._entry(combined, ingredient)

    def _entry(self, combined: set[str], ingredient: set[str]) -> list[Record]:
        for form, title in self._titles.items():
            if form in combined and any(f" {name} " in f" {form} " for name in ingredient):
                return [Record("drug-ner", title)]
        return []

    def _both(self, fact: Fact) -> list[Record]:
        """An entry of one product that names the other end, where that is the ingredient."""
        one, other = self._book.english[fact.subject], self._book.english[fact.object]
        return self._entry(one, other) or self._entry(other, one)
