"""Fine-tuning an encoder to find relations between the concepts of a document.

Corpora that mark only some relations are used for those (labels of which nothing is known are
left out of the loss). What is kept is the moving average of the weights. Training is
deterministic for a seed and a machine, and resumable: every ``save_minutes`` the state is
written, atomically, and the same call goes on from there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nlp.relation_pairs import Pair, Priors, Specificity, candidate_pairs, features
from nlp.relation_pieces import (
    MOST_PIECES,
    MarkedPieces,
    encoder_rows,
    joined_states,
    mark_matrix,
    marked_pieces,
)
from nlp.token_windows import WordPieces
from nlp.training.optimisation import Optimisation, bucketed, half_precision, prepared_torch
from nlp.training.relation_examples import (
    LABELS,
    UNKNOWN,
    RelationExample,
    causes_priors,
)
from nlp.training.relation_network import make_network

LOGGER = logging.getLogger(__name__)
MARK = "*"
AVERAGE_EVERY = 4  # steps


@dataclass(frozen=True, slots=True)
class RelationTrainingConfig:
    """How the relation model is trained. Rates are per step of the AdamW optimiser.

    ``weights`` multiply the loss of each label of :data:`LABELS`; ``masked`` is the share of
    pieces hidden from the encoder; ``average`` the decay of the moving average; with
    ``fixed_words`` the word embeddings stay as they were; with ``bf16`` the encoder runs in
    bfloat16 where the processor or GPU can.
    """

    seed: int = 20
    epochs: int = 12
    batch_size: int = 4
    max_pieces: int = MOST_PIECES
    encoder_rate: float = 1e-4
    head_rate: float = 5e-4
    weight_decay: float = 0.01
    warmup: float = 0.06
    dropout: float = 0.15
    masked: float = 0.08
    average: float = 0.995
    weights: tuple[float, ...] = (1.0, 0.6, 0.4, 0.4)
    save_minutes: float = 4.0
    threads: int = 2
    bf16: bool = True
    fixed_words: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document ready for the network; pairs whose marks were cut off are left out."""

    marked: MarkedPieces
    pairs: tuple[Pair, ...]
    features: npt.NDArray[np.float32]
    target: npt.NDArray[np.int8]


class RelationTrainer:
    """Trains a relation model and keeps its state in ``folder``.

    Args:
        config: rates, sizes, seed.
        encoder: folder of the encoder (``config.json``, weights, ``tokenizer.json``).
        folder: where checkpoints go.
        priors: counts over the training documents.
        specificity: which disease is a kind of which.
        start: tensors of an encoder fine-tuned before, by their names in ``BertModel``.
        labels: what is predicted; ``config.weights`` has one weight each.
    """

    def __init__(
        self,
        config: RelationTrainingConfig,
        *,
        encoder: Path,
        folder: Path,
        priors: Priors,
        specificity: Specificity,
        start: dict[str, Any] | None = None,
        labels: tuple[str, ...] = LABELS,
    ) -> None:
        self._torch, self._device = prepared_torch(config)
        self.config = config
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._maker = WordPieces(encoder / "tokenizer.json")
        self._mark = self._maker.pieces(MARK).ids[0]
        self._hidden = self._maker.pieces("[MASK]").ids[0]
        self._priors, self._specificity = priors, specificity
        self._labels = labels
        body, head = make_network(encoder, labels=len(labels), dropout=config.dropout)
        if start is not None:
            body.bert.load_state_dict(start)
        body.bert.embeddings.word_embeddings.weight.requires_grad_(not config.fixed_words)
        network = self._torch.nn.ModuleDict({"encoder": body, "head": head})
        self.network = network.to(self._device)

    def prepared(self, example: RelationExample, *, own: bool) -> Prepared:
        """An example in pieces, with the pairs to score.

        Args:
            example: a document with labels.
            own: whether the priors were counted over it as well.
        """
        document = example.document
        marked = marked_pieces(
            document, self._maker, mark=self._mark, max_pieces=self.config.max_pieces
        )
        pairs = [p for p in candidate_pairs(document) if all(marked.marks[i] for i in p)]
        target = example.target(pairs)
        if own:
            kept = np.flatnonzero((target != UNKNOWN).any(axis=1))
            pairs, target = [pairs[i] for i in kept], target[kept]
        counted = features(
            document,
            pairs,
            priors=self._priors,
            specificity=self._specificity,
            own=causes_priors([example]) if own else None,
        )
        return Prepared(marked, tuple(pairs), counted, target)

    def train(
        self,
        examples: Sequence[RelationExample],
        *,
        held_out: Callable[[], dict[str, float]] | None = None,
    ) -> list[dict[str, Any]]:
        """Train; per epoch the loss, seconds and, where given, what ``held_out`` measures."""
        ready = [self.prepared(e, own=True) for e in examples]
        ready = [r for r in ready if r.pairs]
        per_epoch = -(-len(ready) // self.config.batch_size)
        total = per_epoch * self.config.epochs
        optimisation = self._optimisation(total)
        state = optimisation.load(self._device) or {
            "step": 0,
            "history": [],
            "average": {k: v.clone() for k, v in self.network.state_dict().items()},
        }
        step, history, average = state["step"], state["history"], state["average"]
        lengths = [len(r.marked.pieces) for r in ready]
        while step < total:
            epoch = step // per_epoch
            seed = self.config.seed * 1000 + epoch
            order = bucketed(lengths, self.config.batch_size, seed=seed, chunk=25)
            started, losses = time.monotonic(), []
            for batch in order[step - epoch * per_epoch :]:
                losses.append(optimisation.step(self._loss([ready[i] for i in batch], step)))
                step += 1
                self._average(average, step)
                if optimisation.is_due():
                    optimisation.save(step, history, average=average)
                if step % 50 == 0:
                    LOGGER.info("step %d of %d, loss %.4f", step, total, np.mean(losses[-50:]))
            entry: dict[str, Any] = {
                "epoch": epoch + 1,
                "loss": round(float(np.mean(losses)), 5) if losses else None,
                "seconds": round(time.monotonic() - started, 1),
            }
            if held_out is not None:
                entry |= self._with(average, held_out)
            history.append(entry)
            LOGGER.info("%s", entry)
            optimisation.save(step, history, average=average)
        self.network.load_state_dict(average)
        return list(history)

    def scores(
        self, examples: Sequence[RelationExample]
    ) -> list[tuple[tuple[Pair, ...], npt.NDArray[np.float32]]]:
        """Per document its pairs and their logits, float32 [pairs, labels]."""
        torch = self._torch
        self.network.eval()
        found = []
        with torch.inference_mode():
            for example in examples:
                ready = self.prepared(example, own=False)
                logits = self._logits([ready]) if ready.pairs else None
                rows = np.zeros((0, len(self._labels)), dtype=np.float32)
                found.append(
                    (ready.pairs, rows if logits is None else logits.float().cpu().numpy())
                )
        return found

    def _optimisation(self, total: int) -> Optimisation:
        parts = self.network
        head = [*parts["head"].parameters(), *parts["encoder"].kind.parameters()]
        return Optimisation(
            self._torch, parts, self.config, head=head, steps=total, folder=self._folder
        )

    def _logits(self, ready: Sequence[Prepared]) -> Any:
        """Logits of all pairs of a batch, [pairs of the batch, labels]."""
        torch = self._torch
        split = [encoder_rows(r.marked) for r in ready]
        rows = [row for of, _ in split for row in of]
        length = max(len(row["pieces"]) for row in rows)
        batch = np.zeros((3, len(rows), length), dtype=np.int64)
        for number, row in enumerate(rows):
            for part, name in enumerate(("pieces", "mask", "kinds")):
                batch[part, number, : len(row[name])] = row[name]
        pieces, mask, kinds = (torch.from_numpy(b).to(self._device) for b in batch)
        if self.network.training and self.config.masked:
            chosen = (torch.rand(pieces.shape) < self.config.masked).to(self._device)
            chosen &= (kinds <= 2) & (mask == 1)
            pieces = pieces.masked_fill(chosen, self._hidden)
        with half_precision(torch, self._device, wanted=self.config.bf16):
            hidden, attention = self.network["encoder"](pieces, mask, kinds)
        hidden, attention = hidden.unbind(0), attention.unbind(0)
        logits, at = [], 0
        for one, (of, ranges) in zip(ready, split, strict=True):
            states = [(hidden[i], attention[i]) for i in range(at, at + len(of))]
            at += len(of)
            whole = joined_states(states, ranges, len(one.marked.pieces))
            places, real = mark_matrix([m or (0,) for m in one.marked.marks])
            logits.append(
                self.network["head"](
                    *whole,
                    torch.from_numpy(places).to(self._device),
                    torch.from_numpy(real).to(self._device),
                    torch.tensor(one.pairs, device=self._device),
                    torch.from_numpy(one.features).to(self._device),
                )
            )
        return torch.cat(logits)

    def _loss(self, ready: Sequence[Prepared], step: int) -> Any:
        torch = self._torch
        self.network.train()
        torch.manual_seed(self.config.seed * 1_000_003 + step)
        logits = self._logits(ready).float()
        target = torch.from_numpy(np.concatenate([r.target for r in ready])).to(self._device)
        known = (target != UNKNOWN).float() * torch.tensor(self.config.weights, device=self._device)
        losses = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, (target == 1).float(), reduction="none"
        )
        return (losses * known).sum() / known.sum().clamp(min=1.0)

    def _average(self, average: dict[str, Any], step: int) -> None:
        if step % AVERAGE_EVERY:
            return
        decay = min(self.config.average**AVERAGE_EVERY, (1 + step) / (10 + step))
        with self._torch.no_grad():
            for name, tensor in self.network.named_parameters():
                if tensor.requires_grad:
                    average[name].lerp_(tensor, 1 - decay)

    def _with(self, average: dict[str, Any], measure: Callable[[], dict[str, float]]) -> Any:
        """``measure`` with the averaged weights in place of the newest."""
        newest = {k: v.clone() for k, v in self.network.state_dict().items()}
        self.network.load_state_dict(average)
        measured = measure()
        self.network.load_state_dict(newest)
        return measured
