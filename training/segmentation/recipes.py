"""Training recipes as frozen data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Literal


@dataclass(frozen=True, slots=True)
class Recipe:
    """Hyperparameters and training input."""

    name: str  # on the command line
    inputs: Literal[
        "masked", "all", "mostly-full"
    ]  # key of `situations.INPUTS`; "masked" has one channel, others three
    optimiser: Literal["sgd", "adamw"]
    learning_rate: float  # peak
    momentum: float  # of SGD; first beta of AdamW
    weight_decay: float
    batch_size: int  # slices per step
    epochs: int  # default length of a run
    augment: bool = False  # vary pose, mask and magnitude at random
    dice_weight: float = 0.0  # weight of the Dice loss added to binary cross-entropy with logits
    schedule: Literal["constant", "cosine"] = "constant"  # cosine has a linear warm-up
    warmup_share: float = 0.0  # share of the run spent on the warm-up
    bfloat16: bool = False  # autocast the forward pass to bfloat16
    ema_decay: float = 0.0  # decay of the exponential moving average of the weights; 0 disables it
    gradient_norm: float = 0.0  # gradients are clipped to this norm; 0 disables clipping
    patience: int = 0  # epochs without a better validation Dice after which the run stops; 0 never stops early
    rare_weight: float = 1.0  # oversampling factor for slices of rare anatomy

    def with_overrides(self, **values: Any) -> Recipe:  # noqa: ANN401 - fields differ in type
        """Return the recipe with the values that are not None replaced."""
        return replace(self, **{name: value for name, value in values.items() if value is not None})


# Su, Shih, Xu. JMIR Med Inform 2025;13:e80351: optimiser, rates, batch, loss and epochs as published, on the masked
# elastogram alone. The paper reports no augmentation, schedule or early stopping.
PAPER: Final = Recipe(
    name="paper",
    inputs="masked",
    optimiser="sgd",
    learning_rate=0.005,
    momentum=0.982,
    weight_decay=4.457e-6,
    batch_size=32,
    epochs=32,
)

# Ours: one network for all input situations. AdamW, a short warm-up and averaged weights make the most of the few steps
# that a CPU affords without pretrained weights.
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

# Continues from the weights of `strong`. Without magnitude much of the outline is invisible and training soon
# saturates, so most slices now come with everything. Livers after resection are rare and the hardest: oversampled.
FINISH: Final = replace(STRONG, name="finish", inputs="mostly-full", learning_rate=8e-4, epochs=48, rare_weight=4.0)

# For a GPU, on every family of physics: larger batches and more steps.
BROAD: Final = replace(
    STRONG, name="broad", batch_size=48, learning_rate=1.5e-3, epochs=60, ema_decay=0.995, patience=0
)

RECIPES: Final = {recipe.name: recipe for recipe in (PAPER, STRONG, FINISH, BROAD)}
