"""An encoder reads on: it guesses better, resumes, and sees no more than it is shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg.errors import UsageError
from nlp.token_windows import CharacterPieces
from nlp.training.masked_language import MaskedLanguageConfig, MaskedLanguageTrainer

CONFIG = MaskedLanguageConfig(
    epochs=6, batch_size=4, encoder_rate=3e-3, head_rate=3e-3, layers=1, threads=1, bf16=False
)
TEXTS = ["头痛发热咳嗽流涕" * 4, "高血压糖尿病胃炎" * 4] * 6


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason="TORCH IS NOT INSTALLED (extra train): nothing was trained")
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("encoder")
    characters = sorted(set("".join(TEXTS)))
    lines = ["[PAD]", "[BEGIN]", "[END]", "[UNKNOWN]", *characters]
    (folder / "characters.txt").write_text("\n".join(lines), encoding="utf-8")
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(
        BertConfig(vocab_size=len(lines), num_hidden_layers=2, **sizes), add_pooling_layer=False
    ).save_pretrained(folder)
    return folder


def _trainer(encoder: Path, folder: Path, config: MaskedLanguageConfig = CONFIG) -> Any:
    maker = CharacterPieces(encoder / "characters.txt")
    return MaskedLanguageTrainer(config, encoder=encoder, maker=maker, folder=folder)


def test_it_guesses_better_and_keeps_the_layers_asked_for(encoder: Path, tmp_path: Path) -> None:
    trainer = _trainer(encoder, tmp_path)
    tensors = trainer.train(TEXTS)
    losses = [entry["loss"] for entry in _history(tmp_path)]
    assert losses[-1] < losses[0]
    assert any(name.startswith("encoder.layer.0.") for name in tensors)
    assert not any(name.startswith("encoder.layer.1.") for name in tensors)


def test_what_has_been_read_is_not_read_again(encoder: Path, tmp_path: Path) -> None:
    first = _trainer(encoder, tmp_path).train(TEXTS)
    again = _trainer(encoder, tmp_path).train(TEXTS)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert len(_history(tmp_path)) == CONFIG.epochs


def test_only_chosen_pieces_are_changed_and_never_the_special_ones(
    encoder: Path, tmp_path: Path
) -> None:
    trainer = _trainer(encoder, tmp_path, replace(CONFIG, masked=0.5))
    stretches = list(trainer._stretches(TEXTS[0])) + list(trainer._stretches(TEXTS[1]))
    shown, mask, chosen, wanted = trainer._batch(stretches, 3)
    for row, stretch in enumerate(stretches):
        kept = ~chosen[row, : len(stretch)]
        assert np.array_equal(shown[row, : len(stretch)][kept], stretch[kept])
        assert kept[[0, -1]].all()
        assert mask[row].sum() == len(stretch)
    assert len(wanted) == chosen.sum() > 0
    assert (shown[chosen] != wanted).any()


def test_nothing_to_read_is_said(encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no text to read on"):
        _trainer(encoder, tmp_path).train(["短"])


def _history(folder: Path) -> list[dict[str, Any]]:
    torch = pytest.importorskip("torch")
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    history: list[dict[str, Any]] = state["history"]
    return history
