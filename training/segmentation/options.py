"""Options and progress of a training run."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.segmentation.network import NETWORKS, Architecture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from training.segmentation.recipes import Recipe


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """Options of one training run."""

    data: tuple[Path, ...]  # cohort folders, simulated and own
    out: Path  # folder of the run: checkpoints, log and curves
    recipe: Recipe  # hyperparameters and training input
    size: int = 128  # height and width of the network's grid in pixels
    pooling: int = 4  # the input is finer by this factor
    minutes: float | None = None  # time limit, which the learning rate schedule then follows
    epochs: int | None = None  # number of epochs; by default the recipe's, or as many as `minutes` allow
    seed: int = 20251  # of weights, order and augmentation
    network: str = "resnext50"  # "resnext50", "plain", or a segmentation-models-pytorch encoder
    init: Path | None = None  # checkpoint, or folder of a published model, to start from
    resume: bool = False  # continue the run in `out`
    epoch_slices: int = 800  # largest number of slices per epoch; larger cohorts are sampled
    validation_slices: int = 160  # largest number of validation slices per situation
    threads: int = 0  # torch threads; 0 for torch's default
    on_device: bool = False  # make batches on the GPU, which then holds all exams
    without: str = ""  # family of physics whose components, and label maps, are left out
    workers: int = 0  # loader processes; 0 loads in the main process
    after_epoch: Callable[[int, float], None] | None = None  # gets epoch and validation Dice; may raise to end the run

    @property
    def last_epoch(self) -> int:
        """Last epoch of the run."""
        return self.epochs or (sys.maxsize if self.minutes else self.recipe.epochs)

    @property
    def architecture(self) -> Architecture:
        """The network for the recipe's input."""
        encoder = NETWORKS.get(self.network, self.network)
        return Architecture(encoder, in_channels=1 if self.recipe.inputs == "masked" else 3)


@dataclass(slots=True)
class Progress:
    """Progress of a run, stored in checkpoints."""

    epoch: int = 0
    steps: int = 0
    images: int = 0
    elapsed_s: float = 0.0
    best_dice: float = -1.0
    worse_epochs: int = 0
