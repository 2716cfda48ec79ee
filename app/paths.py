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


def resolve_paths(
    given_in: Path | None, given_out: Path | None, environment: Mapping[str, str] | None = None
) -> tuple[Path, Path]:
    """Return input and output path.

    Raises
    ------
    UsageError
        If either is neither given nor set, or the input does not exist.
    """
    variables = os.environ if environment is None else environment
    path = given_in or _first(variables, [source for _, source, _ in PLATFORMS])
    out = given_out or _first(variables, [target for _, _, target in PLATFORMS])
    if path is None or out is None:
        message = "Input and output folders are needed: -i IN -o OUT (or HOLOSCAN_INPUT_PATH and HOLOSCAN_OUTPUT_PATH)."
        raise UsageError(message)
    if not path.exists():
        message = "The input does not exist. Give the folder of one or more DICOM studies with -i."
        raise UsageError(message)
    return path, out


def config_path(given: Path | None) -> Path | None:
    """Return the configuration file: the given one, else the one that the container names, else None."""
    if given is not None:
        return given
    named = os.environ.get(CONFIG_VARIABLE)
    return Path(named) if named else None


def _first(variables: Mapping[str, str], names: list[str]) -> Path | None:
    return next((Path(variables[name]) for name in names if variables.get(name)), None)
