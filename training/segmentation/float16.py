"""Weights as float16: rescaled into its range, or refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import torch

from training.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

LARGEST_VARIANCE: Final = 2.0**14
"""A quarter of the largest float16; the convolution's output then stays in range as well. Ours."""
_VARIANCE: Final = ".running_var"


def scaled_to_float16(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Scale down convolutions whose output variance exceeds float16; their batch normalisation cancels the scale.

    Training does not bound such a convolution, because the normalisation divides by its size. Each channel is scaled by
    a power of two, which is exact; only the normalisation's epsilon changes the output, by a billionth of the variance.

    Parameters
    ----------
    weights : state of a network, float32; convolution and normalisation are consecutive in a sequence, or called
        convN and bnN

    Returns
    -------
    The state with variances of at most `LARGEST_VARIANCE` wherever the convolution was found.
    """
    found = dict(weights)
    for name, variance in weights.items():
        if not name.endswith(_VARIANCE) or not bool((variance > LARGEST_VARIANCE).any()):
            continue
        norm = name.removesuffix(_VARIANCE)
        convolution = _before(norm)
        if f"{convolution}.weight" not in weights:
            continue
        scale = torch.exp2(-torch.ceil(0.5 * torch.log2(variance / LARGEST_VARIANCE)).clamp(min=0.0))
        found[name] = variance * scale**2
        found[f"{norm}.running_mean"] = weights[f"{norm}.running_mean"] * scale
        kernel = weights[f"{convolution}.weight"]
        found[f"{convolution}.weight"] = kernel * scale.view(-1, *[1] * (kernel.ndim - 1))
        if f"{convolution}.bias" in weights:
            found[f"{convolution}.bias"] = weights[f"{convolution}.bias"] * scale
    return found


def _before(norm: str) -> str:
    """Return the name of the convolution before a batch normalisation."""
    parent, _, own = norm.rpartition(".")
    number = re.fullmatch(r"\d+", own)
    return f"{parent}.{int(own) - 1}" if number else f"{parent}.{own.replace('bn', 'conv')}"


def float16_weights(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Convert floating-point tensors to float16; integers are kept.

    Raises `PublishError` if a value is not finite in float16.
    """
    halved = {
        name: (value.half() if value.is_floating_point() else value).contiguous().clone()
        for name, value in weights.items()
    }
    broken = [name for name, value in halved.items() if not torch.isfinite(value).all()]
    if broken:
        message = f"{len(broken)} tensors exceed the range of float16, first {broken[0]}: train again from a checkpoint"
        raise PublishError(message)
    return halved
