"""Typed settings: defaults from `app.yaml`, overridden by the environment, then by the command line."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import yaml

from liver_mre.errors import SettingsError
from liver_mre.measurement.region_rules import RegionRules

if TYPE_CHECKING:
    from collections.abc import Mapping


ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT_PREFIX = "LIVER_MRE_"
MAX_EXIT_CODE = 255
FILE_SECTIONS = {"application", "resources", "settings"}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a site can set.

    Attributes
    ----------
    profile : name of the staging profile
    profiles_dir : folder of a site's own staging profiles, or None
    device : "auto", "cpu" or "cuda:N"
    precision : "auto", "f32" or "bf16" (CPU inference)
    model_dir : folder of the liver segmentation model
    roi_edge_mm, roi_soft_share, roi_bright_share, roi_bright_margin_mm, roi_hot_share, roi_hot_reach_mm,
    roi_island_cm2, roi_slice_cm2 : rules of the measured region, as `liver_mre.measurement.region.RegionRules` has them
    repeatability_percent : change since an earlier exam from which it is reported as more than repetition explains
    quality_dir : folder of the networks that judge quality; None lets physics alone judge
    quality_control : judge the quality of slices, and measure only those that are diagnostic
    require_magnitude : refuse an exam without a usable magnitude image, since nothing else shows that it is a liver
    min_area_cm2 : least area of all ROIs of an exam; below it the exam is not evaluable. Ours: no source names one
    confidence_threshold : confidence (0 to 1) from which a pixel counts, for separate confidence maps
    kpa_per_count : overrides the unit of the stiffness pixels; recorded in every output
    series : SeriesInstanceUID to measure where several could be
    all_acquisitions : report every acquisition of a study that can be measured, not only the best
    scanner_rules : file of a site's own scanner rules, tried before the built-in ones, or None
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
    roi_edge_mm: float = 5.0
    roi_soft_share: float = 0.6
    roi_bright_share: float = 1.25
    roi_bright_margin_mm: float = 3.0
    roi_hot_share: float = 1.75
    roi_hot_reach_mm: float = 20.0
    roi_island_cm2: float = 0.5
    roi_slice_cm2: float = 1.0
    repeatability_percent: float = 19.0
    confidence_threshold: float = 0.95
    kpa_per_count: float | None = None
    series: str | None = None
    all_acquisitions: bool = False
    scanner_rules: Path | None = None
    preview: bool = False
    skipped_exit_code: int = 3

    def __post_init__(self) -> None:
        """Refuse values that no run could use."""
        if not 0.0 < self.confidence_threshold <= 1.0:
            _refuse("confidence_threshold", self.confidence_threshold, "a number above 0 and at most 1")
        if not 0.0 <= self.min_area_cm2 < float("inf"):
            _refuse("min_area_cm2", self.min_area_cm2, "an area of 0 cm2 or more")
        try:
            self.region_rules  # noqa: B018 - made to be checked
        except ValueError as error:
            message = f"Setting roi_{error}."
            raise SettingsError(message) from error
        if not 0.0 < self.repeatability_percent < float("inf"):
            _refuse("repeatability_percent", self.repeatability_percent, "a positive number of per cent")
        if self.kpa_per_count is not None and not 0.0 < self.kpa_per_count < float("inf"):
            _refuse("kpa_per_count", self.kpa_per_count, "a positive number of kPa")
        if not 0 <= self.skipped_exit_code <= MAX_EXIT_CODE:
            _refuse("skipped_exit_code", self.skipped_exit_code, "an exit code from 0 to 255")
        if self.precision not in {"auto", "f32", "bf16"}:
            _refuse("precision", self.precision, "auto, f32 or bf16")

    @property
    def region_rules(self) -> RegionRules:
        """The rules of the measured region."""
        names = [name for name in SETTING_NAMES if name.startswith("roi_")]
        return RegionRules(**{name.removeprefix("roi_"): getattr(self, name) for name in names})

    def overridden(self, changes: Mapping[str, object]) -> Settings:
        """Return settings with `changes` (values of any type, or text to be parsed; None means unset) applied.

        Raises
        ------
        SettingsError
            If a key is unknown or a value does not fit its type.
        """
        kinds = get_type_hints(Settings)
        parsed: dict[str, Any] = {}
        for key, value in changes.items():
            if key not in kinds:
                known = ", ".join(sorted(kinds))
                message = f"Unknown setting {key!r}. Known settings: {known}."
                raise SettingsError(message)
            parsed[key] = _parse(key, value, kinds[key])
        return replace(self, **parsed)


def load_settings(
    config: Path | None = None,
    environment: Mapping[str, str] | None = None,
    command_line: Mapping[str, object] | None = None,
) -> Settings:
    """Read settings from the configuration file, then the environment, then the command line.

    Parameters
    ----------
    config : an `app.yaml`; by default the repository's own, where it exists
    environment : by default `os.environ`; variables named LIVER_MRE_<SETTING> count
    command_line : options that the user gave

    Raises
    ------
    SettingsError
        If a source holds an unknown key or an unusable value, or the file cannot be read.
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
    paths = {
        key: path.parent / str(value)
        for key, value in section.items()
        if key in {"model_dir", "quality_dir", "profiles_dir", "scanner_rules"} and value is not None
    }
    return {str(key): value for key, value in section.items()} | paths


def _parse(key: str, value: object, kind: object) -> object:
    """Parse `value` for a setting annotated with `kind`; empty text unsets what can be unset."""
    text = str(kind)
    if value is None or value == "":
        if "None" in text:
            return None
        _refuse(key, value, "a value")
    if "Path" in text:
        return Path(str(value))
    if kind is bool:
        return _parse_bool(key, value)
    if kind is int or "float" in text:
        return _parse_number(key, value, whole=kind is int)
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
        raise


def _refuse(key: str, value: object, wanted: str) -> None:
    message = f"Setting {key} is {value!r}, but must be {wanted}."
    raise SettingsError(message)


SETTING_NAMES = tuple(field.name for field in fields(Settings))
