"""The MONAI Deploy SDK, imported without the parts that this application does not use.

`monai.deploy` shares its parent package with MONAI, so where MONAI is installed (for training) importing the SDK
imports all of MONAI; the SDK also imports torch, for TorchScript models. Together that takes 4.4 s and 460 MB, against
0.3 s for what the graph needs. While the SDK is imported, `monai` is therefore an empty namespace and torch is hidden;
afterwards both can be imported as usual. The SDK's Triton client, which needs gRPC and gevent, is replaced by a stub.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import resource
import sys
import types
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CUDA_RUNTIME = "cu13/lib/libcudart.so.13"
TRITON = "monai.deploy.core.models.triton_model"
STACK_BYTES = 32 * 1024 * 1024  # what Holoscan asks for


@contextmanager
def _lean_import() -> Iterator[None]:
    hidden: dict[str, types.ModuleType | None] = {}
    if "monai" not in sys.modules and (spec := importlib.util.find_spec("monai")):
        namespace = types.ModuleType("monai")
        namespace.__path__ = list(spec.submodule_search_locations or ())
        hidden["monai"] = namespace
    if "torch" not in sys.modules:
        hidden["torch"] = None  # None in `sys.modules` makes an import fail
    if TRITON not in sys.modules:
        triton = types.ModuleType(TRITON)
        for name in ("TritonModel", "TritonRemoteModel"):  # classes that the SDK imports from it
            setattr(triton, name, type(name, (), {}))
        sys.modules[TRITON] = triton
    sys.modules.update(hidden)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


def _raise_stack_limit() -> None:
    """Raise the stack limit to what Holoscan asks for, if the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    allowed = hard == resource.RLIM_INFINITY or hard >= STACK_BYTES
    if allowed and soft != resource.RLIM_INFINITY and soft < STACK_BYTES:
        resource.setrlimit(resource.RLIMIT_STACK, (STACK_BYTES, hard))


def _load_cuda_runtime() -> None:
    """Load the CUDA runtime library, to which Holoscan is linked even without a GPU.

    The package nvidia-cuda-runtime installs it where the loader does not look; once loaded, it is found by its name.
    """
    spec = importlib.util.find_spec("nvidia")
    for folder in spec.submodule_search_locations or () if spec else ():
        library = Path(folder) / CUDA_RUNTIME
        if library.is_file():
            ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)


_raise_stack_limit()
_load_cuda_runtime()
os.environ.setdefault("HOLOSCAN_LOG_LEVEL", "ERROR")
with _lean_import():
    from monai.deploy.conditions import BooleanCondition
    from monai.deploy.core import Application, Operator, OperatorSpec

__all__ = ["Application", "BooleanCondition", "Operator", "OperatorSpec"]
