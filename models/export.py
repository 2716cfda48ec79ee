"""Export published models for run time: OpenVINO for the CPU, torch.export for CUDA.

Reads card.json and weights.safetensors of every model folder beside this file, or of --model-dir, and writes exported/.
Inference then needs neither the model library nor torchvision.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openvino
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from models.card import CardError, file_sha256, read_card
from training.quality.networks import FAMILY, load_ensemble
from training.segmentation.network import Architecture, build_network, float32_weights, with_pooling

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST = "liver_segmentation"  # exported before the others, because the application needs it
EXPORT_FOLDER = "exported"
EXPORT_CARD = "export.json"
_FILES = {"openvino_xml": "model.xml", "openvino_bin": "model.bin", "torch_pt2": "model.pt2"}
_TOOLS = ("torch", "openvino", "segmentation-models-pytorch", "safetensors")
_LARGEST_BATCH = 256


class HalfPrecision(nn.Module):
    """A float16 network with float32 input (N, C, H, W) and float32 logits."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.half()

    def forward(self, image: Tensor) -> Tensor:
        """Return float32 logits of a float32 image."""
        logits: Tensor = self.network(image.half())
        return logits.float()


def load_network(model_dir: Path, card: dict[str, Any]) -> nn.Module:
    """Build the card's network with float32 weights, in evaluation mode."""
    fields = card["architecture"]
    stored = load_file(model_dir / card["weights"]["path"])
    if fields.get("family") == FAMILY:
        return load_ensemble(fields["member"], stored)
    network = build_network(Architecture(fields["encoder"], fields["in_channels"], fields["classes"]))
    network.load_state_dict(float32_weights(stored))
    return with_pooling(network, fields["pooling"]).eval()


def trace(network: nn.Module, channels: int, size: tuple[int, int]) -> torch.export.ExportedProgram:
    """Trace a network with torch.export: dynamic batch, fixed (rows, columns) of the image."""
    # torch.export would take a batch of one as fixed.
    example = torch.zeros(2, channels, *size)
    batch = torch.export.Dim("batch", min=1, max=_LARGEST_BATCH)
    return torch.export.export(network.eval(), (example,), dynamic_shapes=({0: batch},), strict=False)


def export_openvino(network: nn.Module, channels: int, size: tuple[int, int], target: Path) -> None:
    """Write OpenVINO IR with float16 weights, input "image" and output "logits"."""
    with warnings.catch_warnings():
        # torch 2.13 warns about its own class when OpenVINO copies the program.
        warnings.filterwarnings("ignore", message=".*LeafSpec", category=FutureWarning)
        converted = openvino.convert_model(trace(network, channels, size))
    converted.inputs[0].get_tensor().set_names({"image"})
    converted.outputs[0].get_tensor().set_names({"logits"})
    converted.reshape(openvino.PartialShape([-1, channels, *size]))
    openvino.save_model(converted, target, compress_to_fp16=True)


def export_torch(network: nn.Module, channels: int, size: tuple[int, int], target: Path) -> None:
    """Write a torch.export program with float16 weights; converts `network` to float16."""
    torch.export.save(trace(HalfPrecision(network), channels, size), target)


def is_current(folder: Path, weights_sha256: str) -> bool:
    """Tell whether `folder` holds a complete, unaltered export of these weights by the installed tools."""
    path = folder / EXPORT_CARD
    if not path.is_file():
        return False
    record = json.loads(path.read_text(encoding="utf-8"))
    if record["weights_sha256"] != weights_sha256 or record["tools"] != tool_versions():
        return False
    files = [(folder / entry["path"], entry["sha256"]) for entry in record["files"].values()]
    return all(file.is_file() and file_sha256(file) == sha256 for file, sha256 in files)


def tool_versions() -> dict[str, str]:
    """Return the versions of the packages that take part in the export."""
    return {name: importlib.metadata.version(name) for name in _TOOLS}


def export_model(model_dir: Path, *, force: bool = False) -> bool:
    """Export a published model unless its export is current.

    Raises `CardError` if card or weights are missing or disagree.

    Parameters
    ----------
    model_dir : folder of card.json and weights.safetensors; exported/ is written into it
    force : export even if the export is current

    Returns
    -------
    True if files were written.
    """
    card = read_card(model_dir)
    folder = model_dir / EXPORT_FOLDER
    weights_sha256 = card["weights"]["sha256"]
    if not force and is_current(folder, weights_sha256):
        return False
    folder.mkdir(exist_ok=True)
    (folder / EXPORT_CARD).unlink(missing_ok=True)
    network = load_network(model_dir, card)
    channels = card["architecture"]["in_channels"]
    rows, columns = card["input"]["size"]
    export_openvino(network, channels, (rows, columns), folder / _FILES["openvino_xml"])
    export_torch(network, channels, (rows, columns), folder / _FILES["torch_pt2"])
    record = {
        "weights_sha256": weights_sha256,
        "tools": tool_versions(),
        "files": {key: {"path": name, "sha256": file_sha256(folder / name)} for key, name in _FILES.items()},
    }
    # Written last: it marks the export as complete.
    (folder / EXPORT_CARD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return True


def main(argv: Sequence[str] | None = None) -> int:
    """Run the export from the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m models.export", description=__doc__)
    parser.add_argument("--model-dir", type=Path, metavar="DIR", help="one model (default: all beside this file)")
    parser.add_argument("--force", action="store_true", help="export even if the export is current")
    arguments = parser.parse_args(argv)
    here = Path(__file__).parent
    others = [path.parent for path in sorted(here.glob("*/card.json")) if path.parent.name != FIRST]
    folders = [arguments.model_dir] if arguments.model_dir else [here / FIRST, *others]
    try:
        for folder in folders:
            written = export_model(folder, force=arguments.force)
            print(f"{folder.name}: {'exported' if written else 'export is current'}")
    except CardError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
