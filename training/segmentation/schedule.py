"""Optimiser, learning rate schedule and weight averaging of a recipe."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.optim.swa_utils import AveragedModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

    from training.segmentation.recipes import Recipe


def learning_rate(recipe: Recipe, progress: float) -> float:
    """Return the learning rate at `progress`, the share of the budget that is spent, in [0, 1]."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    if progress < recipe.warmup_share:
        return recipe.learning_rate * max(progress / recipe.warmup_share, 0.01)
    share = (min(progress, 1.0) - recipe.warmup_share) / (1.0 - recipe.warmup_share)
    return recipe.learning_rate * max(0.5 * (1.0 + math.cos(math.pi * share)), 0.001)


def make_optimiser(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    """Build the recipe's optimiser."""
    common: dict[str, Any] = {"lr": recipe.learning_rate, "weight_decay": recipe.weight_decay}
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(network.parameters(), momentum=recipe.momentum, **common)
    return torch.optim.AdamW(network.parameters(), betas=(recipe.momentum, 0.999), fused=True, **common)


def make_average(recipe: Recipe, network: nn.Module) -> AveragedModel:
    """Build the exponential moving average of the weights; its decay grows from 0.1 to that of the recipe."""

    def average(averaged: Sequence[Tensor], current: Sequence[Tensor], count: Tensor | int) -> None:
        decay = min(recipe.ema_decay, (1.0 + float(count)) / (10.0 + float(count)))
        for target, source in zip(averaged, current, strict=True):
            if target.is_floating_point():
                target.lerp_(source, 1.0 - decay)
            else:
                target.copy_(source)

    return AveragedModel(network, multi_avg_fn=average, use_buffers=True)
