"""The training loop: time-budgeted, resumable, reading a cohort that may still be growing."""

from __future__ import annotations

import csv
import math
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from monai.data import DataLoader
from monai.losses import DiceLoss
from monai.metrics import DiceMetric
from monai.utils import set_determinism
from torch.nn.functional import binary_cross_entropy_with_logits

from training.checkpoint import load_checkpoint, write_checkpoint
from training.dataset import IMAGE_KEY, LABEL_KEY, CohortCache, make_dataset
from training.network import Architecture, build_network
from training.schedule import learning_rate, make_average, make_optimiser

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn

    from training.config import Recipe

CHECKPOINT_NAME = "checkpoint.pt"
BEST_NAME = "best.pt"
LOG_NAME = "log.csv"
_HISTORY_FIELDS = ("recipe", "size", "seed", "progress", "exam_seeds", "slices", "simulators")
_WAIT_S = 5.0
_LOG_FIELDS = ("epoch", "steps", "images", "elapsed_min", "exams", "learning_rate", "loss", "validation_dice")


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What one training run is told.

    Attributes
    ----------
    data : cohort folder
    out : folder of the run: checkpoints and log
    recipe : how to train
    size : height and width of the network input in pixels
    minutes, epochs : budget, whichever ends first; at least one is given. The learning rate follows it
    seed : seed of weights, order and augmentation
    architecture : the network
    init : checkpoint whose weights the run starts from
    resume : continue the run in `out` if it has a checkpoint
    checkpoint_minutes : time between checkpoints within an epoch
    epoch_slices : largest number of slices an epoch; a longer cohort is sampled
    validation_slices : largest number of validation slices
    min_exams : wait until the training split has this many exams
    threads : torch threads, 0 leaves torch's choice
    workers : loader processes, 0 loads in the main process

    """

    data: Path
    out: Path
    recipe: Recipe
    size: int = 256
    minutes: float | None = None
    epochs: int | None = None
    seed: int = 20251
    architecture: Architecture = field(default_factory=Architecture)
    init: Path | None = None
    resume: bool = False
    checkpoint_minutes: float = 5.0
    epoch_slices: int = 800
    validation_slices: int = 64
    min_exams: int = 1
    threads: int = 0
    workers: int = 0


@dataclass(slots=True)
class Progress:
    """How far a run is; carried through checkpoints."""

    epoch: int = 0
    steps: int = 0
    images: int = 0
    elapsed_s: float = 0.0
    best_dice: float = -1.0


class Trainer:
    """One run: network, optimiser, averaged weights and progress."""

    def __init__(self, options: TrainOptions) -> None:
        set_determinism(seed=options.seed)
        if options.threads:
            torch.set_num_threads(options.threads)
        self.options = options
        self.recipe = options.recipe
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        network = build_network(options.architecture)
        self.history: list[dict[str, Any]] = []
        if options.init is not None:
            initial = load_checkpoint(options.init)
            network.load_state_dict(initial["weights"])
            self.history = [*initial["history"], {name: initial[name] for name in _HISTORY_FIELDS}]
        self.network = network.to(self.device, memory_format=torch.channels_last)
        self.optimiser = make_optimiser(self.recipe, self.network)
        self.average = make_average(self.recipe, self.network)
        self.dice_loss = DiceLoss(sigmoid=True, batch=True)
        self.progress = Progress()
        self.train_cache = CohortCache(options.data, "train")
        self.validation_cache = CohortCache(options.data, "validation")
        self._last_save_s = 0.0
        self._clock = time.monotonic()
        if options.resume and (options.out / CHECKPOINT_NAME).exists():
            self._restore()

    def run(self) -> Progress:
        """Train until the budget ends; returns how far the run came."""
        self.options.out.mkdir(parents=True, exist_ok=True)
        self._wait_for_exams()
        self._clock = time.monotonic()
        while not self._finished():
            loss = self._train_epoch()
            self.progress.epoch += 1
            dice = self.validate()
            self._tick()
            self._log(loss, dice)
            self._keep_best(dice)
            self._save()
        return self.progress

    def validate(self) -> float:
        """Return the mean Dice of validation slices that show liver; NaN where there are none yet."""
        self.validation_cache.rescan()
        slices = self.validation_cache.slices()[: self.options.validation_slices]
        if not slices:
            return math.nan
        dataset = make_dataset(slices, self.options.size, augment=False)
        metric = DiceMetric(include_background=True, reduction="mean", ignore_empty=True)
        network = self._evaluated().eval()
        with torch.inference_mode():
            for batch in DataLoader(dataset, batch_size=self.recipe.batch_size):
                metric((self._logits(network, batch[IMAGE_KEY]) > 0).cpu(), batch[LABEL_KEY] > 0.5)  # noqa: PLR2004 - half of a pixel
        return float(metric.aggregate().item())

    def _evaluated(self) -> nn.Module:
        if self.recipe.ema_decay:
            averaged: nn.Module = self.average.module
            return averaged
        return self.network

    def _logits(self, network: nn.Module, image: Tensor) -> Tensor:
        placed = image.to(self.device, memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.bfloat16):
            logits: Tensor = network(placed)
        return logits.float()

    def _train_epoch(self) -> float:
        self.train_cache.rescan()
        slices = self.train_cache.slices()
        order = np.random.default_rng((self.options.seed, self.progress.steps)).permutation(len(slices))
        chosen = [slices[index] for index in order[: self.options.epoch_slices]]
        seed = self.options.seed + self.progress.steps
        loader = DataLoader(
            make_dataset(chosen, self.options.size, augment=True, seed=seed),
            batch_size=self.recipe.batch_size,
            drop_last=len(chosen) >= self.recipe.batch_size,
            num_workers=self.options.workers,
            generator=torch.Generator().manual_seed(seed),
        )
        self.network.train()
        losses = []
        for batch in loader:
            losses.append(self._step(batch))
            self._tick()
            if self._finished():
                break
            if self.progress.elapsed_s - self._last_save_s > 60 * self.options.checkpoint_minutes:
                self._save()
        return float(np.mean(losses))

    def _step(self, batch: dict[str, Any]) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.recipe, self._share())
        label = batch[LABEL_KEY].to(self.device)
        logits = self._logits(self.network, batch[IMAGE_KEY])
        loss = binary_cross_entropy_with_logits(logits, label)
        if self.recipe.dice_weight:
            loss = loss + self.recipe.dice_weight * self.dice_loss(logits, label)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if self.recipe.gradient_norm:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.gradient_norm)
        self.optimiser.step()
        if self.recipe.ema_decay:
            self.average.update_parameters(self.network)
        self.progress.steps += 1
        self.progress.images += len(label)
        if self.progress.steps % 20 == 0:
            minutes = self.progress.elapsed_s / 60
            print(f"step {self.progress.steps} {minutes:.1f} min loss {loss.item():.4f}", flush=True)
        return float(loss.item())

    def _share(self) -> float:
        shares = [0.0]
        if self.options.minutes:
            shares.append(self.progress.elapsed_s / (60 * self.options.minutes))
        if self.options.epochs:
            shares.append(self.progress.epoch / self.options.epochs)
        return max(shares)

    def _finished(self) -> bool:
        return self._share() >= 1.0

    def _tick(self) -> None:
        now = time.monotonic()
        self.progress.elapsed_s += now - self._clock
        self._clock = now

    def _wait_for_exams(self) -> None:
        self.train_cache.rescan()
        while len(self.train_cache.records) < max(self.options.min_exams, 1):
            print(f"{len(self.train_cache.records)} exams, waiting for {self.options.min_exams}", flush=True)
            time.sleep(_WAIT_S)
            self.train_cache.rescan()

    def _log(self, loss: float, dice: float) -> None:
        row = (
            self.progress.epoch,
            self.progress.steps,
            self.progress.images,
            round(self.progress.elapsed_s / 60, 2),
            len(self.train_cache.records),
            f"{learning_rate(self.recipe, self._share()):.3g}",
            round(loss, 5),
            round(dice, 5),
        )
        path = self.options.out / LOG_NAME
        fresh = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            if fresh:
                writer.writerow(_LOG_FIELDS)
            writer.writerow(row)
        print(", ".join(f"{name} {value}" for name, value in zip(_LOG_FIELDS, row, strict=True)), flush=True)

    def _description(self) -> dict[str, Any]:
        return {
            "architecture": asdict(self.options.architecture),
            "recipe": asdict(self.recipe),
            "size": self.options.size,
            "seed": self.options.seed,
            "device": self.device.type,
            "history": self.history,
            "progress": asdict(self.progress),
            "exam_seeds": sorted(self.train_cache.records),
            "slices": sum(len(record.liver) for record in self.train_cache.records.values()),
            "simulators": sorted({record.simulator for record in self.train_cache.records.values()}),
        }

    def _keep_best(self, dice: float) -> None:
        if dice < self.progress.best_dice:
            return
        # Without validation exams the latest weights count as the best; NaN is never stored as a record to beat.
        self.progress.best_dice = -1.0 if math.isnan(dice) else dice
        write_checkpoint(
            self.options.out / BEST_NAME, self._description() | {"weights": self._evaluated().state_dict()}
        )

    def _save(self) -> None:
        state = self._description() | {
            "weights": self._evaluated().state_dict(),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        write_checkpoint(self.options.out / CHECKPOINT_NAME, state)
        self._last_save_s = self.progress.elapsed_s

    def _restore(self) -> None:
        state = torch.load(self.options.out / CHECKPOINT_NAME, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.progress = Progress(**state["progress"])
        self.history = state["history"]
        self._last_save_s = self.progress.elapsed_s
