"""Limits of the quality checks from their data file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from liver_mre.errors import ModelError
from liver_mre.quality.limits import Limits, parse_limits
from liver_mre.studies.typed_json import read_json

LIMITS_FILE: Final = Path(__file__).resolve().parents[1] / "data" / "quality_limits.json"


@cache
def load_limits(path: Path = LIMITS_FILE) -> Limits:
    """Read the limits.

    Raises
    ------
    ModelError
        The file cannot be read or is not valid.
    """
    content = read_json(path, "file of quality limits", ModelError, advice="Reinstall the application.")
    return parse_limits(content, ModelError)
