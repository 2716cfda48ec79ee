"""Helpers for the tests of the recipes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from container.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.container.conftest import Finished, Image

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
IMAGE = f"liver-mre:{Source.read().version}"
SITE = "/var/holoscan/site"
SETTINGS = "/var/holoscan/app.yaml"


def recipe(name: str) -> Any:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)


def at_site(image: Image, folder: Path) -> list[str]:
    """Return an engine's options that mount a site's folder where every recipe does."""
    return [*image.mount(folder / "app.yaml", SETTINGS), *image.mount(folder, SITE)]


def with_variables(text: str, given: Mapping[str, str]) -> str:
    """Put variables into a text as compose does: `${NAME:-default}`."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda match: given.get(match[1]) or match[2], text)


def assert_measured(finished: Finished) -> None:
    """Check that the study was measured and its results were written."""
    assert finished.code == 0, finished.stderr
    (study,) = finished.result["studies"]
    assert study["status"] == "measured"
    assert {path.suffix for path in (finished.out / study["study_instance_uid"]).iterdir()} >= {".dcm"}
    assert not finished.left_behind


def replaced_entry(command: list[str]) -> tuple[list[str], list[str]]:
    """Return an engine's options and arguments for a command that replaces the image's entry point."""
    return ["--entrypoint", command[0]], command[1:]
