"""The network: a U-Net with a ResNeXt50-32x4d encoder, as in Su et al. 2025 (doi 10.2196/80351)."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

_TORCHVISION_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


@dataclass(frozen=True, slots=True)
class Architecture:
    """What identifies the network.

    Attributes
    ----------
    encoder : name of a segmentation-models-pytorch encoder
    in_channels : channels of the input image
    classes : channels of the output logits

    """

    encoder: str = "resnext50_32x4d"
    in_channels: int = 1
    classes: int = 1


@cache
def _declared_operators() -> torch.library.Library:
    """Declare the two operators that torchvision's Python code registers fake kernels for.

    A torchvision wheel built for CUDA loads no compiled extension beside the CPU build of torch, and then its
    import stops at these names. Only the declarations are needed: nothing here runs non-maximum suppression.
    The library object is cached because the declarations vanish when it is collected.
    """
    library = torch.library.Library("torchvision", "DEF")
    for schema in _TORCHVISION_OPERATORS:
        library.define(schema)
    return library


def ensure_torchvision_imports() -> None:
    """Make `import torchvision` work where its compiled extension is missing; do nothing where it works."""
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        _declared_operators()
        importlib.import_module("torchvision")


def build_network(architecture: Architecture | None = None) -> nn.Module:
    """Build the network with freshly initialised weights (nothing is downloaded).

    Parameters
    ----------
    architecture : default is the network of the paper

    Returns
    -------
    A module that maps (N, in_channels, H, W) float in [0, 1] to (N, classes, H, W) logits; H and W are
    multiples of 32.

    """
    ensure_torchvision_imports()
    smp = importlib.import_module("segmentation_models_pytorch")
    chosen = architecture or Architecture()
    network: nn.Module = smp.Unet(
        chosen.encoder, encoder_weights=None, in_channels=chosen.in_channels, classes=chosen.classes
    )
    return network


class Pooled(nn.Module):
    """A network that works on a coarser grid than its image.

    A scanner's elastogram has about 256 x 204 pixels. Enlarged to 512 x 512 it holds no more, and costs the network
    four times the work: so squares of the image are averaged first, and the logits enlarged afterwards.

    Parameters
    ----------
    network : maps (N, C, H, W) to logits (N, K, H, W)
    pooling : side of the square of pixels that is averaged
    """

    def __init__(self, network: nn.Module, pooling: int) -> None:
        super().__init__()
        self.network = network
        self.pooling = pooling

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (N, K, H, W) of an image (N, C, H, W); H and W are multiples of 32 times the pooling."""
        logits: Tensor = self.network(functional.avg_pool2d(image, self.pooling))
        return functional.interpolate(logits, scale_factor=float(self.pooling), mode="bilinear", align_corners=False)


def with_pooling(network: nn.Module, pooling: int) -> nn.Module:
    """Let a network work on a grid that is coarser by `pooling`; 1 leaves it as it is."""
    return Pooled(network, pooling) if pooling > 1 else network
