"""Copy the installed packages without what the application never loads: `python slim.py SITE_PACKAGES TARGET`.

What is left out was found by listing the modules and shared libraries of a whole run; the tests of the image run it
again without them. Each entry says why it can go.
"""

from __future__ import annotations

import fnmatch
import hashlib
import shutil
import sys
from pathlib import Path
from typing import Final

# Whole packages that only the build needs: installers, and what completes Holoscan's installation.
BUILD_ONLY: Final = (
    "pip", "pip-*", "setuptools", "setuptools-*", "pkg_resources", "_distutils_hack", "distutils-precedence.pth",
    "wheel", "wheel-*", "wheel_axle", "wheel_axle*", "filelock", "filelock-*", "axle.lck",
)  # fmt: skip

TORCH_NEEDS: Final = ("filelock", "filelock-*", "setuptools", "setuptools-*", "pkg_resources")

LEFT_OUT: Final = {
    # OpenVINO reads its own format and runs it on the processor: no other devices, no other formats.
    "openvino/libs/libopenvino_intel_gpu_plugin.so": "Intel GPUs",
    "openvino/libs/libopenvino_intel_npu*": "Intel NPUs",
    "openvino/libs/cache.json": "kernels for Intel GPUs",
    "openvino/libs/libopenvino_auto_plugin.so": "choice among devices",
    "openvino/libs/libopenvino_hetero_plugin.so": "several devices at once",
    "openvino/libs/libopenvino_c.so*": "interface for C",
    "openvino/libs/libopenvino_gguf_frontend.so*": "GGUF models",
    "openvino/libs/libopenvino_jax_frontend.so*": "JAX models",
    "openvino/libs/libopenvino_onnx_frontend.so*": "ONNX models",
    "openvino/libs/libopenvino_paddle_frontend.so*": "Paddle models",
    "openvino/libs/libopenvino_pytorch_frontend.so*": "PyTorch models",
    "openvino/libs/libopenvino_tensorflow_frontend.so*": "TensorFlow models",
    "openvino/libs/libopenvino_tensorflow_lite_frontend.so*": "TensorFlow Lite models",
    "openvino/libs/libtbbmalloc_proxy.so*": "replaces malloc on request",
    "openvino/frontend/jax": "JAX models",
    "openvino/frontend/onnx": "ONNX models",
    "openvino/frontend/paddle": "Paddle models",
    "openvino/frontend/pytorch": "PyTorch models",
    "openvino/frontend/tensorflow": "TensorFlow models",
    "openvino/include": "headers for C++",
    "openvino/cmake": "build files",
    "openvino/tools": "model conversion",
    "openvino/torch": "torch.compile",
    # Holoscan: the graph is ours, its ready-made operators are for cameras, screens and GPUs.
    "holoscan/operators": "ready-made operators",
    "holoscan/data_loggers": "loggers of data between operators",
    "holoscan/pose_tree": "robotics",
    "holoscan/lib/libholoscan_op_*": "ready-made operators",
    "holoscan/lib/libholoscan_viz*": "visualisation",
    "holoscan/lib/libholoscan_infer*": "inference on GPUs",
    "holoscan/lib/libholoinfer_utils*": "inference on GPUs",
    "holoscan/lib/libholoscan_data_loggers*": "loggers of data between operators",
    "holoscan/lib/libholoscan_pose_tree*": "robotics",
    "holoscan/lib/libholoscan_cuda_helper*": "operators on GPUs",
    "holoscan/lib/libgxf_sample.so": "examples",
    # Tests and data of tests.
    "numpy/**/tests": "tests",
    "numpy/f2py": "Fortran compiler wrapper",
    "numpy/distutils": "build tool",
    "numpy/_core/include": "headers for C",
    "numpy/_core/lib": "static libraries",
    "pydicom/data/test_files": "data of tests",
    "monai/deploy/operators": "the SDK's own operators",
    "**/__pycache__": "made afresh at the end, the same in every build",
    "**/*.pyi": "type information",
}  # fmt: skip


def _matches(path: Path, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch.fnmatch(path.name, pattern[3:])
    if "/**/" in pattern:
        top, name = pattern.split("/**/")
        return path.parts[0] == top and fnmatch.fnmatch(path.name, name)
    return fnmatch.fnmatch(str(path), pattern)


def left_out(path: Path, *, with_torch: bool = False) -> bool:
    """Tell whether a path, relative to site-packages, is left out; PyTorch needs some of what others build with."""
    if with_torch and any(fnmatch.fnmatch(path.name, name) for name in TORCH_NEEDS):
        return False
    if len(path.parts) == 1 and any(fnmatch.fnmatch(path.name, name) for name in BUILD_ONLY):
        return True
    return any(_matches(path, pattern) for pattern in LEFT_OUT)


def copy(source: Path, target: Path) -> None:
    """Copy site-packages, links as links, without what is left out.

    Raises
    ------
    ValueError
        If an entry matches nothing: then a package has changed, and the list must be looked at again.
    """
    paths = [path.relative_to(source) for path in source.rglob("*")]
    unused = [pattern for pattern in LEFT_OUT if not any(_matches(path, pattern) for path in paths)]
    if unused:
        message = f"nothing to leave out for {sorted(unused)}: look at container/slim.py again"
        raise ValueError(message)

    with_torch = (source / "torch").is_dir()

    def ignored(folder: str, names: list[str]) -> set[str]:
        inside = Path(folder).relative_to(source)
        return {name for name in names if left_out(inside / name, with_torch=with_torch)}

    shutil.copytree(source, target, symlinks=True, ignore=ignored)
    link_copies(target)


def link_copies(folder: Path) -> None:
    """Make a library that lies there under several names one file: wheels hold no links, so python-gdcm has three."""
    kept: dict[tuple[Path, bytes], Path] = {}
    for path in sorted(folder.rglob("*.so*"), key=lambda path: (len(path.name), path), reverse=True):
        if path.is_file() and not path.is_symlink():
            content = hashlib.sha256(path.read_bytes()).digest()
            first = kept.setdefault((path.parent, content), path)
            if first is not path:
                path.unlink()
                path.symlink_to(first.name)


if __name__ == "__main__":
    copy(Path(sys.argv[1]), Path(sys.argv[2]))
