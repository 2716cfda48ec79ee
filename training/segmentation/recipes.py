"""Training recipes as frozen data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained, and on what.

    Attributes
    ----------
    name : name on the command line
    inputs : what the network is shown: "masked" is the masked elastogram alone, one channel; "all" is every situation
        of `training.segmentation.situations`, three channels
    optimiser : "sgd" or "adamw"
    learning_rate : peak learning rate
    momentum : momentum of SGD; first beta of AdamW
    weight_decay : weight decay
    batch_size : slices a step
    epochs : length of a run for which nothing else is said
    augment : vary pose, mask and magnitude at random
    dice_weight : weight of the Dice loss added to binary cross-entropy with logits
    schedule : "constant", or "cosine" with linear warm-up
    warmup_share : share of the run spent on the warm-up
    bfloat16 : autocast the forward pass to bfloat16
    ema_decay : decay of the running average of the weights; 0 keeps none
    gradient_norm : largest norm of the gradient; 0 does not clip
    patience : epochs without a better validation Dice after which the run stops; 0 never stops early
    rare_weight : slices of rare anatomy, as far as it is known, are drawn this many times as often as the others
    """

    name: str
    inputs: Literal["masked", "all", "mostly-full"]
    optimiser: Literal["sgd", "adamw"]
    learning_rate: float
    momentum: float
    weight_decay: float
    batch_size: int
    epochs: int
    augment: bool
    dice_weight: float
    schedule: Literal["constant", "cosine"]
    warmup_share: float
    bfloat16: bool
    ema_decay: float
    gradient_norm: float
    patience: int
    rare_weight: float = 1.0

    def with_overrides(self, **values: float | bool | None) -> Recipe:
        """Return the recipe with other values, where they are given (not None)."""
        return replace(self, **{name: value for name, value in values.items() if value is not None})


# Su, Shih, Xu. JMIR Med Inform 2025;13:e80351: optimiser, rates, batch, loss and epochs as published, on the masked
# elastogram alone. The paper tells of no augmentation, schedule or early stopping.
PAPER: Final = Recipe(
    name="paper",
    inputs="masked",
    optimiser="sgd",
    learning_rate=0.005,
    momentum=0.982,
    weight_decay=4.457e-6,
    batch_size=32,
    epochs=32,
    augment=False,
    dice_weight=0.0,
    schedule="constant",
    warmup_share=0.0,
    bfloat16=False,
    ema_decay=0.0,
    gradient_norm=0.0,
    patience=0,
)

# Ours: one network that takes what a study has. Adam, a short warm-up and averaged weights, because few images can be
# seen without a GPU and there are no pretrained weights: every step has to count.
STRONG: Final = Recipe(
    name="strong",
    inputs="all",
    optimiser="adamw",
    learning_rate=1e-3,
    momentum=0.9,
    weight_decay=0.01,
    batch_size=8,
    epochs=36,
    augment=True,
    dice_weight=1.0,
    schedule="cosine",
    warmup_share=0.05,
    bfloat16=True,
    ema_decay=0.99,
    gradient_norm=1.0,
    patience=20,
)

# What follows `strong`, from its weights. Without the magnitude much of the liver's outline cannot be seen, and what
# those situations can teach is soon learnt: the rest of the time goes to studies that have everything. Livers after
# surgery are a few in a hundred, and the hardest.
FINISH: Final = replace(STRONG, name="finish", inputs="mostly-full", learning_rate=8e-4, epochs=48, rare_weight=4.0)

RECIPES: Final = {recipe.name: recipe for recipe in (PAPER, STRONG, FINISH)}
