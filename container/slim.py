"""Copy installed packages without files that the application never loads: `python slim.py SITE_PACKAGES TARGET`.

The list was made from the modules and shared libraries that a complete run loads; the tests of the image repeat such a
run without the files left out. Each entry says what they are for.
"""

from __future__ import annotations

import fnmatch
import hashlib
import shutil
import sys
from pathlib import Path
from typing import Final

# Packages that only the build needs: installers, and what completes Holoscan's installation.
BUILD_ONLY: Final = (
    "pip", "pip-*", "setuptools", "setuptools-*", "pkg_resources", "_distutils_hack", "distutils-precedence.pth",
    "wheel", "wheel-*", "wheel_axle", "wheel_axle*", "filelock", "filelock-*", "axle.lck",
)  # fmt: skip

TORCH_NEEDS: Final = ("filelock", "filelock-*", "setuptools", "setuptools-*", "pkg_resources")

PYTHON_FRONTENDS: Final = ("jax", "onnx", "paddle", "pytorch", "tensorflow")
FRONTENDS: Final = (*PYTHON_FRONTENDS, "gguf", "tensorflow_lite")  # all of OpenVINO's but that of its own format, IR

LEFT_OUT: Final = {
    # OpenVINO: only its own format and the CPU are used.
    "openvino/libs/libopenvino_intel_gpu_plugin.so": "Intel GPUs",
    "openvino/libs/libopenvino_intel_npu*": "Intel NPUs",
    "openvino/libs/cache.json": "kernels for Intel GPUs",
    "openvino/libs/libopenvino_auto_plugin.so": "choice among devices",
    "openvino/libs/libopenvino_hetero_plugin.so": "several devices at once",
    "openvino/libs/libopenvino_c.so*": "interface for C",
    **{f"openvino/libs/libopenvino_{name}_frontend.so*": "models of another format" for name in FRONTENDS},
    **{f"openvino/frontend/{name}": "models of another format" for name in PYTHON_FRONTENDS},
    "openvino/libs/libtbbmalloc_proxy.so*": "replaces malloc on request",
    "openvino/include": "headers for C++",
    "openvino/cmake": "build files",
    "openvino/tools": "model conversion",
    "openvino/torch": "torch.compile",
    # Holoscan: none of its ready-made operators (cameras, screens, GPUs) is used.
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
    # Tests, headers and build tools.
    "numpy/**/tests": "tests",
    "numpy/f2py": "Fortran compiler wrapper",
    "numpy/distutils": "build tool",
    "numpy/_core/include": "headers for C",
    "numpy/_core/lib": "static libraries",
    "pydicom/data/test_files": "data of tests",
    "monai/deploy/operators": "the SDK's own operators",
    "**/__pycache__": "compiled again at the end, reproducibly",
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
    """Return whether a path, relative to site-packages, is left out; PyTorch needs some build-only packages."""
    if with_torch and any(fnmatch.fnmatch(path.name, name) for name in TORCH_NEEDS):
        return False
    if len(path.parts) == 1 and any(fnmatch.fnmatch(path.name, name) for name in BUILD_ONLY):
        return True
    return any(_matches(path, pattern) for pattern in LEFT_OUT)


def copy(source: Path, target: Path) -> None:
    """Copy site-packages without what is left out, keeping links.

    Raises
    ------
    ValueError
        If an entry of the list matches nothing: a package has changed, and the list must be revised.
    """
    paths = [path.relative_to(source) for path in source.rglob("*")]
    unused = [pattern for pattern in LEFT_OUT if not any(_matches(path, pattern) for path in paths)]
    if unused:
        message = f"nothing matches {sorted(unused)}: revise the list in container/slim.py"
        raise ValueError(message)

    with_torch = (source / "torch").is_dir()

    def ignored(folder: str, names: list[str]) -> set[str]:
        inside = Path(folder).relative_to(source)
        return {name for name in names if left_out(inside / name, with_torch=with_torch)}

    shutil.copytree(source, target, symlinks=True, ignore=ignored)
    link_copies(target)


def link_copies(folder: Path) -> None:
    """Replace copies of a library by links: wheels cannot hold links, so python-gdcm has three copies."""
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
