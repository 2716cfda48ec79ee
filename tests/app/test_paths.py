"""Input and output folders: from the command line, else from the platforms' variables in a fixed order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.paths import MAP_DEFAULTS, resolve_input, resolve_output
from liver_mre.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

# In order of precedence.
PLATFORMS = [
    {"HOLOSCAN_INPUT_PATH": "{0}/holoscan-in", "HOLOSCAN_OUTPUT_PATH": "{0}/holoscan-out"},
    {"MERCURE_IN_DIR": "{0}/mercure-in", "MERCURE_OUT_DIR": "{0}/mercure-out"},
    {"WORKFLOW_DIR": "{0}", "OPERATOR_IN_DIR": "kaapana-in", "OPERATOR_OUT_DIR": "kaapana-out"},
    {"FLYWHEEL": "{0}"},
]
NAMES = ("holoscan", "mercure", "kaapana")
FOLDERS = [*((f"{name}-in", f"{name}-out") for name in NAMES), ("input", "output")]


@pytest.mark.parametrize("first", range(len(PLATFORMS)))
@pytest.mark.parametrize("defaults", [{}, MAP_DEFAULTS], ids=["bare", "in an image"])
def test_the_first_platform_takes_precedence(tmp_path: Path, first: int, defaults: dict[str, str]) -> None:
    environment = dict(defaults)
    for platform in PLATFORMS[first:]:
        environment |= {key: value.format(tmp_path) for key, value in platform.items() if key not in environment}
    if first == 0:
        environment |= {key: value.format(tmp_path) for key, value in PLATFORMS[0].items()}
    for name, _ in FOLDERS:
        (tmp_path / name).mkdir()
    source, target = FOLDERS[first]
    assert resolve_input(None, environment) == tmp_path / source
    assert resolve_output(None, environment) == tmp_path / target


def test_the_command_line_takes_precedence(tmp_path: Path) -> None:
    environment = {key: value.format(tmp_path) for platform in PLATFORMS for key, value in platform.items()}
    assert resolve_input(tmp_path, environment) == tmp_path
    assert resolve_output(tmp_path / "out", environment) == tmp_path / "out"


def test_the_defaults_of_the_image_count_last() -> None:
    assert str(resolve_output(None, dict(MAP_DEFAULTS))) == MAP_DEFAULTS["HOLOSCAN_OUTPUT_PATH"]


def test_without_a_folder_the_user_is_asked_for_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="-i IN"):
        resolve_input(None, {})
    with pytest.raises(UsageError, match="-o OUT"):
        resolve_output(None, {"MERCURE_OUT_DIR": ""})
    with pytest.raises(UsageError, match="does not exist"):
        resolve_input(None, {"MERCURE_IN_DIR": str(tmp_path / "nowhere")})
