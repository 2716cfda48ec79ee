"""The networks of Su et al. 2025 (doi 10.2196/80351): a U-Net with a ResNeXt50-32x4d encoder, and a plain U-Net."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import torch
from torch import nn
from torch.nn import functional

from training.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

NETWORKS: Final = {"resnext50": "resnext50_32x4d", "plain": "vgg13_bn"}
"""Encoders by their name on the command line.

A plain U-Net has two 3 x 3 convolutions and a pooling at every level of its encoder. That is what the convolutions of
VGG13 are (here with batch normalisation); the library has no U-Net without a named encoder.
"""

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


def fitted_weights(weights: Mapping[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    """Fit the weights of a network with fewer input channels to one with more.

    The first convolution gets zeros for the channels that the weights do not know: until training moves them, the
    network answers to its first channel exactly as the one that the weights come from.

    Parameters
    ----------
    weights : state of a network of the same encoder, in any precision
    network : the network to fill

    Returns
    -------
    A state that `network.load_state_dict` takes, float32.

    Raises
    ------
    TrainingError
        If the weights are those of another architecture.
    """
    fitted: dict[str, Tensor] = {}
    for name, own in network.state_dict().items():
        given = weights.get(name)
        if given is None or not _fits(given, own):
            message = f"the weights to start from are of another network (they differ at {name}): choose its encoder"
            raise TrainingError(message)
        fitted[name] = torch.zeros_like(own)
        if given.ndim > 1:
            fitted[name][:, : given.shape[1]] = given.to(own.dtype)
        else:
            fitted[name].copy_(given)
    if len(weights) != len(fitted):
        message = "the weights to start from are of another network (they have more layers): choose its encoder"
        raise TrainingError(message)
    return fitted


def _fits(given: Tensor, own: Tensor) -> bool:
    if given.shape == own.shape:
        return True
    fewer_channels = given.ndim == own.ndim == 4 and given.shape[1] < own.shape[1]  # noqa: PLR2004 - a convolution
    return fewer_channels and given.shape[0] == own.shape[0] and given.shape[2:] == own.shape[2:]


class Autocast(nn.Module):
    """Run a network under autocast to bfloat16, on a processor or on CUDA, and return float32 logits.

    MONAI's engines can autocast on CUDA only, which is why this is a layer.

    Parameters
    ----------
    network : maps (N, C, H, W) to logits
    enabled : autocast; otherwise the network runs as it is
    """

    def __init__(self, network: nn.Module, *, enabled: bool) -> None:
        super().__init__()
        self.network = network
        self.enabled = enabled

    def forward(self, image: Tensor) -> Tensor:
        """Return float32 logits."""
        with torch.autocast(image.device.type, torch.bfloat16, enabled=self.enabled):
            logits: Tensor = self.network(image.contiguous(memory_format=torch.channels_last))
        return logits.float()
