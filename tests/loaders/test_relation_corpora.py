from __future__ import annotations

from pathlib import Path

import pytest

from loaders import relation_corpora as corpora
from nlp.training.relation_examples import LABELS, causes_priors

NOTHING = "9|t|Nothing.\n9|a|Nothing at all.\n\n"


def _block(number: int, kinds: tuple[str, str], relations: str) -> str:
    drug, disease = kinds
    return (
        f"{number}|t|Aspirin and asthma.\n{number}|a|Pain was treated.\n"
        f"{number}\t0\t7\tAspirin\t{drug}\tD001241\n"
        f"{number}\t12\t18\tasthma\t{disease}\tD001249\n"
        f"{number}\t20\t24\tPain\t{disease}\tD010146\n"
        f"{relations}\n"
    )


def _cdr(number: int) -> str:
    return _block(number, ("Chemical", "Disease"), f"{number}\tCID\tD001241\tD001249\n")


def _red(number: int) -> str:
    relations = (
        f"{number}\tPositive_Correlation\tD001249\tD001241\tNovel\n"
        f"{number}\tNegative_Correlation\tD001241\tD010146\tNo\n"
    )
    return _block(number, ("ChemicalEntity", "DiseaseOrPhenotypicFeature"), relations)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    import gzip
    import lzma

    texts = {
        corpora.BC5CDR["train"]: _cdr(1) + _cdr(2),
        corpora.BC5CDR["dev"]: _cdr(3),
        corpora.BC5CDR["test"]: _cdr(4),
        corpora.BIORED["train"]: _red(2) + _red(4) + _red(5),
        corpora.BIORED["dev"]: _red(6),
        corpora.BIORED["test"]: _red(3),
        corpora.NCBI_TEST: NOTHING,
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pack = gzip.compress if path.suffix == ".gz" else lzma.compress
        path.write_bytes(pack(text.encode("utf-8")))
    return tmp_path


def test_no_test_document_is_trained_on(folder: Path) -> None:
    ids = [e.document.id for e in corpora.training_examples(folder)]
    assert ids == ["PMID:1", "PMID:2", "PMID:5", "PMID:6"]


def test_a_corpus_says_nothing_of_what_it_does_not_mark(folder: Path) -> None:
    examples = {e.document.id: e for e in corpora.training_examples(folder)}
    cdr = dict(zip(LABELS, examples["PMID:1"].labels[0, 2], strict=True))
    red = dict(zip(LABELS, examples["PMID:5"].labels[0, 2], strict=True))
    assert cdr == {"causes": 0, "treats": -1, "correlated": -1, "related": -1}
    assert red == {"causes": 0, "treats": 1, "correlated": 0, "related": 1}
    assert examples["PMID:5"].labels[0, 1] == (-1, 0, 1, 1)


def test_a_document_of_both_has_the_labels_of_both(folder: Path) -> None:
    examples = {e.document.id: e for e in corpora.training_examples(folder)}
    assert examples["PMID:2"].labels[0, 1] == (1, 0, 1, 1)
    assert examples["PMID:2"].labels[0, 2] == (0, 1, 0, 1)


def test_held_out_documents_are_open_ones(folder: Path) -> None:
    assert corpora.held_out_documents(folder) == {"PMID:6"}


def test_names_and_priors_are_of_training_documents(folder: Path) -> None:
    names = corpora.training_names(folder, corpora.test_documents(folder))
    assert names == {"aspirin": "D001241", "asthma": "D001249", "pain": "D010146"}
    priors = causes_priors(corpora.training_examples(folder))
    assert priors.pairs["D001241", "D001249"] == (2, 2)
    assert priors.pairs["D001241", "D010146"] == (4, 0)


def test_tree_numbers_are_those_of_diseases(tmp_path: Path) -> None:
    path = tmp_path / "tree.tsv"
    path.write_text(
        "mesh_id\tmesh_name\tmesh_tree_number\nD1\tA\tC01.2\nD1\tA\tF03.1\nD2\tB\tD01.1\n"
    )
    assert corpora.tree_numbers(path) == {"D1": ("C01.2", "F03.1")}
