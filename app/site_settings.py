"""Settings that a platform hands over in a file: Mercure's `task.json`, Flywheel's `config.json`.

They count more than the settings file, and less than the environment and the command line. The file is read here and
nowhere else: no value of it becomes an environment variable or a word of a shell.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.paths import FLYWHEEL_FOLDER, config_path
from liver_mre.errors import SettingsError
from liver_mre.settings import Settings, load_settings
from liver_mre.studies.typed_json import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

OF_THE_INSTALLATION: Final = ("model_dir", "quality_dir", "scanner_rules", "profiles_dir")
"""Settings that say what is run: who may start a run may not choose them."""


def load_site_settings(config: Path | None, given: Mapping[str, object] | None = None) -> Settings:
    """Return the settings of a command: of its settings file, the platform, the environment and its options.

    Raises
    ------
    SettingsError
        One of these holds an unknown setting or an unusable value, or a file cannot be read.
    """
    return load_settings(config_path(config), command_line=given, platform=platform_settings(os.environ))


def platform_settings(environment: Mapping[str, str]) -> dict[str, object]:
    """Return the settings in the file of the platform that these environment variables speak of; none without a file.

    Raises
    ------
    SettingsError
        The file cannot be read, or sets what belongs to the installation.
    """
    path = _file(environment)
    if path is None:
        return {}
    advice = "Mend it, or give the settings as environment variables."
    found = settings_in(read_json(path, path.name, SettingsError, advice=advice))
    if forbidden := [name for name in OF_THE_INSTALLATION if name in found]:
        message = (
            f"Setting {forbidden[0]} stands in {path.name}, where it is not allowed: it belongs to the installation. "
            "Set it in app.yaml or the environment."
        )
        raise SettingsError(message)
    return found


def settings_in(content: object) -> dict[str, object]:
    """Return the settings in a platform's file.

    Parameters
    ----------
    content : the parsed file: Mercure's {"process": {"settings": {...}}}, where "settings" may also be a list with one
        entry per module, of which the first mapping counts; or Flywheel's {"config": {...}}
    """
    settings = _part(_part(content, "process"), "settings") or _part(content, "config")
    if isinstance(settings, list):
        settings = next((entry for entry in settings if isinstance(entry, dict)), None)
    if not isinstance(settings, dict):
        return {}
    return {str(key).lower(): value for key, value in settings.items() if value is not None}


def _file(environment: Mapping[str, str]) -> Path | None:
    if folder := environment.get("MERCURE_IN_DIR"):
        path = Path(folder) / "task.json"
    else:
        path = Path(environment.get("FLYWHEEL") or FLYWHEEL_FOLDER) / "config.json"
    return path if os.path.lexists(path) else None


def _part(content: object, key: str) -> object:
    return content.get(key) if isinstance(content, dict) else None
