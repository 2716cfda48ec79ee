"""The wheel holds the application as it is in the tree, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ("app", "operators", "liver_mre")
DESCRIBED_BY = ("pyproject.toml", "requirements.txt", "README.md", "LICENSE")
BYTE_CODE = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.safetensors", "exported")


def packages() -> list[Path]:
    """Return the top-level packages of the tree: those that ship, and those that must not."""
    return sorted(path.parent for path in ROOT.glob("[!.]*/__init__.py"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Return the names in a wheel built from a copy of the tree: an earlier build's leftovers cannot get into it."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for package in [*packages(), ROOT / "tests", ROOT / "scripts"]:
        shutil.copytree(package, source / package.name, ignore=BYTE_CODE)
    for name in DESCRIBED_BY:
        shutil.copy(ROOT / name, source)
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "wheel", *offline, "--wheel-dir", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(built).namelist())


def test_there_is_more_in_the_tree_than_ships() -> None:
    names = {path.name for path in packages()}
    assert set(SHIPPED) < names
    assert {"simulation", "training"} <= names


@pytest.mark.parametrize("package", SHIPPED)
def test_every_file_of_a_package_is_in_the_wheel(package: str, wheel: set[str]) -> None:
    in_tree = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert in_tree == {name for name in wheel if name.startswith(f"{package}/")}


def test_nothing_else_is_in_the_wheel(wheel: set[str]) -> None:
    assert {name.split("/")[0] for name in wheel if ".dist-info/" not in name} == set(SHIPPED)


def test_the_wheel_brings_its_licence_and_its_command(wheel: set[str]) -> None:
    described = {name.split("/", 1)[1] for name in wheel if ".dist-info/" in name}
    assert {"licenses/LICENSE", "entry_points.txt", "METADATA"} <= described
