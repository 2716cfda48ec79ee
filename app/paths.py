"""Input and output folders: from the command line, else from the environment that the platform sets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from liver_mre.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_VARIABLE = "HOLOSCAN_CONFIG_PATH"
# Values that the image itself sets. Platforms that do not know these variables leave them: these values count last.
MAP_DEFAULTS = {"HOLOSCAN_INPUT_PATH": "/var/holoscan/input", "HOLOSCAN_OUTPUT_PATH": "/var/holoscan/output"}
FLYWHEEL_FOLDER = "/flywheel/v0"


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a platform puts the input and expects the output; None if it does not say."""

    input: Path | None
    output: Path | None


def resolve_input(given: Path | None, environment: Mapping[str, str] | None = None) -> Path:
    """Return the input path: the given one, else that of the first platform in order of precedence.

    Raises
    ------
    UsageError
        If there is none, or it does not exist or cannot be reached.
    """
    path = given or next((folders.input for folders in _platforms(environment) if folders.input), None)
    if path is None:
        message = "No input folder: give one with -i IN or HOLOSCAN_INPUT_PATH."
        raise UsageError(message)
    try:
        exists = path.exists()
    except OSError as error:  # no permission on the way to it, or a name that is too long
        message = f"The input cannot be reached ({type(error).__name__}). Check the path and its permissions."
        raise UsageError(message) from error
    if not exists:
        message = "The input does not exist. Give the folder of one or more DICOM studies with -i."
        raise UsageError(message)
    return path


def resolve_output(given: Path | None, environment: Mapping[str, str] | None = None) -> Path:
    """Return the output path: the given one, else that of the first platform in order of precedence.

    Raises
    ------
    UsageError
        If there is none.
    """
    out = given or next((folders.output for folders in _platforms(environment) if folders.output), None)
    if out is None:
        message = "No output folder: give one with -o OUT or HOLOSCAN_OUTPUT_PATH."
        raise UsageError(message)
    return out


def config_path(given: Path | None) -> Path | None:
    """Return the settings file: the given one, else that of the environment, else None."""
    if given is not None:
        return given
    named = os.environ.get(CONFIG_VARIABLE)
    return Path(named) if named else None


def _platforms(environment: Mapping[str, str] | None) -> list[Folders]:
    """Return the folders that each platform names, in order of precedence."""
    variables = os.environ if environment is None else environment
    holoscan = {name: variables.get(name) or None for name in MAP_DEFAULTS}
    chosen = {name: path for name, path in holoscan.items() if path and path.rstrip("/") != MAP_DEFAULTS[name]}
    return [
        _folders(chosen.get("HOLOSCAN_INPUT_PATH"), chosen.get("HOLOSCAN_OUTPUT_PATH")),
        _folders(variables.get("MERCURE_IN_DIR"), variables.get("MERCURE_OUT_DIR")),
        _kaapana(variables),
        _flywheel(variables),
        _folders(holoscan["HOLOSCAN_INPUT_PATH"], holoscan["HOLOSCAN_OUTPUT_PATH"]),
        *_existing(*MAP_DEFAULTS.values()),
    ]


def _kaapana(variables: Mapping[str, str]) -> Folders:
    """Kaapana gives folder names relative to WORKFLOW_DIR."""
    workflow = Path(variables.get("WORKFLOW_DIR") or "/")
    names = [variables.get(name) for name in ("OPERATOR_IN_DIR", "OPERATOR_OUT_DIR")]
    source, target = (workflow / name if name else None for name in names)
    return Folders(source, target)


def _flywheel(variables: Mapping[str, str]) -> Folders:
    folder = variables.get("FLYWHEEL") or FLYWHEEL_FOLDER
    return next(iter(_existing(f"{folder}/input", f"{folder}/output")), Folders(None, None))


def _existing(source: str, target: str) -> list[Folders]:
    return [_folders(source, target)] if os.path.isdir(source) else []  # noqa: PTH112  (false if out of reach)


def _folders(source: str | None, target: str | None) -> Folders:
    return Folders(Path(source) if source else None, Path(target) if target else None)
