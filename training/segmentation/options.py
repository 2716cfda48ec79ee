"""What a training run is told, and how far it is."""

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
    """What one training run is told.

    Attributes
    ----------
    data : cohort folders, simulated and own
    out : folder of the run: checkpoints, log and curves
    recipe : how to train
    size : height and width of the network's own grid in pixels
    pooling : the input is finer by this factor, here and at run time
    minutes : end after this time, if `epochs` do not end the run before; the learning rate follows the time then
    epochs : end after so many epochs; by default as many as the recipe says, or as the minutes allow
    seed : seed of weights, order and augmentation
    network : "resnext50", "plain", or a segmentation-models-pytorch encoder
    init : checkpoint, or folder of a published model, whose weights the run starts from
    resume : continue the run in `out` if it has a checkpoint
    epoch_slices : largest number of slices an epoch; a longer cohort is sampled
    validation_slices : largest number of validation slices a situation
    threads : torch threads, 0 leaves torch's choice
    workers : loader processes, 0 loads in the main process
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
        """Epoch at which the run ends at the latest."""
        return self.epochs or (sys.maxsize if self.minutes else self.recipe.epochs)

    @property
    def architecture(self) -> Architecture:
        """The network, with the channels that the recipe shows it."""
        encoder = NETWORKS.get(self.network, self.network)
        return Architecture(encoder, in_channels=1 if self.recipe.inputs == "masked" else 3)


@dataclass(slots=True)
class Progress:
    """How far a run is; carried through checkpoints."""

    epoch: int = 0
    steps: int = 0
    images: int = 0
    elapsed_s: float = 0.0
    best_dice: float = -1.0
    worse_epochs: int = 0
