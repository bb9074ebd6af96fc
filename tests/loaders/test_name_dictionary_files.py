"""The installed name dictionaries, read by an unpickler that runs nothing."""

from __future__ import annotations

import bz2
import os
import pickle
from pathlib import Path

import pytest

from kg.errors import SourceFormatError
from kg.schema import DISEASE, DRUG, DRUG_CLASS, PHENOTYPE
from loaders.name_dictionaries import (
    DiseaseNamesLoader,
    DrugNamesLoader,
    junk_reason,
    natural_order,
    read_dictionary,
)


class Attack:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("echo pwned > /tmp/should-not-exist-medkgqa",)


def write(path: Path, content: object) -> Path:
    path.write_bytes(bz2.compress(pickle.dumps(content)))
    return path


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "d.pkl.bz2", {"a": Attack()})
    with pytest.raises(SourceFormatError, match="not allowed in a dictionary"):
        read_dictionary(path)
    assert not Path("/tmp/should-not-exist-medkgqa").exists()


@pytest.mark.parametrize("content", [b"", b"BZh9 not bzip2", bz2.compress(b"not a pickle")])
def test_a_damaged_dictionary_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "d.pkl.bz2"
    path.write_bytes(content)
    with pytest.raises(SourceFormatError, match="not a name dictionary"):
        read_dictionary(path)


def test_drugs_take_the_mesh_id_of_their_heading_not_the_dictionarys(tmp_path: Path) -> None:
    path = write(
        tmp_path / "drugs.pkl.bz2",
        {
            "drug_variant_to_canonical": {
                "metformin": ["metformin"],
                "glucophage": ["metformin"],
                "x": ["metformin"],
                "water": ["metformin"],
                "n-[4-(1,1-x)]": ["metformin"],
            },
            "drug_canonical_to_data": {
                "metformin": {
                    "name": "Metformin",
                    "drugbank_id": "DB00331",
                    "mesh_id": "D007004",  # that of Hypoglycemic Agents
                    "mesh_tree": ["D02.078.370.141.450"],
                },
                "statins": {"name": "Hypoglycemic Agents", "mesh_tree": ["D27.505.696.422"]},
                "kinase": {"name": "Some Kinase", "mesh_tree": ["D08.811.913"]},
                "nothing": {"name": "Nothing"},
            },
            "drug_variant_to_variant_data": {"glucophage": {"is_brand": True}},
        },
    )
    loader = DrugNamesLoader(path)
    metformin, agents = loader.concepts()
    assert (metformin.curie, metformin.category) == ("DRUGBANK:DB00331", DRUG)
    assert metformin.xrefs == ("MESH:D008687",)
    assert [(n.text, n.kind) for n in metformin.names] == [
        ("metformin", "preferred"),
        ("glucophage", "brand"),
    ]
    assert (agents.curie, agents.category) == ("MESH:D007004", DRUG_CLASS)
    assert loader.report.refused.counts == {
        "name: one or two letters": 1,
        "name: a common word": 1,
        "name: a systematic chemical name": 1,
        "an enzyme, receptor, or laboratory substance": 1,
        "no identifier": 1,
    }


def test_diseases_and_symptoms_are_told_apart_by_tree(tmp_path: Path) -> None:
    path = write(
        tmp_path / "diseases.pkl.bz2",
        {
            "disease_variant_to_canonical": {
                "acute abdomen": ["abdomen, acute"],
                "abdomen, acute": ["abdomen, acute"],
                "acute abdomens": ["abdomen, acute"],
                "belly crisis": ["abdomen, acute"],
            },
            "disease_canonical_to_data": {
                "abdomen, acute": {"name": "Abdomen, Acute", "mesh_tree": ["C23.888.821.030.249"]},
                "asthma": {"name": "Asthma", "mesh_tree": ["C08.127.108"]},
                "altruism": {"name": "Altruism", "mesh_tree": ["F01.100"]},
                "new disease": {"name": "Quite New Disease", "mesh_tree": ["C01.1"]},
            },
            "disease_variant_to_variant_data": {},
        },
    )
    loader = DiseaseNamesLoader(path)
    abdomen, asthma, new = loader.concepts()
    assert (abdomen.curie, abdomen.category) == ("MESH:D000006", PHENOTYPE)
    assert abdomen.name().casefold() == "acute abdomen"
    kinds = {n.text: n.kind for n in abdomen.names}
    assert kinds["belly crisis"] == "related"
    assert kinds["acute abdomens"] == "exact"
    assert (asthma.curie, asthma.category) == ("MESH:D001249", DISEASE)
    assert new.curie == "MEDKGQA:quite-new-disease"
    assert loader.report.refused.counts["not a disease or symptom"] == 1


def test_installed_dictionaries_hold_what_their_cards_say() -> None:
    content = read_dictionary(DrugNamesLoader().path)
    assert len(content["drug_canonical_to_data"]) == 20_070
    names = {n.text for c in DrugNamesLoader().concepts() for n in c.names}
    assert {"warfarin", "coumadin", "metformin"} <= names
    assert not any(junk_reason(name.lower()) for name in list(names)[:5000])


def test_inverted_headings_are_turned_only_where_the_dictionary_does_so_too() -> None:
    assert natural_order("Abortion, spontaneous", []) == "Abortion, spontaneous"
