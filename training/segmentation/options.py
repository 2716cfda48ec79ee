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
    """Options of one training run.

    Attributes
    ----------
    data : cohort folders, simulated and own
    out : folder of the run: checkpoints, log and curves
    recipe : hyperparameters and training input
    size : height and width of the network's grid in pixels
    pooling : the input is finer by this factor
    minutes : time limit, which the learning rate schedule then follows
    epochs : number of epochs; by default the recipe's, or as many as `minutes` allow
    seed : of weights, order and augmentation
    network : "resnext50", "plain", or a segmentation-models-pytorch encoder
    init : checkpoint, or folder of a published model, to start from
    resume : continue the run in `out`
    epoch_slices : largest number of slices per epoch; larger cohorts are sampled
    validation_slices : largest number of validation slices per situation
    threads : torch threads; 0 for torch's default
    workers : loader processes; 0 loads in the main process
    after_epoch : called with epoch and validation Dice; may raise to end the run
    """

    data: tuple[Path, ...]
    out: Path
    recipe: Recipe
    size: int = 128
    pooling: int = 4
    minutes: float | None = None
    epochs: int | None = None
    seed: int = 20251
    network: str = "resnext50"
    init: Path | None = None
    resume: bool = False
    epoch_slices: int = 800
    validation_slices: int = 160
    threads: int = 0
    workers: int = 0
    after_epoch: Callable[[int, float], None] | None = None

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
