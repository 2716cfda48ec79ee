"""Slice classifiers of Nieves-Vazquez et al. 2024 (doi 10.1002/jmri.29490), and their ensemble."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import nn

from liver_mre.quality.image import QUALITY_CHANNELS
from liver_mre.quality.verdict import OUTPUTS
from training.segmentation.network import ensure_torchvision_imports, float32_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

ARCHITECTURES: Final = {
    "resnet18": "ResNet18",
    "resnet34": "ResNet34",
    "resnet50": "ResNet50",
    "squeezenet1_1": "SqueezeNet",
    "mobilenet_v2": "MobileNetV2",
}
"""Display names by torchvision name."""
EPOCHS: Final = {"squeezenet1_1": 16}
"""Epochs of networks that need more than `OTHER_EPOCHS`.

Without batch normalisation SqueezeNet converges slowly (slice accuracy 0.914 after 4 epochs, 0.979 after 16); an epoch
costs a quarter of ResNet18's, so it gets no more time than the others.
"""
OTHER_EPOCHS: Final = 4
FASTER_IN_FLOAT32: Final = frozenset({"mobilenet_v2"})
"""Gradients of depthwise convolutions are slower in bfloat16 (1.0 against 0.7 s per step on one core)."""
FAMILY: Final = "voting ensemble"
"""Architecture family in the card of an ensemble."""


def build_classifier(architecture: str) -> nn.Module:
    """Build a network of (N, 7, H, W) in [0, 1] to (N, `OUTPUTS`) logits, with random weights (no download)."""
    ensure_torchvision_imports()
    models: Any = importlib.import_module("torchvision.models")
    network: nn.Module = getattr(models, architecture)(weights=None, num_classes=OUTPUTS)
    name, first = next((n, m) for n, m in network.named_modules() if isinstance(m, nn.Conv2d))
    parent, _, own = name.rpartition(".")
    wider = nn.Conv2d(
        len(QUALITY_CHANNELS),
        first.out_channels,
        first.kernel_size,  # type: ignore[arg-type]  # torch types it as a tuple of any length
        first.stride,  # type: ignore[arg-type]
        first.padding,  # type: ignore[arg-type]
        bias=first.bias is not None,
    )
    nn.init.kaiming_normal_(wider.weight, nonlinearity="relu")
    setattr(network.get_submodule(parent), own, wider)
    if architecture.startswith("squeezenet"):
        _remove_final_relu(network)
    return network


def _remove_final_relu(network: nn.Module) -> None:
    """Remove SqueezeNet's final ReLU, which would keep logits from becoming negative."""
    classifier = network.get_submodule("classifier")
    if not isinstance(classifier, nn.Sequential):  # pragma: no cover - guards against another torchvision
        message = "torchvision's SqueezeNet has another classifier than expected"
        raise TypeError(message)
    network.classifier = nn.Sequential(*(layer for layer in classifier if not isinstance(layer, nn.ReLU)))


class Ensemble(nn.Module):
    """Several networks on the same input: (N, 7, H, W) to logits (N, members, `OUTPUTS`)."""

    def __init__(self, members: list[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits of all members."""
        return torch.stack([member(image) for member in self.members], dim=1)


def load_ensemble(architecture: str, weights: Mapping[str, Tensor]) -> Ensemble:
    """Build an ensemble from weights named `members.<k>.<layer>`, in any precision."""
    count = 1 + max(int(name.split(".")[1]) for name in weights)
    ensemble = Ensemble([build_classifier(architecture) for _ in range(count)])
    ensemble.load_state_dict(float32_weights(weights))
    return ensemble.eval()
