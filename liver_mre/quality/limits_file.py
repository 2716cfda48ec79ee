"""The limits of quality numbers, from the application's data."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final

from liver_mre.errors import ModelError
from liver_mre.quality.limits import Limits, parse_limits

LIMITS_FILE: Final = Path(__file__).resolve().parents[1] / "data" / "quality_limits.json"


@cache
def load_limits(path: Path = LIMITS_FILE) -> Limits:
    """Read the limits.

    Raises
    ------
    ModelError
        If the file is missing, unreadable or incomplete.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"The quality limits cannot be read ({type(error).__name__}). Install the application again."
        raise ModelError(message) from error
    return parse_limits(content, ModelError)
