"""`liver-mre info`: versions, models, devices, staging profiles."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from app.console import make_console, reporting
from app.site_settings import load_site_settings
from liver_mre.about import APPLICATION, __version__
from liver_mre.errors import ExitCode, MreError
from liver_mre.measurement.profile_file import load_profiles
from liver_mre.results.json_text import json_text

if TYPE_CHECKING:
    from pathlib import Path

    from liver_mre.settings import Settings

PACKAGES = ("monai-deploy-app-sdk", "holoscan-cu13", "openvino", "torch", "pydicom", "highdicom", "numpy")


def info(config: Path | None, *, as_json: bool) -> int:
    """Print what is installed; return 0, or 5 if a model cannot be used."""
    settings = load_site_settings(config)
    content = describe(settings)
    with reporting():
        if as_json:
            print(json_text(content, indent=2))
        else:
            _print(content)
    return int(ExitCode.MODEL_OR_DEVICE if any("error" in model for model in content["models"]) else ExitCode.DONE)


def describe(settings: Settings) -> dict[str, list[dict[str, object]] | dict[str, str]]:
    """Return versions, models, devices and profiles as plain data."""
    profiles = load_profiles(extra_dir=settings.profiles_dir)
    return {
        "application": {"name": APPLICATION, "version": __version__, "python": platform.python_version()},
        "packages": {name: _version(name) for name in PACKAGES},
        "models": [_model(settings), *_quality_models(settings)],
        "devices": _devices(),
        "profiles": [
            {"name": one.name, "title": one.title, "citation": one.citation, "default": one.name == settings.profile}
            for one in profiles.values()
        ],
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _model(settings: Settings) -> dict[str, object]:
    from liver_mre.liver.card import load_card
    from liver_mre.liver.network import CPU_FILES, CUDA_FILES, checked_files, cuda_count

    try:
        card = load_card(settings.model_dir)
        checked_files(settings.model_dir, card, CPU_FILES + CUDA_FILES if cuda_count() else CPU_FILES)
    except MreError as error:
        return {"path": str(settings.model_dir), "error": str(error)}
    return {
        "name": card.name,
        "version": card.version,
        "sha256": card.weights.sha256,
        "intended_use": card.intended_use,
        "training_data": card.training.get("data"),
    }


def _quality_models(settings: Settings) -> list[dict[str, object]]:
    """Describe the quality networks; nothing if set to judge by physical checks alone."""
    from liver_mre.liver.network import CPU_FILES, checked_files
    from liver_mre.quality.networks import load_quality_card

    if settings.quality_dir is None:
        return []
    try:
        card = load_quality_card(settings.quality_dir)
        checked_files(settings.quality_dir, card, CPU_FILES)
    except MreError as error:
        return [{"path": str(settings.quality_dir), "error": str(error)}]
    return [
        {"name": card.name, "version": card.version, "sha256": card.weights.sha256, "networks": card.members},
    ]


def _devices() -> list[dict[str, object]]:
    from liver_mre.liver.network import cuda_count

    names = ["cpu", *(f"cuda:{number}" for number in range(cuda_count()))]
    return [{"device": name, "backend": "OpenVINO" if name == "cpu" else "torch"} for name in names]


def _print(content: dict[str, list[dict[str, object]] | dict[str, str]]) -> None:
    from rich.table import Table

    console = make_console()
    for section, entries in content.items():
        table = Table(title=section.capitalize(), title_justify="left", show_header=False)
        rows = entries.items() if isinstance(entries, dict) else [row for entry in entries for row in _rows(entry)]
        for name, value in rows:
            table.add_row(str(name), str(value))
        console.print(table)


def _rows(entry: dict[str, object]) -> list[tuple[str, object]]:
    """Return an entry as rows, all but the first indented."""
    (first, title), *others = entry.items()
    return [(first, title), *((f"  {name}", value) for name, value in others)]
