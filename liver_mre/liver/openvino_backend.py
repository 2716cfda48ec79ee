"""The network on the CPU, with OpenVINO."""

from __future__ import annotations

import importlib
import sys
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from liver_mre.errors import DeviceError, MemoryShortageError, ModelError
from liver_mre.studies.memory import memory_ran_out

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from numpy.typing import NDArray

_TELEMETRY = "openvino_telemetry"
_TYPICAL_SLICES: Final = 4


def import_openvino() -> ModuleType:
    """Import OpenVINO without its telemetry.

    With the package `openvino_telemetry`, `import openvino` reports the import to a server and stores an identifier in
    the user's home folder, unless the user has opted out. No data may leave a hospital unasked, so that package is
    hidden during the import, and OpenVINO uses its own empty substitute.
    """
    if "openvino" in sys.modules:
        return sys.modules["openvino"]
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == _TELEMETRY}
    sys.modules[_TELEMETRY] = None  # type: ignore[assignment]  # None makes an import fail
    try:
        return importlib.import_module("openvino")
    finally:
        del sys.modules[_TELEMETRY]
        sys.modules.update(hidden)


class OpenVinoBackend:
    """An OpenVINO network that runs slice by slice.

    The network is compiled for one slice: this takes the least memory, and one compilation serves exams of every size.
    Slices run in parallel on as many streams as OpenVINO recommends. Compiled networks are not cached: a cache would
    save a few hundredths of a second a start, and would have to be trusted like the weights.

    Parameters
    ----------
    xml, weights : the two files of the OpenVINO network
    slice_shape : (channels, h, w) of a slice
    precision : "auto", "f32" or "bf16"; "auto" is bf16 if the processor supports it, else f32
    threads : threads of all streams together

    Raises
    ------
    ModelError
        OpenVINO cannot read the network, or it does not map (1, channels, h, w) to (1, 1, h, w).
    DeviceError
        bf16 is requested and the processor does not support it.
    MemoryShortageError
        There is too little memory for the network.
    """

    name: Final = "openvino"

    def __init__(
        self, xml: Path, weights: Path, slice_shape: tuple[int, int, int], *, precision: str = "auto", threads: int
    ) -> None:
        openvino: Any = import_openvino()
        core = openvino.Core()
        config = {
            "INFERENCE_PRECISION_HINT": chosen_precision(core, precision),
            "PERFORMANCE_HINT": "THROUGHPUT",
            "PERFORMANCE_HINT_NUM_REQUESTS": _TYPICAL_SLICES,
            "INFERENCE_NUM_THREADS": threads,
        }
        try:
            network = core.read_model(xml, weights)
            network.reshape([1, *slice_shape])
            self._compiled: Any = core.compile_model(network, "CPU", config)
            fits = list(self._compiled.output(0).shape) == [1, 1, *slice_shape[1:]]
        except RuntimeError as error:
            if memory_ran_out(error):
                raise MemoryShortageError from error
            message = "OpenVINO cannot use the exported model. Run `make model` to export it again."
            raise ModelError(message) from error
        if not fits:
            message = "The exported model does not give one logit for each pixel. Run `make model`."
            raise ModelError(message)
        self.precision = str(self._compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name())

    def logits(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits (S, h, w) of slices (S, channels, h, w), both float32."""
        logits = np.empty((len(batch), *batch.shape[2:]), dtype=np.float32)
        # Not AsyncInferQueue: its callbacks need Python's lock in OpenVINO's threads, and a network that is discarded
        # meanwhile holds that lock while it waits for these threads, a deadlock.
        streams = int(self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
        requests = [self._compiled.create_infer_request() for _ in range(min(streams, len(batch)))]
        running: deque[tuple[int, Any]] = deque()
        for index in range(len(batch)):
            if len(running) == len(requests):
                _collect(running, logits)
            request = requests[index % len(requests)]
            request.start_async({0: batch[index : index + 1]})
            running.append((index, request))
        while running:
            _collect(running, logits)
        return logits


def _collect(running: deque[tuple[int, Any]], logits: NDArray[np.float32]) -> None:
    """Wait for the oldest request and store its logits."""
    index, request = running.popleft()
    request.wait()
    logits[index] = request.get_output_tensor(0).data[0, 0]


def chosen_precision(core: Any, requested: str) -> str:  # noqa: ANN401  (OpenVINO has no types)
    """Return the precision to compute in, "bf16" or "f32", for `requested` "auto", "f32" or "bf16".

    Raises
    ------
    DeviceError
        bf16 is requested and the processor of this `openvino.Core` does not support it.
    """
    has_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if requested == "bf16" and not has_bf16:
        message = "This processor does not compute in bf16. Use precision auto or f32."
        raise DeviceError(message)
    return "bf16" if has_bf16 and requested != "f32" else "f32"
