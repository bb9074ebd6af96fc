"""Going on with masked language modelling on unlabelled text of the field, before fine-tuning.

Gururangan et al. 2020 (https://aclanthology.org/2020.acl-main.740/): an encoder that has read text
of the domain learns a task of the domain better. Pieces are chosen at random; most are hidden,
some replaced, some left (Devlin et al. 2019, https://doi.org/10.48550/arXiv.1810.04805), and the
encoder says which they were, through the table of its own word embeddings.

Deterministic for a seed and a machine, and resumable like every training here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.errors import MissingExtraError, UsageError
from nlp.token_windows import PieceMaker
from nlp.training.optimisation import Optimisation, bucketed, half_precision, prepared_torch

LOGGER = logging.getLogger(__name__)

_HIDDEN, _REPLACED = 0.8, 0.1  # of the chosen pieces; the rest stays as it is
_FEWEST = 16  # pieces of a stretch worth reading


@dataclass(frozen=True, slots=True)
class MaskedLanguageConfig:
    """How an encoder reads on. Rates are per step of the AdamW optimiser.

    Args:
        seed: of everything random.
        epochs: passes over the texts.
        batch_size: stretches a step.
        encoder_rate: highest learning rate of the encoder.
        head_rate: highest learning rate of what is new.
        weight_decay: of AdamW.
        warmup: share of the steps in which the rate rises; then it falls, linearly, to zero.
        masked: share of the pieces to be guessed.
        max_pieces: longest stretch, the two special pieces included.
        layers: how many layers of the encoder are kept, the lowest; 0 for all.
        save_minutes: most minutes of work a kill can lose.
        threads: processor threads.
        bf16: whether the forward pass runs in bfloat16 where the processor or GPU can.
    """

    seed: int = 19
    epochs: int = 3
    batch_size: int = 16
    encoder_rate: float = 3e-4
    head_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.06
    masked: float = 0.15
    max_pieces: int = 256
    layers: int = 0
    save_minutes: float = 4.0
    threads: int = 2
    bf16: bool = True


class MaskedLanguageTrainer:
    """Trains an encoder to guess hidden pieces and keeps its state in ``folder``.

    Args:
        config: rates, sizes, seed.
        encoder: folder of a BERT encoder (``config.json`` and weights).
        maker: cuts texts into pieces.
        folder: where the checkpoint goes.

    Raises:
        MissingExtraError: without torch and transformers.
    """

    def __init__(
        self, config: MaskedLanguageConfig, *, encoder: Path, maker: PieceMaker, folder: Path
    ) -> None:
        self._torch, self._device = prepared_torch(config)
        self._config, self._maker, self._folder = config, maker, folder
        folder.mkdir(parents=True, exist_ok=True)
        self._network = _guesser(self._torch, encoder, config.layers).to(self._device)

    def train(self, texts: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """Read ``texts``; the encoder's tensors, by their names in ``BertModel``.

        Raises:
            UsageError: where there is nothing to read.
        """
        config = self._config
        stretches = [s for text in texts for s in self._stretches(text)]
        if not stretches:
            raise UsageError("no text to read on is long enough; check the data folder")
        per_epoch = -(-len(stretches) // config.batch_size)
        total = per_epoch * config.epochs
        optimisation = self._optimisation(total)
        state = optimisation.load(self._device) or {"step": 0, "history": []}
        step, history = int(state["step"]), list(state["history"])
        lengths = [len(s) for s in stretches]
        while step < total:
            epoch = step // per_epoch
            order = bucketed(lengths, config.batch_size, seed=config.seed * 1000 + epoch)
            started, losses = time.monotonic(), []
            for batch in order[step - epoch * per_epoch :]:
                losses.append(optimisation.step(self._loss([stretches[i] for i in batch], step)))
                step += 1
                if optimisation.is_due():
                    optimisation.save(step, history)
                    LOGGER.info("step %d of %d, loss %.4f", step, total, np.mean(losses[-50:]))
            seconds = round(time.monotonic() - started, 1)
            loss = round(float(np.mean(losses)), 5)
            history.append({"epoch": epoch + 1, "loss": loss, "seconds": seconds})
            LOGGER.info("%s", history[-1])
            optimisation.save(step, history)
        encoder = self._network["encoder"].state_dict()
        return {name: tensor.float().cpu().numpy() for name, tensor in encoder.items()}

    def _stretches(self, text: str) -> Iterator[npt.NDArray[np.int64]]:
        ids, most = self._maker.pieces(text).ids, self._config.max_pieces - 2
        for begin in range(0, len(ids), most):
            part = ids[begin : begin + most]
            if len(part) >= _FEWEST:
                yield np.array([self._maker.first, *part, self._maker.last], np.int64)

    def _optimisation(self, total: int) -> Optimisation:
        new = [*self._network["change"].parameters(), self._network["guess"].bias]
        return Optimisation(
            self._torch, self._network, self._config, head=new, steps=total, folder=self._folder
        )

    def _loss(self, stretches: Sequence[npt.NDArray[np.int64]], step: int) -> Any:
        torch, network = self._torch, self._network
        network.train()
        torch.manual_seed(self._config.seed * 1_000_003 + step)
        shown, mask, chosen, wanted = self._batch(stretches, step)
        pieces, mask, chosen = (torch.from_numpy(a).to(self._device) for a in (shown, mask, chosen))
        with half_precision(torch, self._device, wanted=self._config.bf16):
            hidden = network["encoder"](pieces, attention_mask=mask).last_hidden_state
            guesses = network["guess"](network["change"](hidden[chosen]))
        target = torch.from_numpy(wanted).to(self._device)
        return torch.nn.functional.cross_entropy(guesses.float(), target)

    def _batch(
        self, stretches: Sequence[npt.NDArray[np.int64]], step: int
    ) -> tuple[npt.NDArray[Any], ...]:
        """Pieces shown and their mask, int64 [batch, length]; which were chosen, bool of the same
        shape; what those were, int64 [chosen]."""
        shape = (len(stretches), max(map(len, stretches)))
        pieces, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for row, stretch in enumerate(stretches):
            pieces[row, : len(stretch)] = stretch
            mask[row, : len(stretch)] = 1
        chance = np.random.default_rng((self._config.seed, step))
        special = np.isin(pieces, (self._maker.first, self._maker.last)) | (mask == 0)
        chosen = (chance.random(shape) < self._config.masked) & ~special
        if not chosen.any():
            chosen[0, 1] = True
        wanted = pieces[chosen]
        fate = chance.random(len(wanted))
        other = chance.integers(4, self._network["guess"].out_features, len(wanted))
        shown = np.where(fate < _HIDDEN, self._maker.hidden, wanted)
        replaced = (fate >= _HIDDEN) & (fate < _HIDDEN + _REPLACED)
        pieces[chosen] = np.where(replaced, other, shown)
        return pieces, mask, chosen, wanted


def _guesser(torch: Any, encoder: Path, layers: int) -> Any:
    """Encoder, a change of its states, and a guess through its word embeddings (shared)."""
    try:
        from transformers import BertModel
    except ImportError as error:
        raise MissingExtraError("transformers", extra="train") from error
    body = BertModel.from_pretrained(str(encoder), add_pooling_layer=False)
    if layers:
        body.encoder.layer = body.encoder.layer[:layers]
        body.config.num_hidden_layers = layers
    words = body.embeddings.word_embeddings
    width = body.config.hidden_size
    change = torch.nn.Sequential(
        torch.nn.Linear(width, width), torch.nn.GELU(), torch.nn.LayerNorm(width)
    )
    guess = torch.nn.Linear(width, words.num_embeddings)
    guess.weight = words.weight
    torch.nn.init.zeros_(guess.bias)
    return torch.nn.ModuleDict({"encoder": body, "change": change, "guess": guess})
