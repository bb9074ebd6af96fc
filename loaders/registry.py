"""The data sets this project can load: where they are, under which licence, what they hold.

Nothing is fetched here. A checksum is of the file's content unpacked, taken from a copy of the
owner's own file, or of the packed file where its owner states that; it is empty where neither was
at hand (then nobody here can tell whether what an address gives today is what the loader was
written for).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kg.errors import UsageError
from loaders import (
    ddi_ansm,
    ddi_onc,
    disease_39net,
    doid_symptoms,
    hetionet,
    hpo,
    mesh,
    obo_ontology,
    pharmacotherapydb,
    primekg,
    qasystem,
    sider,
)
from loaders.source import GraphSource, SourceCard


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of a data set.

    Args:
        name: its name, as the loader looks for it (packed or not).
        address: where the owner gives it; ``""`` where only by hand.
        sha256: of the unpacked content, ``""`` where not known.
        size: bytes of the unpacked content, 0 where not known.
        as_packed: whether checksum and size are of the packed file, as its owner states them.
        needed: whether the loader needs it.
        note: what is to be known about it.
    """

    name: str
    address: str = ""
    sha256: str = ""
    size: int = 0
    needed: bool = True
    note: str = ""
    as_packed: bool = False


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set: its card, its files, its loader.

    Args:
        name: what ``medkgqa data get`` and ``medkgqa load`` call it.
        card: who made it, under which licence.
        files: what a folder of it holds.
        open_source: the loader over such a folder.
    """

    name: str
    card: SourceCard
    files: tuple[DataFile, ...]
    open_source: Callable[[Path], GraphSource]

    @property
    def address(self) -> str:
        """Where a person finds it."""
        return self.card.url

    @property
    def fetchable(self) -> bool:
        """Whether every file the loader needs has an address."""
        return all(file.address for file in self.files if file.needed)


_HETIONET = "https://github.com/hetio/hetionet/raw/main/hetnet"
_INDICATIONS = (
    "https://raw.githubusercontent.com/dhimmel/indications/"
    "11d535ba0884ee56c3cd5756fdfb4985f313bd80/catalog"
)
_SIDER = "http://sideeffects.embl.de/media/download"
_DOID_2015 = (
    "https://raw.githubusercontent.com/dhimmel/disease-ontology/"
    "052ffcc960f5897a0575f5feff904ca84b7d2c1d/download"
)
_DOID_REPORTS = (
    "https://raw.githubusercontent.com/DiseaseOntology/HumanDiseaseOntology/"
    "ef9a329069f7af2cc82aa0fb1729b62716c664f8/DOreports"
)
_MESH = "https://raw.githubusercontent.com/dhimmel/mesh"
_PDDI = (
    "https://raw.githubusercontent.com/dbmi-pitt/public-PDDI-analysis/"
    "66ba0cfb9869b4d62b43b26eea2c1bbb8bc83fff/PDDI-Datasets"
)
_OBO = "http://purl.obolibrary.org/obo"
_LFS = "checksum from the Git LFS pointer in the owner's repository, commit 3887368"
_LATEST = "the owner's newest release, so no checksum can be known"


def data_sets() -> tuple[DataSet, ...]:
    """Every registered data set, by name."""
    return tuple(sorted((*_graphs(), *_ontologies(), *_interactions()), key=lambda d: d.name))


def data_set(name: str) -> DataSet:
    """The data set of that name.

    Raises:
        UsageError: where there is none.
    """
    found = {d.name: d for d in data_sets()}
    if name not in found:
        raise UsageError(f"no data set {name!r}; known: {', '.join(found)}")
    return found[name]


def _graphs() -> tuple[DataSet, ...]:
    return (
        DataSet(
            "hetionet",
            hetionet.CARD,
            (
                DataFile(
                    hetionet.NODES_FILE,
                    f"{_HETIONET}/tsv/hetionet-v1.0-nodes.tsv",
                    "3ad9eb86c031df8bc7d5efefa6edc93562182eb9a6a71e5129d3f18b9d42c50e",
                    2_509_984,
                ),
                DataFile(
                    "hetionet-v1.0-edges.sif",
                    f"{_HETIONET}/tsv/hetionet-v1.0-edges.sif.gz",
                    "611f0411ac666be4e0270e54bbca67407e14720bfc3099311f0f5eec25c5a947",
                    12_401_407,
                    note=_LFS,
                    as_packed=True,
                ),
                DataFile(
                    hetionet.JSON_FILE,
                    needed=False,
                    note="instead of the two tables; states a licence for each edge",
                ),
            ),
            hetionet.HetionetLoader,
        ),
        DataSet(
            "primekg",
            primekg.CARD,
            (
                DataFile(
                    "kg.csv",
                    "https://dataverse.harvard.edu/api/access/datafile/6180620",
                    note="no copy was at hand to take a checksum of",
                ),
            ),
            primekg.PrimeKgLoader,
        ),
        DataSet(
            "pharmacotherapydb",
            pharmacotherapydb.CARD,
            (
                DataFile(
                    "indications.tsv",
                    f"{_INDICATIONS}/indications.tsv",
                    "bc956b0092fab88975a07932b89382a0ed593d3d21df23395440cfd9a067a917",
                    76_754,
                ),
            ),
            pharmacotherapydb.PharmacotherapyDbLoader,
        ),
        DataSet(
            "sider",
            sider.CARD,
            (
                DataFile(
                    sider.SIDE_EFFECTS,
                    f"{_SIDER}/meddra_all_se.tsv.gz",
                    "6d09f8bac5e7661e285ecabb80224194746e227603fbd2d6e81437b4357671e3",
                    19_486_644,
                ),
                DataFile(
                    sider.FREQUENCIES,
                    f"{_SIDER}/meddra_freq.tsv.gz",
                    "53dd3b16691c96ff8865c8b70c7fd95079f19f85d836a5bf87c241d8bf0f6211",
                    23_507_946,
                    needed=False,
                ),
                DataFile(
                    sider.INDICATIONS,
                    f"{_SIDER}/meddra_all_indications.tsv.gz",
                    "2b073edb044446664f3654ae3479606e79be0ed12ec0bae8208205395cd6b99b",
                    2_584_040,
                    needed=False,
                ),
                DataFile(
                    sider.DRUG_NAMES,
                    f"{_SIDER}/drug_names.tsv",
                    needed=False,
                    note="without it drugs are called by their PubChem ids",
                ),
            ),
            sider.SiderLoader,
        ),
        DataSet(
            "qasystem",
            qasystem.CARD,
            (DataFile("medical.json", note="in the folder data of the owner's repository"),),
            qasystem.QASystemLoader,
        ),
        DataSet(
            "disease-39net",
            disease_39net.CARD,
            (
                DataFile(
                    "disease.csv",
                    "https://raw.githubusercontent.com/zhihao-chen/QASystemOnMedicalGraph/"
                    "4ab098f3c65577e15c579b97c088c1db99ebc6ae/data/disease.csv",
                    note="the copy at hand was converted to UTF-8, so the owner's checksum is not "
                    "known",
                ),
            ),
            disease_39net.Disease39NetLoader,
        ),
    )


def _ontologies() -> tuple[DataSet, ...]:
    return (
        DataSet(
            "disease-ontology",
            obo_ontology.DISEASE_ONTOLOGY,
            (DataFile("doid.obo", f"{_OBO}/doid.obo", note=_LATEST),),
            obo_ontology.OboOntologyLoader,
        ),
        DataSet(
            "disease-ontology-2015",
            obo_ontology.DISEASE_ONTOLOGY_2015,
            (
                DataFile(
                    "HumanDO.obo",
                    f"{_DOID_2015}/HumanDO.obo",
                    "220921d830b1b8c71054e5e3fc73f0774ce35e2406f4e33eda18021a50535364",
                    4_014_997,
                ),
            ),
            obo_ontology.disease_ontology_2015,
        ),
        DataSet(
            "symptom-ontology",
            obo_ontology.SYMPTOM_ONTOLOGY,
            (
                DataFile(
                    "symp.obo",
                    f"{_OBO}/symp.obo",
                    "09ac08ff1595e671826c6a4b8a5141f4609bea7f71e8393a1fea997bceabcc2b",
                    231_641,
                    note="checksum of release 2026-07-30",
                ),
            ),
            obo_ontology.symptom_ontology,
        ),
        DataSet(
            "doid-symptoms",
            doid_symptoms.CARD,
            (
                DataFile(
                    "disease-symptom.tsv",
                    f"{_DOID_REPORTS}/disease-symptom.tsv",
                    "20bb1b62a6a22e66ca1ef2748e032c322709495987c5a26e5e8a05b3d80a4aff",
                    129_929,
                ),
            ),
            doid_symptoms.DoidSymptomsLoader,
        ),
        DataSet(
            "mesh",
            mesh.CARD,
            (
                DataFile(
                    mesh.TERMS,
                    f"{_MESH}/e561301360e6de2140dedeaa7c7e17ce4714eb7f/data/terms.tsv",
                    "329e631d44295504f6aaad0358ff558aadb79a417ef26f4a7c93dcd7353bb791",
                    742_075,
                ),
                DataFile(
                    mesh.TREE_NUMBERS,
                    f"{_MESH}/b6893d6502deeaa0f702128d9c8bbddff6b4c755/data/tree-numbers.tsv",
                    "b54bbacaf2a4bc95b04040a7a89fca06c62c1bfe577957bdf90edcc90e5e6c4d",
                    2_720_667,
                ),
                DataFile(
                    mesh.SYMPTOMS,
                    f"{_MESH}/e561301360e6de2140dedeaa7c7e17ce4714eb7f/data/symptoms.tsv",
                    "ba2d799e99cc687cdda2f390ce7145bf5bcbae2751117c9cb39a431b0f3c312d",
                    11_993,
                    needed=False,
                ),
            ),
            mesh.MeshLoader,
        ),
        DataSet(
            "hpo",
            hpo.CARD,
            tuple(
                DataFile(name, f"{_OBO}/{place}", note=_LATEST)
                for name, place in (
                    ("hp.obo", "hp.obo"),
                    ("phenotype.hpoa", "hp/hpoa/phenotype.hpoa"),
                    ("genes_to_phenotype.txt", "hp/hpoa/genes_to_phenotype.txt"),
                )
            ),
            hpo.HpoLoader,
        ),
    )


def _interactions() -> tuple[DataSet, ...]:
    return (
        DataSet(
            "onc",
            ddi_onc.CARD,
            (
                DataFile(
                    "ONC_High_Priority_Mapped.csv",
                    f"{_PDDI}/ONC-High-Priority/ONC_High_Priority_Mapped.csv",
                    "6478cc0ff57244ed66f84a6f534596f8d3f6267af5fb2bad869c60aa53ef37e7",
                    80_957,
                ),
                DataFile(
                    "ONC_Non_Interuptive_Mapped.csv",
                    f"{_PDDI}/ONC-Non-Interuptive/ONC_Non_Interuptive_Mapped.csv",
                    "a5f856b0243a1cc1f2fbba6ef45b75195bae0008196193a7aae80307a58ed694",
                    87_487,
                ),
            ),
            ddi_onc.OncLoader,
        ),
        DataSet(
            "ansm",
            ddi_ansm.CARD,
            (
                DataFile(
                    "all_eng_tables_sept2016.xml",
                    sha256="74fa8ce0fb65bafa0111f3721986f13f3cc3834361bfa65ec4b92c14d5465049",
                    size=1_719_502,
                    note="in the folder PDDI-Datasets/World_Vista of the owner's repository",
                ),
                DataFile(
                    ddi_ansm.CLASSES,
                    needed=False,
                    note="columns class, class_code, drug, rxcui: which drugs a class holds",
                ),
            ),
            ddi_ansm.AnsmLoader,
        ),
    )
