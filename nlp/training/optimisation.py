"""What every training here shares: the optimiser and its rates, the step, batches, checkpoints.

AdamW (Loshchilov & Hutter 2019, https://doi.org/10.48550/arXiv.1711.05101) with one rate for the
encoder and one for what is new; both rise, then fall linearly to zero. A checkpoint is written
beside the last one and takes its place in one step, so that a kill leaves one that can be read.
"""

from __future__ import annotations

import contextlib
import logging
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from kg.errors import MissingExtraError

if TYPE_CHECKING:
    from nlp.training.masked_language import MaskedLanguageConfig
    from nlp.training.relation_training import RelationTrainingConfig
    from nlp.training.token_trainer import TokenTrainingConfig

    AnyConfig: TypeAlias = MaskedLanguageConfig | RelationTrainingConfig | TokenTrainingConfig

LOGGER = logging.getLogger(__name__)
CHECKPOINT = "checkpoint.pt"
_MOST_NORM = 1.0  # of the gradient


def prepared_torch(config: AnyConfig) -> tuple[Any, Any]:
    """``torch``, seeded and with the threads of ``config``, and the device to train on.

    Raises:
        MissingExtraError: without torch.
    """
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError("torch", extra="train") from error
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    torch.set_flush_denormal(True)
    return torch, torch.device("cuda" if torch.cuda.is_available() else "cpu")


def half_precision(torch: Any, device: Any, *, wanted: bool) -> Any:
    """A context in which the network runs in bfloat16, where it is wanted and pays.

    Processors without instructions for it do it in software, several times slower than fp32.
    """
    if wanted and (device.type != "cpu" or has_bf16(torch)):
        return torch.autocast(device.type, torch.bfloat16)
    return contextlib.nullcontext()


def has_bf16(torch: Any) -> bool:
    """Whether this processor multiplies bfloat16 itself; False where torch is too old to say."""
    read = getattr(torch.cpu, "get_capabilities", None)
    found = {} if read is None else read()
    return any(found.get(name) for name in ("avx512_bf16", "amx_bf16", "sve_bf16", "bf16"))


class Optimisation:
    """The optimiser of one training, its schedule, and its checkpoints.

    Args:
        torch: the module.
        network: whose parameters are trained.
        config: rates, decay, warm-up; kept in the checkpoint.
        head: parameters that are new; all others belong to the encoder.
        steps: how many there are.
        folder: where the checkpoint lies.
    """

    def __init__(
        self,
        torch: Any,
        network: Any,
        config: AnyConfig,
        *,
        head: Iterable[Any],
        steps: int,
        folder: Path,
    ) -> None:
        self._torch, self._network, self._config = torch, network, config
        self._path = folder / CHECKPOINT
        new = list(head)
        known = {id(p) for p in new}
        body = [p for p in network.parameters() if id(p) not in known and p.requires_grad]
        self._optimiser = torch.optim.AdamW(
            [{"params": body, "lr": config.encoder_rate}, {"params": new, "lr": config.head_rate}],
            weight_decay=config.weight_decay,
            fused=True,
        )
        warm = max(1, round(config.warmup * steps))
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser,
            lambda s: min((s + 1) / warm, max(0.0, (steps - s) / max(1, steps - warm))),
        )
        self._saved = time.monotonic()

    def step(self, loss: Any) -> float:
        """Go one step down the gradient of ``loss``; its value."""
        self._optimiser.zero_grad()
        loss.backward()
        self._torch.nn.utils.clip_grad_norm_(self._network.parameters(), _MOST_NORM)
        self._optimiser.step()
        self._schedule.step()
        return float(loss.detach())

    def is_due(self) -> bool:
        """Whether more work than ``save_minutes`` would be lost by a kill now."""
        return time.monotonic() - self._saved > 60 * self._config.save_minutes

    def save(self, step: int, history: list[Any], **more: Any) -> None:
        """Write the checkpoint, whole or not at all; ``more`` is kept with it."""
        partial = self._path.with_suffix(".partial")
        state = {
            "config": _plain(self._config),
            "network": self._network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "step": step,
            "history": history,
            **more,
        }
        self._torch.save(state, partial)
        partial.replace(self._path)
        self._saved = time.monotonic()

    def load(self, device: Any) -> dict[str, Any] | None:
        """Go on from the checkpoint: what it holds; None where there is none of this training."""
        if not self._path.exists():
            return None
        state: dict[str, Any] = self._torch.load(self._path, weights_only=True, map_location=device)
        if _plain(state["config"]) != _plain(self._config):
            LOGGER.warning("%s is of another configuration; training starts anew", self._path)
            return None
        self._network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        return state


def _plain(config: AnyConfig | dict[str, Any]) -> dict[str, Any]:
    """A configuration as a checkpoint can hold it."""
    record = config if isinstance(config, dict) else asdict(config)
    return {k: list(v) if isinstance(v, tuple) else v for k, v in record.items()}


def bucketed(lengths: Sequence[int], size: int, *, seed: int, chunk: int = 50) -> list[list[int]]:
    """Batches of ``size`` of like length, in random order, the same for the same seed.

    Args:
        lengths: of each example.
        size: examples a batch.
        seed: of the order.
        chunk: batches' worth of examples sorted together.

    >>> sorted(map(sorted, bucketed([5, 1, 5, 1], 2, seed=1)))
    [[0, 2], [1, 3]]
    """
    chance = random.Random(seed)
    order = list(range(len(lengths)))
    chance.shuffle(order)
    batches: list[list[int]] = []
    for begin in range(0, len(order), size * chunk):
        part = sorted(order[begin : begin + size * chunk], key=lengths.__getitem__)
        batches += [part[b : b + size] for b in range(0, len(part), size)]
    chance.shuffle(batches)
    return batches
