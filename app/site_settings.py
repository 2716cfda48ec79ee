"""Settings that a platform passes in a file: Mercure's `task.json`, Flywheel's `config.json`.

`python -m app.site_settings FILE` prints each as LIVER_MRE_<SETTING>=<value> and a zero byte; the entry point of the
container exports them. Settings that are in the environment already take precedence.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "LIVER_MRE_"


def site_settings(content: object, environment: Mapping[str, str]) -> dict[str, str]:
    """Return environment variables for the settings in a platform's file.

    Parameters
    ----------
    content : the parsed file: Mercure's {"process": {"settings": {...}}}, where "settings" may also be a list with one
        entry per module, of which the first mapping counts; or Flywheel's {"config": {...}}
    environment : variables that are set already and take precedence
    """
    settings = _part(_part(content, "process"), "settings") or _part(content, "config")
    if isinstance(settings, list):
        settings = next((entry for entry in settings if isinstance(entry, dict)), None)
    if not isinstance(settings, dict):
        return {}
    named = {PREFIX + str(key).upper(): _text(value) for key, value in settings.items() if value is not None}
    return {key: value for key, value in named.items() if key not in environment}


def _part(content: object, key: str) -> object:
    return content.get(key) if isinstance(content, dict) else None


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def main(path: Path) -> int:
    """Print the variables for a file; one that cannot be read gives a warning and counts as empty."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"liver-mre: {path.name} cannot be read ({type(error).__name__}) and is ignored", file=sys.stderr)
        return 0
    for name, value in site_settings(content, os.environ).items():
        sys.stdout.write(f"{name}={value}\0")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
