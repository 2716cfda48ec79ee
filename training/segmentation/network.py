"""The networks of Su et al. 2025 (doi 10.2196/80351): a U-Net with a ResNeXt50-32x4d encoder, and a plain U-Net."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import convert_conv2d_weight_memory_format

from training.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

NETWORKS: Final = {"resnext50": "resnext50_32x4d", "plain": "vgg13_bn"}
"""Encoders by name on the command line.

The encoder of a plain U-Net, two 3 x 3 convolutions and a pooling per level, is that of VGG13 (here with batch
normalisation); the library has no U-Net without a named encoder.
"""

_TORCHVISION_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


@dataclass(frozen=True, slots=True)
class Architecture:
    """Architecture of the network."""

    encoder: str = "resnext50_32x4d"  # name of a segmentation-models-pytorch encoder
    in_channels: int = 1
    classes: int = 1  # channels of the logits


@cache
def _declared_operators() -> torch.library.Library:
    """Declare the operators that the import of torchvision registers fake kernels for.

    A torchvision wheel for CUDA cannot load its compiled extension beside a CPU build of torch, and its import then
    fails at these names. Declarations suffice, since nothing here runs non-maximum suppression. The library is cached
    because its declarations vanish when it is garbage-collected.
    """
    library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]  # torch has no types here
    for schema in _TORCHVISION_OPERATORS:
        library.define(schema)  # type: ignore[no-untyped-call]
    return library


def ensure_torchvision_imports() -> None:
    """Make `import torchvision` work without its compiled extension."""
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        _declared_operators()
        importlib.import_module("torchvision")


def build_network(architecture: Architecture | None = None) -> nn.Module:
    """Build a network, by default that of Su 2025, with random weights (nothing is downloaded).

    It maps (N, in_channels, H, W) in [0, 1] to (N, classes, H, W) logits; H and W are multiples of 32.
    """
    ensure_torchvision_imports()
    smp = importlib.import_module("segmentation_models_pytorch")
    chosen = architecture or Architecture()
    network: nn.Module = smp.Unet(
        chosen.encoder, encoder_weights=None, in_channels=chosen.in_channels, classes=chosen.classes
    )
    return network


class Pooled(nn.Module):
    """A network that works on a coarser grid than its input.

    A scanner's elastogram has about 256 x 204 pixels. Enlarging it to 512 x 512 adds no information but costs four
    times the computation, so the input is average-pooled and the logits are interpolated.
    """

    def __init__(self, network: nn.Module, pooling: int) -> None:
        super().__init__()
        self.network = network
        self.pooling = pooling

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (N, K, H, W) of an image (N, C, H, W); H and W are multiples of 32 * pooling."""
        logits: Tensor = self.network(functional.avg_pool2d(image, self.pooling))
        return functional.interpolate(logits, scale_factor=float(self.pooling), mode="bilinear", align_corners=False)


def with_pooling(network: nn.Module, pooling: int) -> nn.Module:
    """Let a network work on a grid that is coarser by `pooling`, unless that is 1."""
    return Pooled(network, pooling) if pooling > 1 else network


def fitted_weights(weights: Mapping[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    """Extend weights to a network with more input channels.

    The first convolution gets zeros for the additional channels, so the network initially gives the same output as the
    one that the weights (in any precision) come from. Returns a float32 state for `network.load_state_dict`; raises
    `TrainingError` if the weights belong to another architecture.
    """
    fitted: dict[str, Tensor] = {}
    for name, own in network.state_dict().items():
        given = weights.get(name)
        if given is None or not _fits(given, own):
            message = f"the initial weights belong to another network (they differ at {name}): choose its encoder"
            raise TrainingError(message)
        fitted[name] = torch.zeros_like(own)
        if given.ndim > 1:
            fitted[name][:, : given.shape[1]] = given.to(own.dtype)
        else:
            fitted[name].copy_(given)
    if len(weights) != len(fitted):
        message = "the initial weights belong to another network (they have more layers): choose its encoder"
        raise TrainingError(message)
    return fitted


def float32_weights(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Convert floating-point tensors to float32; integers are kept."""
    return {name: value.float() if value.is_floating_point() else value for name, value in weights.items()}


def _fits(given: Tensor, own: Tensor) -> bool:
    if given.shape == own.shape:
        return True
    fewer_channels = given.ndim == own.ndim == 4 and given.shape[1] < own.shape[1]  # noqa: PLR2004 - a convolution
    return fewer_channels and given.shape[0] == own.shape[0] and given.shape[2:] == own.shape[2:]


class Autocast(nn.Module):
    """Run a network under autocast to bfloat16 and return float32 logits.

    This is a layer because MONAI's engines autocast on CUDA only.
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


def default_device() -> torch.device:
    """Return CUDA if there is one, otherwise the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def placed(network: nn.Module) -> nn.Module:
    """Move a network to the default device, its convolutions with channels last."""
    moved: nn.Module = convert_conv2d_weight_memory_format(network.to(default_device()), torch.channels_last)
    return moved
