"""Training recipes as frozen data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the network is trained.

    Attributes
    ----------
    name : name on the command line
    optimiser : "sgd" or "adamw"
    learning_rate : peak learning rate
    momentum : momentum of SGD; first beta of AdamW
    weight_decay : weight decay
    batch_size : slices a step
    dice_weight : weight of the Dice loss added to binary cross-entropy
    schedule : "constant", or "cosine" with linear warm-up
    warmup_share : share of the run spent on the warm-up
    bfloat16 : autocast the forward pass to bfloat16
    ema_decay : decay of the running average of the weights; 0 keeps none
    gradient_norm : largest norm of the gradient; 0 does not clip

    """

    name: str
    optimiser: Literal["sgd", "adamw"]
    learning_rate: float
    momentum: float
    weight_decay: float
    batch_size: int
    dice_weight: float
    schedule: Literal["constant", "cosine"]
    warmup_share: float
    bfloat16: bool
    ema_decay: float
    gradient_norm: float

    def with_overrides(self, batch_size: int | None, learning_rate: float | None) -> Recipe:
        """Return the recipe with another batch size or peak learning rate, where given."""
        return replace(
            self,
            batch_size=batch_size or self.batch_size,
            learning_rate=learning_rate or self.learning_rate,
        )


# Su, Shih, Xu. JMIR Med Inform 2025;13:e80351: optimiser, rates, batch and loss as published (32 epochs there).
PAPER = Recipe(
    name="paper",
    optimiser="sgd",
    learning_rate=0.005,
    momentum=0.982,
    weight_decay=4.457e-6,
    batch_size=32,
    dice_weight=0.0,
    schedule="constant",
    warmup_share=0.0,
    bfloat16=False,
    ema_decay=0.0,
    gradient_norm=0.0,
)

# Ours, for an hour on a CPU without pretrained weights: few images are seen, so every step has to count.
FAST = Recipe(
    name="fast",
    optimiser="adamw",
    learning_rate=1e-3,
    momentum=0.9,
    weight_decay=0.01,
    batch_size=8,
    dice_weight=1.0,
    schedule="cosine",
    warmup_share=0.05,
    bfloat16=True,
    ema_decay=0.99,
    gradient_norm=1.0,
)

RECIPES = {recipe.name: recipe for recipe in (PAPER, FAST)}
