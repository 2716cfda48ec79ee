"""Imports point one way: app -> operators -> liver_mre -> its edges -> its pure core."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EDGES = ("liver_mre.dicom", "liver_mre.inference", "liver_mre.report")
STEPS = (
    "liver_mre.method.case",
    "liver_mre.method.steps",
    "liver_mre.method.measuring",
    "liver_mre.method.pipeline",
    "liver_mre.results.publish",
)
APART = ("simulation", "training", "models")

FORBIDDEN = {
    "liver_mre/core": (
        *EDGES,
        *STEPS,
        "operators",
        "app",
        *APART,
        "pydicom",
        "highdicom",
        "holoscan",
        "monai",
        "torch",
    ),
    "liver_mre/dicom": ("liver_mre.inference", "liver_mre.report", "operators", "app", *APART, "holoscan", "monai"),
    "liver_mre/inference": ("liver_mre.dicom", "liver_mre.report", "operators", "app", *APART, "holoscan", "monai"),
    "liver_mre/report": ("liver_mre.dicom", "liver_mre.inference", "operators", "app", *APART, "holoscan", "monai"),
    "liver_mre": ("operators", "app", *APART, "holoscan", "monai", "segmentation_models_pytorch", "torchvision"),
    "operators": ("app", *APART, "segmentation_models_pytorch", "torchvision"),
    "app": (*APART, "segmentation_models_pytorch", "torchvision"),
    "simulation": ("operators", "app", "training", "torch"),
}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def names_used(path: Path) -> set[str]:
    return {n.id for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Name)}


@pytest.mark.parametrize("package", FORBIDDEN)
def test_no_module_imports_from_a_layer_above_it(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in imported(path)
        for layer in FORBIDDEN[package]
        if name == layer or name.startswith(f"{layer}.")
    ]
    assert not wrong


def test_the_core_opens_no_files() -> None:
    wrong = [
        str(path)
        for path in (ROOT / "liver_mre/core").rglob("*.py")
        if {"pathlib", "os", "io", "pathlib.Path"} & imported(path) or "open" in names_used(path)
    ]
    assert not wrong


def test_no_source_file_outgrows_a_reader() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in ("app", "operators", "liver_mre", "simulation", "training", "models", "container")
        for path in (ROOT / folder).rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 320
    }
    assert not long
