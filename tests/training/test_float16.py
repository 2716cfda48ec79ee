"""Claims about weights as float16: the network stays the same, and what float16 cannot hold is not published."""

from __future__ import annotations

import pytest
import torch

from training.errors import PublishError
from training.segmentation.float16 import LARGEST_VARIANCE, float16_weights, scaled_to_float16
from training.segmentation.network import Architecture, build_network


@pytest.mark.parametrize("encoder", ["resnet18", "vgg13_bn"])
def test_a_network_whose_convolutions_grew_is_scaled_into_half_precision_and_answers_the_same(encoder: str) -> None:
    torch.manual_seed(3)
    network = build_network(Architecture(encoder=encoder, in_channels=3))
    network.train()
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0  # remembers the last batch alone
    with torch.no_grad():
        for name, value in network.named_parameters():
            if value.ndim == 4 and "segmentation_head" not in name:
                value.mul_(1000.0)
        network(torch.rand(4, 3, 64, 64))
    grown = network.state_dict()
    assert max(float(value.max()) for name, value in grown.items() if name.endswith("running_var")) > 65504
    image = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        before = network.eval()(image)
        scaled = scaled_to_float16(grown)
        network.load_state_dict(scaled)
        after = network(image)
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-4 * float(before.abs().max()))
    variances = [value for name, value in float16_weights(scaled).items() if name.endswith("running_var")]
    assert max(float(value.max()) for value in variances) <= LARGEST_VARIANCE


def test_a_network_in_range_is_left_as_it_is() -> None:
    weights = build_network(Architecture(encoder="resnet18")).state_dict()
    scaled = scaled_to_float16(weights)
    assert all(scaled[name] is value for name, value in weights.items())


def test_weights_outside_the_range_of_half_precision_are_not_published() -> None:
    with pytest.raises(PublishError, match="float16"):
        float16_weights({"conv": torch.tensor([1e9])})
