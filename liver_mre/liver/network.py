"""The liver segmentation network: check its files, choose the device, predict."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from liver_mre.errors import DeviceError, ModelError, UsageError
from liver_mre.liver.card import Card, ModelCard, is_file_name, load_card
from liver_mre.liver.processors import usable_processors
from liver_mre.studies.regular_file import open_regular
from liver_mre.studies.typed_json import Fields, read_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.liver.mask import ModelIdentity

EXPORT_DIR: Final = "exported"
EXPORT_FILE: Final = "export.json"
CPU_FILES: Final = ("openvino_xml", "openvino_bin")
CUDA_FILES: Final = ("torch_pt2",)
NVIDIA_MARKS: Final = (Path("/dev/nvidiactl"), Path("/proc/driver/nvidia/version"), Path("/dev/dxg"))
"""Files of an NVIDIA driver on Linux and in WSL."""
_AGAIN = "Run `make model` to export it again."
_CUDA = re.compile(r"cuda:(\d+)")
_PRECISIONS = ("auto", "f32", "bf16")


class Backend(Protocol):
    """The runtime of a network; `name` and `precision` go into the model's identity."""

    @property
    def name(self) -> str:
        """Name of the runtime."""

    @property
    def precision(self) -> str:
        """Arithmetic that the network actually runs in."""

    def logits(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits (S, h, w) of slices (S, channels, h, w), both float32."""


@dataclass(frozen=True, slots=True)
class LiverModel:
    """A loaded network with its card and identity."""

    card: ModelCard
    identity: ModelIdentity
    backend: Backend

    def predict(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Predict the liver.

        Parameters
        ----------
        batch : (S, channels, h, w) float32 in [0, 1], any number of slices of the card's channels and size

        Returns
        -------
        (S, h, w) float32, the probability of liver

        Raises
        ------
        ValueError
            The batch has another shape.
        """
        expected = (len(self.card.channels), *self.card.size)
        if batch.shape[1:] != expected:
            message = f"a batch of shape {batch.shape} instead of (S, {', '.join(map(str, expected))})"
            raise ValueError(message)
        logits = self.backend.logits(np.ascontiguousarray(batch, dtype=np.float32))
        # A sigmoid that cannot overflow.
        probability: NDArray[np.float32] = np.float32(0.5) * (1 + np.tanh(np.float32(0.5) * logits))
        return probability


def load_model(
    model_dir: Path, *, device: str = "auto", precision: str = "auto", threads: int | None = None
) -> LiverModel:
    """Check a model's files and load it.

    Parameters
    ----------
    model_dir : folder of `card.json`, the weights and `exported/`
    device : "cpu", "cuda:N", or "auto" for the first usable CUDA device, else the CPU
    precision : "auto", "f32" or "bf16" on the CPU; a CUDA device computes as exported and takes "auto" only
    threads : threads of inference on the CPU; None for as many processors as this process may use

    Raises
    ------
    UsageError
        Device or precision is unknown.
    DeviceError
        Device or precision is not available on this machine.
    ModelError
        A file is missing, damaged or does not belong to the others.
    """
    if precision not in _PRECISIONS:
        message = f"Precision {precision!r} is unknown. Use {', '.join(_PRECISIONS)}."
        raise UsageError(message)
    chosen = resolve_device(device)
    if chosen != "cpu" and precision != "auto":
        message = "The precision can be chosen on the CPU only. Use precision auto, or --device cpu."
        raise UsageError(message)
    card = load_card(model_dir)
    files = checked_files(model_dir, card, CPU_FILES if chosen == "cpu" else CUDA_FILES)
    backend = _backend(files, card, chosen, precision, threads or usable_processors())
    return LiverModel(card, card.identity(backend.name, backend.precision), backend)


def resolve_device(requested: str) -> str:
    """Return the device to use, "cpu" or "cuda:N".

    Raises
    ------
    UsageError
        The text names no device.
    DeviceError
        The CUDA device cannot be used.
    """
    if requested == "cpu":
        return "cpu"
    if requested == "auto":
        return "cuda:0" if cuda_count() else "cpu"
    match = _CUDA.fullmatch(requested)
    if match is None:
        message = f"Device {requested!r} is unknown. Use auto, cpu or cuda:N."
        raise UsageError(message)
    count = cuda_count()
    if int(match[1]) >= count:
        message = (
            f"Device {requested} is not available: {count} CUDA devices can be used here. "
            "A CUDA build of PyTorch and an NVIDIA driver are needed; otherwise use --device auto or --device cpu."
        )
        raise DeviceError(message)
    return f"cuda:{int(match[1])}"


def checked_files(model_dir: Path, card: Card, keys: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the exported files named by `keys`, after checking their SHA-256.

    Weights beside the card are checked, too; the container has them in the exported files only.

    Raises
    ------
    ModelError
        A file is missing or damaged, or the export was made from other weights.
    """
    folder = model_dir / EXPORT_DIR
    where, unexported = "model's export.json", "The model has not been exported. Run `make model`."
    content = read_json(folder / EXPORT_FILE, where, ModelError, advice=_AGAIN, missing=unexported)
    export = Fields(content, where, ModelError)
    if export.text("weights_sha256") != card.weights.sha256:
        message = f"The exported model was made from other weights than the card names. {_AGAIN}"
        raise ModelError(message)
    recorded = export.part("files")
    weights = model_dir / card.weights.path
    expected = {weights: card.weights.sha256} if weights.exists() else {}
    paths = []
    for key in keys:
        entry = recorded.part(key)
        name = entry.text("path")
        if not is_file_name(name):
            entry.refuse("needs the name of a file in the folder of the export")
        paths.append(folder / name)
        expected[folder / name] = entry.text("sha256")
    with ThreadPoolExecutor(max_workers=len(expected)) as pool:
        for path, found in zip(expected, pool.map(_sha256, expected), strict=True):
            if found != expected[path]:
                message = f"The model's file {path.name} is damaged or was replaced (SHA-256 differs). {_AGAIN}"
                raise ModelError(message)
    return tuple(paths)


def cuda_count() -> int:
    """Return the number of usable CUDA devices; imports PyTorch, which takes a second, only with an NVIDIA driver."""
    if not any(mark.exists() for mark in NVIDIA_MARKS):
        return 0
    from liver_mre.liver.torch_backend import cuda_devices

    return cuda_devices()


def _backend(files: tuple[Path, ...], card: ModelCard, device: str, precision: str, threads: int) -> Backend:
    if device == "cpu":
        from liver_mre.liver.openvino_backend import OpenVinoBackend

        shape = (len(card.channels), *card.size)
        return OpenVinoBackend(files[0], files[1], shape, precision=precision, threads=threads)
    from liver_mre.liver.torch_backend import TorchBackend

    return TorchBackend(files[0], device, threads=threads)


def _sha256(path: Path) -> str:
    try:
        with open_regular(path) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        message = f"The model's file {path.name} is missing or unreadable. {_AGAIN}"
        raise ModelError(message) from error
