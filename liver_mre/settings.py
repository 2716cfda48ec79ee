"""Typed settings: defaults from `app.yaml`, overridden by the environment, then by the command line."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, get_type_hints

import yaml

from liver_mre.errors import SettingsError
from liver_mre.measurement.change import REPEATABILITY_PERCENT
from liver_mre.measurement.region_rules import RegionRules

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT_PREFIX = "LIVER_MRE_"
MAX_EXIT_CODE = 255
FILE_SECTIONS = {"application", "resources", "settings"}
_RULES = RegionRules()


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a site.

    Attributes
    ----------
    profile : name of the staging profile
    profiles_dir : folder of the site's own staging profiles, or None
    device : "auto", "cpu" or "cuda:N"
    precision : "auto", "f32" or "bf16" (CPU inference)
    model_dir : folder of the liver segmentation model
    roi_edge_mm, roi_soft_share, roi_bright_share, roi_bright_margin_mm, roi_hot_share, roi_hot_reach_mm,
    roi_island_cm2, roi_slice_cm2 : region rules, see `liver_mre.measurement.region_rules.RegionRules`
    repeatability_percent : repeatability coefficient for changes since an earlier exam
    quality_dir : folder of the quality control networks; None for physical checks alone
    quality_control : judge the quality of slices and measure only diagnostic ones
    require_magnitude : refuse an exam without a usable magnitude; no other image shows whether it is a liver
    min_area_cm2 : smallest area of all ROIs of an exam; below it the exam is not evaluable. Ours: no source names one
    confidence_threshold : smallest confidence (0 to 1) of a measured pixel, for separate confidence maps
    kpa_per_count : overrides the unit of the stiffness pixels; recorded in every output
    series : SeriesInstanceUID to measure, where several are possible
    all_acquisitions : report every measurable acquisition of a study, not only the best
    scanner_rules : file of the site's own scanner rules, which precede the built-in ones, or None
    preview : also write the overlay as PNG
    skipped_exit_code : exit code when no study holds an MRE series (Kaapana wants 126)
    """

    profile: str = "resoundant_2019"
    profiles_dir: Path | None = None
    device: str = "auto"
    precision: str = "auto"
    model_dir: Path = ROOT / "models" / "liver_segmentation"
    quality_dir: Path | None = ROOT / "models" / "quality_control"
    quality_control: bool = True
    require_magnitude: bool = True
    min_area_cm2: float = 5.0
    roi_edge_mm: float = _RULES.edge_mm
    roi_soft_share: float = _RULES.soft_share
    roi_bright_share: float = _RULES.bright_share
    roi_bright_margin_mm: float = _RULES.bright_margin_mm
    roi_hot_share: float = _RULES.hot_share
    roi_hot_reach_mm: float = _RULES.hot_reach_mm
    roi_island_cm2: float = _RULES.island_cm2
    roi_slice_cm2: float = _RULES.slice_cm2
    repeatability_percent: float = REPEATABILITY_PERCENT
    confidence_threshold: float = 0.95
    kpa_per_count: float | None = None
    series: str | None = None
    all_acquisitions: bool = False
    scanner_rules: Path | None = None
    preview: bool = False
    skipped_exit_code: int = 3

    def __post_init__(self) -> None:
        """Refuse unusable values."""
        for name, usable, wanted in (
            ("confidence_threshold", 0.0 < self.confidence_threshold <= 1.0, "a number above 0 and at most 1"),
            ("min_area_cm2", 0.0 <= self.min_area_cm2 < math.inf, "an area of 0 cm2 or more"),
            ("repeatability_percent", 0.0 < self.repeatability_percent < math.inf, "a positive number of per cent"),
            (
                "kpa_per_count",
                self.kpa_per_count is None or 0.0 < self.kpa_per_count < math.inf,
                "a positive number of kPa",
            ),
            ("skipped_exit_code", 0 <= self.skipped_exit_code <= MAX_EXIT_CODE, "an exit code from 0 to 255"),
            ("precision", self.precision in {"auto", "f32", "bf16"}, "auto, f32 or bf16"),
        ):
            if not usable:
                _refuse(name, getattr(self, name), wanted)
        try:
            self.region_rules  # noqa: B018 - made to be checked
        except ValueError as error:
            message = f"Setting roi_{error}."
            raise SettingsError(message) from error

    @property
    def region_rules(self) -> RegionRules:
        """The region rules."""
        return RegionRules(**{field.name: getattr(self, f"roi_{field.name}") for field in fields(RegionRules)})

    def overridden(self, changes: Mapping[str, object]) -> Settings:
        """Return settings with `changes` applied: typed values, text to be parsed, or None to unset.

        Raises
        ------
        SettingsError
            A key is unknown, or a value does not fit its type.
        """
        types = get_type_hints(Settings)
        parsed: dict[str, Any] = {}
        for key, value in changes.items():
            if key not in types:
                known = ", ".join(sorted(types))
                message = f"Unknown setting {key!r}. Known settings: {known}."
                raise SettingsError(message)
            parsed[key] = _parse(key, value, types[key])
        return replace(self, **parsed)


def load_settings(
    config: Path | None = None,
    environment: Mapping[str, str] | None = None,
    command_line: Mapping[str, object] | None = None,
) -> Settings:
    """Read settings from the configuration file, then the environment, then the command line.

    Parameters
    ----------
    config : an `app.yaml`; by default that of the repository, if it exists
    environment : variables LIVER_MRE_<SETTING>; by default `os.environ`
    command_line : options given by the user

    Raises
    ------
    SettingsError
        A source holds an unknown key or an unusable value, or the file cannot be read.
    """
    settings = Settings().overridden(_file_settings(config))
    variables = os.environ if environment is None else environment
    named = {
        key.removeprefix(ENVIRONMENT_PREFIX).lower(): value
        for key, value in variables.items()
        if key.startswith(ENVIRONMENT_PREFIX)
    }
    return settings.overridden(named).overridden(command_line or {})


def _file_settings(config: Path | None) -> dict[str, object]:
    path = config or ROOT / "app.yaml"
    if not path.exists() and config is None:
        return {}
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        message = f"The configuration file cannot be read ({type(error).__name__}). Give a YAML file such as app.yaml."
        raise SettingsError(message) from error
    section = (content.get("settings") or {}) if isinstance(content, dict) else None
    if not isinstance(section, dict):
        message = "The configuration file must be a mapping with a `settings` section, as app.yaml has."
        raise SettingsError(message)
    if unknown := set(content) - FILE_SECTIONS:
        known = ", ".join(sorted(FILE_SECTIONS))
        message = f"Unknown section {min(unknown)!r} in the configuration file. Known sections: {known}."
        raise SettingsError(message)
    types = get_type_hints(Settings)
    return {
        str(key): path.parent / str(value) if "Path" in str(types.get(key)) and value is not None else value
        for key, value in section.items()
    }


def _parse(key: str, value: object, annotation: object) -> object:
    """Parse the value of a setting; empty text unsets an optional one."""
    type_name = str(annotation)
    if value is None or value == "":
        if "None" in type_name:
            return None
        _refuse(key, value, "a value")
    if "Path" in type_name:
        return Path(str(value))
    if annotation is bool:
        return _parse_bool(key, value)
    if annotation is int or "float" in type_name:
        return _parse_number(key, value, whole=annotation is int)
    return str(value)


def _parse_bool(key: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word not in {"true", "false", "1", "0", "yes", "no"}:
        _refuse(key, value, "true or false")
    return word in {"true", "1", "yes"}


def _parse_number(key: str, value: object, *, whole: bool) -> float | int:
    try:
        return int(str(value)) if whole else float(str(value))
    except ValueError:
        _refuse(key, value, "a whole number" if whole else "a number")


def _refuse(key: str, value: object, wanted: str) -> NoReturn:
    message = f"Setting {key} is {value!r}, but must be {wanted}."
    raise SettingsError(message)


SETTING_NAMES = tuple(field.name for field in fields(Settings))
