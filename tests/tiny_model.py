"""Tiny published models with the same files as the real one, made in a second."""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from liver_mre.liver.openvino_backend import import_openvino
from liver_mre.quality.image import QUALITY_CHANNELS
from liver_mre.quality.image import SIZE as QUALITY_SIZE
from liver_mre.quality.verdict import CAUSES, OUT_OF_DOMAIN_OUTPUT, OUTPUTS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = (32, 48)
MASKED_ALONE = ("masked_stiffness",)
EVERY_CHANNEL = ("stiffness", "confident", "magnitude")


@dataclass(frozen=True)
class TinyModel:
    """A model folder and the network that it was made from."""

    folder: Path
    network: nn.Module

    def probabilities(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return torch.sigmoid(self.network(torch.from_numpy(batch)))[:, 0].numpy()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tiny_card(
    weights_sha256: str = "0" * 64, *, channels: tuple[str, ...] = MASKED_ALONE, size: tuple[int, int] = SIZE
) -> dict[str, Any]:
    return {
        "schema_version": "1.0",
        "name": "liver-segmentation",
        "version": "9.9.9",
        "task": "Segment the liver",
        "intended_use": "Research use only",
        "licence": "Apache-2.0",
        "architecture": {"family": "tiny"},
        "input": {
            "channels": list(channels),
            "window_kpa": [0.0, 8.0],
            "size": list(size),
            "interpolation": "bilinear",
            "range": [0.0, 1.0],
        },
        "output": {"kind": "logits", "threshold": 0.5, "classes": ["liver"]},
        "training": {"data": "simulated"},
        "metrics": {"dice": 0.5},
        "limits": ["Made for a test."],
        "weights": {"path": "weights.safetensors", "sha256": weights_sha256, "dtype": "float16", "bytes": 1},
    }


def smooth_slices(count: int, channels: int = 1) -> NDArray[np.float32]:
    """Return random slices, (count, channels, h, w) in [0, 1]."""
    rng = np.random.default_rng(count)
    coarse = rng.random((count, channels, SIZE[0] // 8, SIZE[1] // 8), dtype=np.float32)
    return coarse.repeat(8, axis=2).repeat(8, axis=3)


def random_network(channels: int = 1) -> nn.Module:
    """Return a network with random weights, whose answers lie clearly on both sides of the threshold."""
    torch.manual_seed(11)
    network = nn.Sequential(
        nn.Conv2d(channels, 8, 5, padding=2),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1, stride=2),
        nn.ReLU(),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(8, 1, 3, padding=1),
    )
    with torch.no_grad():
        last = network[5]
        logits = network(torch.from_numpy(smooth_slices(8, channels)))
        last.bias -= logits.mean()
        last.weight *= 4.0 / logits.std()
        last.bias *= 4.0 / logits.std()
    return network.eval()


def weighing_network(weights: tuple[float, ...], bias: float) -> nn.Module:
    """Return a network whose logit is a weighted sum of the channels of each pixel: what it sees is what it says."""
    network = nn.Sequential(nn.Conv2d(len(weights), 1, 1))
    with torch.no_grad():
        network[0].weight[0, :, 0, 0] = torch.tensor(weights)
        network[0].bias[:] = bias
    return network.eval()


def publish_tiny(
    folder: Path, network: nn.Module, *, channels: tuple[str, ...] = MASKED_ALONE, size: tuple[int, int] = SIZE
) -> TinyModel:
    """Write a network, its card and its exports into a new folder."""
    folder.mkdir(parents=True)
    save_file({name: value.half() for name, value in network.state_dict().items()}, folder / "weights.safetensors")
    digest = sha256(folder / "weights.safetensors")
    (folder / "card.json").write_text(json.dumps(tiny_card(digest, channels=channels, size=size)))
    names = _export(network, (len(channels), *size), folder / "exported")
    export = {
        "weights_sha256": digest,
        "tools": {"torch": torch.__version__},
        "files": {key: {"path": name, "sha256": sha256(folder / "exported" / name)} for key, name in names.items()},
    }
    (folder / "exported" / "export.json").write_text(json.dumps(export))
    return TinyModel(folder, network)


def publish_tiny_quality(folder: Path, *, diagnostic: bool = True, cause: int = 3, members: int = 8) -> None:
    """Write networks that all say the same of every slice, their card and their export into a new folder."""

    class Vote(nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            logits = torch.zeros(members, OUTPUTS)
            logits[:, 0] = 4.0 if diagnostic else -4.0
            logits[:, OUT_OF_DOMAIN_OUTPUT] = -4.0
            logits[:, 1 + cause] = 5.0
            return logits + 0.0 * image.mean(dim=(1, 2, 3))[:, None, None]

    folder.mkdir(parents=True)
    card = {
        "schema_version": "1.0",
        "name": "quality-control",
        "version": "9.9.8",
        "architecture": {"members": members},
        "input": {"channels": list(QUALITY_CHANNELS), "size": list(QUALITY_SIZE)},
        "output": {"causes": [str(cause) for cause in CAUSES], "of_the_exam": ["stranger"]},
        "weights": {"path": "weights.safetensors", "sha256": "e" * 64, "dtype": "float16", "bytes": 1},
    }
    (folder / "card.json").write_text(json.dumps(card))
    names = _export(Vote().eval(), (len(QUALITY_CHANNELS), *QUALITY_SIZE), folder / "exported")
    digests = {key: {"path": name, "sha256": sha256(folder / "exported" / name)} for key, name in names.items()}
    record = {"weights_sha256": "e" * 64, "tools": {}, "files": digests}
    (folder / "exported" / "export.json").write_text(json.dumps(record))


def _export(network: nn.Module, shape: tuple[int, ...], folder: Path) -> dict[str, str]:
    folder.mkdir()
    openvino: Any = import_openvino()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the exporters say about themselves
        batch = torch.export.Dim("batch", min=1, max=64)
        program = torch.export.export(network, (torch.zeros(2, *shape),), dynamic_shapes=({0: batch},))
        torch.export.save(program, folder / "model.pt2")
        openvino.save_model(openvino.convert_model(program), folder / "model.xml", compress_to_fp16=True)
    return {"openvino_xml": "model.xml", "openvino_bin": "model.bin", "torch_pt2": "model.pt2"}
