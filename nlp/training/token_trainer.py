"""Fine-tuning an encoder to recognise mentions: BIO labels over words, one per first word piece.

The English encoder is MiniLM-L6 (Wang et al. 2020, https://doi.org/10.48550/arXiv.2002.10957), six
layers of 384. Beside its word pieces it is given where known drug and disease names stand
(:mod:`nlp.gazetteer`), and which corpus' annotation is wanted. Corpora that mark only some classes
are used for those: of a word outside their spans it is known that it is none of *their* classes,
and the loss is the negative log of the probability of all labels that are left (partial labels;
Tsuboi et al. 2008, https://aclanthology.org/C08-1113/).

A student can be distilled from a teacher (Hinton et al. 2015,
https://doi.org/10.48550/arXiv.1503.02531): the loss is α·CE + (1−α)·T²·KL(teacher ‖ student) over
the label distributions at temperature T.

Training is deterministic for a seed and a machine, and resumable: after every ``save_minutes``
the state is written, atomically, and the same call goes on from there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.errors import UsageError
from nlp.gazetteer import Gazetteer
from nlp.token_scheme import Span, TokenScheme
from nlp.token_windows import LabelKeeper, Window, WindowMaker, collate, piece_maker
from nlp.training.examples import SpanExample, allowed_labels, span_scores
from nlp.training.optimisation import (
    CHECKPOINT,
    Optimisation,
    bucketed,
    half_precision,
    prepared_torch,
)
from nlp.training.token_network import make_network

LOGGER = logging.getLogger(__name__)

#: Called with the steps done and all steps.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class TokenTrainingConfig:
    """How a recogniser is trained. Rates are per step of the AdamW optimiser.

    Args:
        seed: of everything random.
        epochs: passes over the examples.
        batch_size: windows a step.
        encoder_rate: highest learning rate of the encoder.
        head_rate: highest learning rate of the features and the last layer.
        weight_decay: of AdamW.
        warmup: share of the steps in which the rate rises; then it falls, linearly, to zero.
        dropout: on the last hidden state.
        feature_dropout: share of the name features hidden in a step.
        layers: how many layers of the encoder are kept, the lowest; 0 for all.
        alpha: weight of the gold labels where a teacher is given; the rest is the teacher's.
        temperature: at which teacher and student are compared.
        save_minutes: most minutes of work a kill can lose.
        threads: processor threads.
        bf16: whether the forward pass runs in bfloat16 where the processor or GPU can.
    """

    seed: int = 20
    epochs: int = 10
    batch_size: int = 8
    encoder_rate: float = 1.5e-4
    head_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.1
    dropout: float = 0.1
    feature_dropout: float = 0.15
    layers: int = 0
    alpha: float = 0.5
    temperature: float = 2.0
    save_minutes: float = 4.0
    threads: int = 2
    bf16: bool = True


@dataclass(frozen=True, slots=True)
class _Labelled:
    """A window with the labels that may be right: bool [words, labels]."""

    window: Window
    allowed: npt.NDArray[np.bool_]


class TokenTrainer:
    """Trains a recogniser and keeps its state in ``folder``.

    Args:
        config: rates, sizes, seed.
        scheme: labels, features, windows.
        encoder: folder of the encoder (``config.json``, weights, tokenizer).
        gazetteer: where known names stand; None where the scheme asks for none.
        folder: where checkpoints go.
        teacher: a trained network of the same labels, where the model is to be distilled.
        start: tensors of an encoder fine-tuned before, by their names in ``BertModel``.

    Raises:
        MissingExtraError: without torch.
    """

    def __init__(
        self,
        config: TokenTrainingConfig,
        scheme: TokenScheme,
        *,
        encoder: Path,
        gazetteer: Gazetteer | None,
        folder: Path,
        teacher: Any = None,
        start: Mapping[str, npt.NDArray[np.float32]] | None = None,
    ) -> None:
        self._torch, self._device = prepared_torch(config)
        self.config = config
        self.scheme = scheme
        self._folder = folder
        self._teacher = teacher
        folder.mkdir(parents=True, exist_ok=True)
        self._maker = WindowMaker(scheme, piece_maker(scheme, encoder), gazetteer)
        network = make_network(encoder, scheme, dropout=config.dropout, layers=config.layers)
        if start is not None:
            tensors = {name: self._torch.from_numpy(array) for name, array in start.items()}
            network.encoder.load_state_dict(tensors)
        self.network = network.to(self._device)

    def train(
        self,
        examples: Sequence[SpanExample],
        held_out: Sequence[SpanExample] = (),
        *,
        progress: Progress | None = None,
    ) -> list[dict[str, Any]]:
        """Train; per epoch the loss, seconds and, where given, the scores on ``held_out``.

        Raises:
            UsageError: where there is nothing to train on.
        """
        windows = [
            _Labelled(w, allowed_labels(w.words, e, self.scheme))
            for i, e in enumerate(examples)
            for w in self._maker.windows(i, e.text, corpus=e.corpus)
            if w.words
        ]
        if not windows:
            raise UsageError("no training example holds a word; check the data folder")
        per_epoch = -(-len(windows) // self.config.batch_size)
        total = per_epoch * self.config.epochs
        optimisation = self._optimisation(total)
        state = optimisation.load(self._device) or {"step": 0, "history": []}
        step, history = int(state["step"]), list(state["history"])
        lengths = [len(w.window.pieces) for w in windows]
        while step < total:
            epoch = step // per_epoch
            seed = self.config.seed * 1000 + epoch
            order = bucketed(lengths, self.config.batch_size, seed=seed)
            started, losses = time.monotonic(), []
            for batch in order[step - epoch * per_epoch :]:
                losses.append(optimisation.step(self._loss([windows[i] for i in batch], step)))
                step += 1
                if optimisation.is_due():
                    optimisation.save(step, history)
                if progress is not None:
                    progress(step, total)
            entry: dict[str, Any] = {
                "epoch": epoch + 1,
                "loss": round(float(np.mean(losses)), 5),
                "seconds": round(time.monotonic() - started, 1),
            }
            if held_out:
                entry["held_out"] = self.evaluate(held_out)
            history.append(entry)
            LOGGER.info("%s", entry)
            optimisation.save(step, history)
        return history

    def evaluate(self, examples: Sequence[SpanExample]) -> dict[str, dict[str, float]]:
        """Strict scores of the network as it stands."""
        found = self.predict(examples)
        return span_scores([e.spans for e in examples], found, self.scheme.classes)

    def predict(self, examples: Sequence[SpanExample]) -> list[list[Span]]:
        """Spans found in each example, by the fp32 network."""
        self.network.eval()
        keeper = LabelKeeper(len(examples))
        windows = [
            w
            for i, e in enumerate(examples)
            for w in self._maker.windows(i, e.text, corpus=e.corpus)
        ]
        windows.sort(key=lambda w: len(w.pieces))
        with self._torch.inference_mode():
            for begin in range(0, len(windows), 16):
                part = windows[begin : begin + 16]
                logits = self._logits(self.network, collate(part)).float().cpu().numpy()
                for row, window in enumerate(part):
                    keeper.add(window, logits[row])
        found = []
        for number in range(len(examples)):
            words = keeper.words(number)
            labels = [int(scores.argmax()) for _, scores in words]
            found.append(self.scheme.decode([word for word, _ in words], labels))
        return found

    def restore(self) -> int:
        """Load the newest checkpoint of the folder into the network; its step."""
        state = self._torch.load(
            self._folder / CHECKPOINT, weights_only=True, map_location=self._device
        )
        self.network.load_state_dict(state["network"])
        return int(state["step"])

    def _optimisation(self, total: int) -> Optimisation:
        head = [*self.network.head.parameters(), *self.network.feature.parameters()]
        return Optimisation(
            self._torch, self.network, self.config, head=head, steps=total, folder=self._folder
        )

    def _logits(self, network: Any, batch: dict[str, npt.NDArray[np.int64]]) -> Any:
        tensors = {k: self._torch.from_numpy(v).to(self._device) for k, v in batch.items()}
        return network(tensors["pieces"], tensors["mask"], tensors["features"])

    def _loss(self, labelled: Sequence[_Labelled], step: int) -> Any:
        torch = self._torch
        self.network.train()
        torch.manual_seed(self.config.seed * 1_000_003 + step)
        batch = collate([one.window for one in labelled])
        with self._autocast():
            logits = self._logits(self.network, self._with_hidden_features(batch, step))
        places = [(r, piece) for r, one in enumerate(labelled) for piece, _, _ in one.window.words]
        rows, pieces = (torch.tensor(p, device=self._device) for p in zip(*places, strict=True))
        chosen = logits[rows, pieces].float()
        refused = torch.from_numpy(~np.concatenate([one.allowed for one in labelled]))
        log_p = torch.log_softmax(chosen, dim=-1)
        kept = log_p.masked_fill(refused.to(self._device), float("-inf"))
        loss = -torch.logsumexp(kept, dim=-1).mean()
        if self._teacher is not None:
            loss = self._distilled(loss, chosen, batch, rows, pieces)
        return loss

    def _distilled(self, loss: Any, chosen: Any, batch: Any, rows: Any, pieces: Any) -> Any:
        torch, config = self._torch, self.config
        with torch.inference_mode(), self._autocast():
            wanted = self._logits(self._teacher, batch)[rows, pieces].float()
        wanted = torch.softmax(wanted.clone() / config.temperature, dim=-1)
        own = torch.log_softmax(chosen / config.temperature, dim=-1)
        divergence = torch.nn.functional.kl_div(own, wanted, reduction="batchmean")
        return config.alpha * loss + (1 - config.alpha) * config.temperature**2 * divergence

    def _autocast(self) -> Any:
        return half_precision(self._torch, self._device, wanted=self.config.bf16)

    def _with_hidden_features(self, batch: Any, step: int) -> Any:
        """The batch with some name features hidden; the corpus tag always stays."""
        chance = np.random.default_rng(self.config.seed + step)
        mask = chance.random(batch["features"].shape) >= self.config.feature_dropout
        mask[:, 0] = True
        return {**batch, "features": batch["features"] * mask}
