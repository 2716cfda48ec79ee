"""The network on a CUDA device, with PyTorch."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from liver_mre.errors import DeviceError, ModelError
from liver_mre.liver.processors import usable_processors

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

_MAX_BATCH: Final = 16
_PRECISIONS: Final = {"torch.float32": "f32", "torch.float16": "f16", "torch.bfloat16": "bf16"}


def cuda_devices() -> int:
    """Return the number of CUDA devices that the installed PyTorch can use; 0 without PyTorch."""
    try:
        import torch
    except ImportError:
        return 0
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


class TorchBackend:
    """A network saved by `torch.export`, run in the precision of the export.

    Parameters
    ----------
    program : the exported file; check its SHA-256 first
    device : a PyTorch device, such as "cuda:0"
    threads : threads of what PyTorch computes on the CPU; None for as many processors as this process may use

    Raises
    ------
    ModelError
        PyTorch cannot load the program.
    """

    name: Final = "torch"

    def __init__(self, program: Path, device: str, *, threads: int | None = None) -> None:
        import torch
        from torch.export.passes import move_to_device_pass

        torch.set_num_threads(threads or usable_processors())
        try:
            with warnings.catch_warnings():
                # PyTorch 2.13 warns about an internal change that users cannot act on.
                warnings.simplefilter("ignore", FutureWarning)
                exported = move_to_device_pass(torch.export.load(program), device)
                self._network: Any = exported.module()
        except Exception as error:  # torch.export.load documents none: zip, JSON, key and runtime errors occur
            message = "PyTorch cannot use the exported model. Run `make model` to export it again."
            raise ModelError(message) from error
        self._torch = torch
        self._device = torch.device(device)
        self.precision = _weights_precision(exported.state_dict.values())

    def logits(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits (S, h, w) of slices (S, channels, h, w), both float32.

        Raises
        ------
        DeviceError
            The device runs out of memory.
        """
        torch = self._torch
        logits = np.empty((len(batch), *batch.shape[2:]), dtype=np.float32)
        try:
            with torch.inference_mode():
                for start in range(0, len(batch), _MAX_BATCH):
                    part = torch.from_numpy(batch[start : start + _MAX_BATCH]).to(self._device)
                    logits[start : start + _MAX_BATCH] = self._network(part)[:, 0].float().cpu().numpy()
        except torch.OutOfMemoryError as error:
            message = "The CUDA device has too little free memory for the model. Use --device cpu."
            raise DeviceError(message) from error
        return logits


def _weights_precision(tensors: Iterable[Any]) -> str:
    """Return the precision of the first weights: an exported program computes in the type that it was saved in."""
    types = (str(tensor.dtype) for tensor in tensors)
    return next((_PRECISIONS[name] for name in types if name in _PRECISIONS), "f32")
