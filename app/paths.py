"""Where input and output are: the command line, else what the orchestrator's environment says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from liver_mre.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

# In order of precedence, after the command line: (platform, input variable, output variable).
PLATFORMS = (
    ("MONAI Deploy / Holoscan", "HOLOSCAN_INPUT_PATH", "HOLOSCAN_OUTPUT_PATH"),
    ("Mercure", "MERCURE_IN_DIR", "MERCURE_OUT_DIR"),
)
CONFIG_VARIABLE = "HOLOSCAN_CONFIG_PATH"


def resolve_input(given: Path | None, environment: Mapping[str, str] | None = None) -> Path:
    """Return the input path.

    Raises
    ------
    UsageError
        If it is neither given nor set, or does not exist.
    """
    path = given or _first(environment, [source for _, source, _ in PLATFORMS])
    if path is None:
        message = "An input folder is needed: -i IN (or HOLOSCAN_INPUT_PATH)."
        raise UsageError(message)
    if not path.exists():
        message = "The input does not exist. Give the folder of one or more DICOM studies with -i."
        raise UsageError(message)
    return path


def resolve_output(given: Path | None, environment: Mapping[str, str] | None = None) -> Path:
    """Return the output path.

    Raises
    ------
    UsageError
        If it is neither given nor set.
    """
    out = given or _first(environment, [target for _, _, target in PLATFORMS])
    if out is None:
        message = "An output folder is needed: -o OUT (or HOLOSCAN_OUTPUT_PATH)."
        raise UsageError(message)
    return out


def config_path(given: Path | None) -> Path | None:
    """Return the configuration file: the given one, else the one that the container names, else None."""
    if given is not None:
        return given
    named = os.environ.get(CONFIG_VARIABLE)
    return Path(named) if named else None


def _first(environment: Mapping[str, str] | None, names: list[str]) -> Path | None:
    variables = os.environ if environment is None else environment
    return next((Path(variables[name]) for name in names if variables.get(name)), None)
