"""Slice classifiers of Nieves-Vazquez et al. 2024 (doi 10.1002/jmri.29490), and the vote of several."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import nn

from liver_mre.core.quality.image import CHANNELS
from liver_mre.core.quality.types import OUTPUTS
from training.segmentation.network import ensure_torchvision_imports

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
"""Networks by their name in torchvision."""
EPOCHS: Final = {"squeezenet1_1": 16}
"""Epochs of the networks that need more than `OTHER_EPOCHS`.

Without batch normalisation SqueezeNet learns slowly (0.914 of slices right after 4 epochs, 0.979 after 16), and its
epochs cost a quarter of ResNet18's: no other network gets less time.
"""
OTHER_EPOCHS: Final = 4
FASTER_IN_FLOAT32: Final = frozenset({"mobilenet_v2"})
"""Networks of depthwise convolutions, whose gradients bfloat16 makes slower: 1.0 against 0.7 s a step on one core."""
FAMILY: Final = "voting ensemble"
"""How the card of several networks calls them."""


def build_classifier(architecture: str) -> nn.Module:
    """Build a network with freshly initialised weights (nothing is downloaded).

    Returns
    -------
    A module that maps (N, 7, h, w) float in [0, 1] to (N, `OUTPUTS`) logits.
    """
    ensure_torchvision_imports()
    models: Any = importlib.import_module("torchvision.models")
    network: nn.Module = getattr(models, architecture)(weights=None, num_classes=OUTPUTS)
    name, first = next((n, m) for n, m in network.named_modules() if isinstance(m, nn.Conv2d))
    parent, _, own = name.rpartition(".")
    wider = nn.Conv2d(
        len(CHANNELS),
        first.out_channels,
        first.kernel_size,  # type: ignore[arg-type]  # torch types it as a tuple of any length
        first.stride,  # type: ignore[arg-type]
        first.padding,  # type: ignore[arg-type]
        bias=first.bias is not None,
    )
    nn.init.kaiming_normal_(wider.weight, nonlinearity="relu")
    setattr(network.get_submodule(parent), own, wider)
    if architecture.startswith("squeezenet"):
        _open_last_layer(network)
    return network


def _open_last_layer(network: nn.Module) -> None:
    """Let SqueezeNet's last layer give logits: it ends in a ReLU, under which a logit never gets below zero."""
    classifier = network.get_submodule("classifier")
    if not isinstance(classifier, nn.Sequential):  # pragma: no cover - guards against another torchvision
        message = "torchvision's SqueezeNet has another classifier than expected"
        raise TypeError(message)
    network.classifier = nn.Sequential(*(layer for layer in classifier if not isinstance(layer, nn.ReLU)))


class Ensemble(nn.Module):
    """Several networks side by side: (N, 7, h, w) to logits (N, members, `OUTPUTS`)."""

    def __init__(self, members: list[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, image: Tensor) -> Tensor:
        """Return every member's logits."""
        return torch.stack([member(image) for member in self.members], dim=1)


def load_ensemble(architecture: str, weights: Mapping[str, Tensor]) -> Ensemble:
    """Build an ensemble from the weights of all its members, named `members.<k>.<layer>`, in any precision."""
    count = 1 + max(int(name.split(".")[1]) for name in weights)
    ensemble = Ensemble([build_classifier(architecture) for _ in range(count)])
    ensemble.load_state_dict({n: v.float() if v.is_floating_point() else v for n, v in weights.items()})
    return ensemble.eval()
