"""Data loaders of training and validation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.segmentation.dataset import EpochSampler, Grid, Slices, in_order, only_suitable, slice_weights
from training.segmentation.device_batches import DeviceBatches
from training.segmentation.engines import CommonKeys, DataLoader
from training.segmentation.network import default_device
from training.segmentation.situations import INPUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch
    from torch import Tensor

    from training.cohort.exams import Exam
    from training.segmentation.options import TrainOptions
    from training.segmentation.situations import Situation


def training_loader(
    options: TrainOptions, exams: Sequence[Exam], *, pin_memory: bool
) -> tuple[EpochSampler, DataLoader | DeviceBatches]:
    """Return the sampler and the loader of augmented training slices."""
    recipe = options.recipe
    slices = _slices(options, exams, INPUTS[recipe.inputs], augment=recipe.augment)
    weights = slice_weights(slices, recipe.rare_weight)
    sampler = EpochSampler(len(slices), options.epoch_slices, options.seed, weights=weights)
    if options.on_device:
        return sampler, DeviceBatches(slices, sampler, recipe.batch_size, default_device())
    loader = DataLoader(
        slices,
        batch_size=recipe.batch_size,
        sampler=sampler,
        drop_last=len(sampler) >= recipe.batch_size,
        num_workers=options.workers,
        persistent_workers=options.workers > 0,
        pin_memory=pin_memory,
    )
    return sampler, loader


def validation_loader(options: TrainOptions, exams: Sequence[Exam], situation: Situation) -> DataLoader:
    """Return the loader of validation slices in one input situation."""
    slices = _slices(options, only_suitable(exams, situation), (situation,), augment=False)
    return DataLoader(
        slices,
        batch_size=options.recipe.batch_size,
        sampler=in_order(slices, options.validation_slices),
        num_workers=options.workers,
    )


def batch_preparation(channels: int) -> Callable[..., tuple[Tensor, Tensor]]:
    """Return the function that MONAI's engines call to move a batch to the device, with its first `channels`."""

    def prepare(
        batch: dict[str, Tensor],
        device: torch.device,
        non_blocking: bool,  # noqa: FBT001 - MONAI's interface
        **_: object,
    ) -> tuple[Tensor, Tensor]:
        image, label = batch[CommonKeys.IMAGE][:, :channels], batch[CommonKeys.LABEL]
        return image.to(device, non_blocking=non_blocking), label.to(device, non_blocking=non_blocking)

    return prepare


def _slices(options: TrainOptions, exams: Sequence[Exam], situations: Sequence[Situation], *, augment: bool) -> Slices:
    grid = Grid(options.size, options.pooling)
    return Slices(exams, situations, grid, augment=augment, seed=options.seed)
