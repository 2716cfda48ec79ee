"""The settings file of a site, a YAML file such as `app.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

from liver_mre.errors import SettingsError
from liver_mre.studies.text_file import read_text_file, shown

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES: Final = 100_000
"""Ours: twenty times app.yaml; what is nested in a larger one takes seconds to be refused."""
SECTIONS: Final = ("application", "resources", "settings")


class _Loader(yaml.SafeLoader):
    """Reads plain data, and refuses a key that stands twice in one mapping, of which YAML would keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  (as PyYAML declares it)
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if twice := next((key for key in keys if keys.count(key) > 1), None):
            problem = f"it has the key {shown(twice)} twice"
            raise yaml.constructor.ConstructorError(None, None, problem)
        content: dict[Any, Any] = super().construct_mapping(node, deep)
        return content


def read_settings_file(path: Path) -> dict[str, object]:
    """Return the settings in a file, as they stand there.

    Raises
    ------
    SettingsError
        The file cannot be read, or has another shape than app.yaml.
    """
    content = _content(path)
    section = (content.get("settings") or {}) if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(section, dict):
        message = "The configuration file must be a mapping with a `settings` section, as app.yaml has."
        raise SettingsError(message)
    if unknown := sorted(str(name) for name in content if name not in SECTIONS):
        message = (
            f"Unknown section {shown(unknown[0])} in the configuration file. Known sections: {', '.join(SECTIONS)}."
        )
        raise SettingsError(message)
    return {str(key): value for key, value in section.items()}


def _content(path: Path) -> object:
    try:
        # _Loader makes plain data only, as yaml.SafeLoader does.
        return yaml.load(read_text_file(path, MOST_BYTES), Loader=_Loader) or {}  # noqa: S506
    except yaml.constructor.ConstructorError as error:
        why = error.problem or "it holds what is not plain data"
        message = f"The configuration file cannot be read: {why}. Compare it with app.yaml."
        raise SettingsError(message) from error
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        message = f"The configuration file cannot be read ({type(error).__name__}). Give a YAML file such as app.yaml."
        raise SettingsError(message) from error
