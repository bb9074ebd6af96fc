from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nlp.relation_head import LAYERS, RelationHead
from nlp.relation_model import LabelSettings
from nlp.relation_pairs import CHEMICAL, DISEASE, Entity, PairDocument, Specificity
from nlp.relation_pieces import encoder_rows, joined_states
from nlp.training.relation_calibration import calibrated
from nlp.training.relation_examples import (
    LABELS,
    RelationExample,
    causes_priors,
    label_row,
    pair_scores,
)

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "*", "drug", "ache", "made", "no", "."]


def _example(number: int, *, causes: bool) -> RelationExample:
    text = "drug made ache." if causes else "drug no ache."
    at = text.index("ache")
    document = PairDocument(
        str(number),
        text,
        0,
        ((0, len(text)),),
        (Entity("C1", CHEMICAL, ((0, 4),)), Entity("D1", DISEASE, ((at, at + 4),))),
    )
    return RelationExample(document, {(0, 1): label_row(document, (0, 1), causes=causes)})


EXAMPLES = [_example(i, causes=i % 2 == 0) for i in range(8)]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason="training needs the extra 'train'")
    transformers = pytest.importorskip("transformers", reason="training needs the extra 'train'")
    tokenizers = pytest.importorskip("tokenizers")
    folder = tmp_path_factory.mktemp("encoder")
    vocabulary = {word: place for place, word in enumerate(WORDS)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(WORDS[:5])
    tokenizer.save(str(folder / "tokenizer.json"))
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
    )
    transformers.BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def _trainer(encoder: Path, folder: Path, epochs: int = 3):
    from nlp.training.relation_training import RelationTrainer, RelationTrainingConfig

    config = RelationTrainingConfig(
        epochs=epochs, bf16=False, threads=1, head_rate=1e-2, encoder_rate=1e-3
    )
    return RelationTrainer(
        config,
        encoder=encoder,
        folder=folder,
        priors=causes_priors(EXAMPLES),
        specificity=Specificity({}),
    )


def test_training_learns_and_its_end_is_kept(encoder: Path, tmp_path: Path) -> None:
    trainer = _trainer(encoder, tmp_path, epochs=30)
    history = trainer.train(EXAMPLES)
    assert history[-1]["loss"] < history[0]["loss"]
    stated = [float(rows[0, 0]) for _, rows in trainer.scores(EXAMPLES)]
    assert min(stated[::2]) > max(stated[1::2])
    again = _trainer(encoder, tmp_path, epochs=30)
    assert again.train(EXAMPLES) == history
    kept = [float(rows[0, 0]) for _, rows in again.scores(EXAMPLES)]
    assert kept == pytest.approx(stated)


def test_the_head_without_torch_gives_the_same(encoder: Path, tmp_path: Path) -> None:
    import torch

    trainer = _trainer(encoder, tmp_path)
    trainer.network.eval()
    ((pairs, expected),) = trainer.scores(EXAMPLES[:1])
    ready = trainer.prepared(EXAMPLES[0], own=False)
    rows, ranges = encoder_rows(ready.marked)
    with torch.inference_mode():
        states = [
            tuple(
                t[0].numpy()
                for t in trainer.network["encoder"](
                    *(torch.from_numpy(row[k])[None] for k in ("pieces", "mask", "kinds"))
                )
            )
            for row in rows
        ]
    state = trainer.network["head"].state_dict()
    weights = {
        f"{layer}.{part}": state[f"{layer}.{part}"].numpy()
        for layer in LAYERS
        for part in ("weight", "bias")
    }
    hidden, attention = joined_states(states, ranges, len(ready.marked.pieces))
    logits = RelationHead(weights).logits(
        hidden, attention, ready.marked.marks, pairs, ready.features
    )
    assert np.allclose(logits, expected, atol=1e-4)


def test_a_threshold_is_chosen_where_f1_is_best() -> None:
    keys = [("1", "c", str(i)) for i in range(6)]
    logits = np.array([-3.0, -2.0, -0.5, 0.5, 2.0, 3.0])
    calibration = calibrated(keys, logits, set(keys[3:]))
    assert calibration.slope > 0
    assert calibration.scores == {"precision": 100.0, "recall": 100.0, "f1": 100.0}


def test_what_the_model_cannot_see_counts_as_missed() -> None:
    keys = [("1", "c", "a"), ("1", "c", "b")]
    gold = {keys[0], ("1", "c", "unseen")}
    assert calibrated(keys, np.array([2.0, -2.0]), gold).scores["recall"] == 50.0


def test_pairs_no_sentence_names_together_have_a_threshold_of_their_own() -> None:
    """Of what one sentence names all is right here, of the rest only what scores high."""
    keys = [("1", "c", str(i)) for i in range(8)]
    logits = np.array([-3.0, -2.0, -1.0, 3.0, -3.0, -2.0, 1.0, 3.0])
    together = np.array([True] * 4 + [False] * 4)
    gold = {*keys[:4], keys[7]}
    one = calibrated(keys, logits, gold)
    two = calibrated(keys, logits, gold, together=together)
    assert two.scores["f1"] == 100.0 > one.scores["f1"]
    assert two.apart is not None
    settings = LabelSettings(two.threshold, two.slope, two.shift, two.apart)
    found = {
        key
        for key, logit, near in zip(keys, logits, together, strict=True)
        if settings.probability(float(logit)) >= settings.least(bool(near))
    }
    assert found == gold
    assert LabelSettings(0.4, 1.0, 0.0).least(False) == 0.4


def test_scores_of_nothing_are_zero() -> None:
    assert pair_scores(set(), set()) == {"precision": 0.0, "recall": 0.0, "f1": 0.0}


def test_labels_a_class_rules_out_stay_unknown() -> None:
    document = EXAMPLES[0].document
    two = PairDocument("x", document.text, 0, document.sentences, (document.entities[0],) * 2)
    row = label_row(two, (0, 1), causes=True, related=True)
    assert dict(zip(LABELS, row, strict=True)) == {
        "causes": -1,
        "treats": -1,
        "correlated": -1,
        "related": 1,
    }
