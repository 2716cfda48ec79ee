"""Typed settings: defaults from `app.yaml`, overridden by the environment, then by the command line."""

from __future__ import annotations

import datetime as dt
import os
import re
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, get_type_hints

from liver_mre.errors import SettingsError
from liver_mre.measurement.change import REPEATABILITY_PERCENT
from liver_mre.measurement.region_rules import RegionRules
from liver_mre.settings_file import read_settings_file
from liver_mre.studies.text_file import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT_PREFIX = "LIVER_MRE_"
MAX_EXIT_CODE = 127
"""Larger ones are those of programs that a signal ended: 128 + signal."""
MAX_THREADS = 1024
_RULES = RegionRules()
_UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and halves of a character, which no text of a report or of JSON can hold."""
_UNREADABLE_PATH = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udc7f\udd00-\udfff]")
"""The other halves stand for the bytes of a file name that is not in UTF-8."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a site.

    Attributes
    ----------
    profile : name of the staging profile
    profiles_dir : folder of the site's own staging profiles, or None
    device : "auto", "cpu" or "cuda:N"
    precision : "auto", "f32" or "bf16" (CPU inference)
    threads : threads of inference; None for as many processors as this process may use
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
    threads: int | None = None
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
        kpa_per_count, threads = self.kpa_per_count, self.threads
        for name, usable, wanted in (
            ("confidence_threshold", 0.0 < self.confidence_threshold <= 1.0, "a number above 0 and at most 1"),
            ("min_area_cm2", 0.0 <= self.min_area_cm2 <= 1e4, "an area of 0 to 10000 cm2"),  # noqa: PLR2004
            ("repeatability_percent", 0.0 < self.repeatability_percent <= 1e3, "above 0 and at most 1000 %"),  # noqa: PLR2004
            # Ours: between a stiffness of 20 kPa over the whole range of 32 bits, and one count for a diseased liver.
            ("kpa_per_count", kpa_per_count is None or 1e-9 <= kpa_per_count <= 1e2, "between 1e-9 and 100 kPa"),  # noqa: PLR2004
            ("skipped_exit_code", 0 <= self.skipped_exit_code <= MAX_EXIT_CODE, "an exit code from 0 to 127"),
            ("precision", self.precision in {"auto", "f32", "bf16"}, "auto, f32 or bf16"),
            ("threads", threads is None or 1 <= threads <= MAX_THREADS, f"a whole number from 1 to {MAX_THREADS}"),
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
                message = f"Unknown setting {shown(key)}. Known settings: {known}."
                raise SettingsError(message)
            parsed[key] = _parse(key, value, types[key])
        return replace(self, **parsed)


def load_settings(
    config: Path | None = None,
    environment: Mapping[str, str] | None = None,
    command_line: Mapping[str, object] | None = None,
    *,
    platform: Mapping[str, object] | None = None,
) -> Settings:
    """Read settings from the configuration file, then the platform, the environment and the command line.

    Parameters
    ----------
    config : an `app.yaml`; by default that of the repository, if it exists
    environment : variables LIVER_MRE_<SETTING>; by default `os.environ`
    command_line : options given by the user
    platform : settings that the platform which started the run hands over

    Raises
    ------
    SettingsError
        A source holds an unknown key or an unusable value, or the file cannot be read.
    """
    settings = Settings().overridden(_file_settings(config)).overridden(platform or {})
    variables = os.environ if environment is None else environment
    named = {
        key.removeprefix(ENVIRONMENT_PREFIX).lower(): value
        for key, value in variables.items()
        if key.startswith(ENVIRONMENT_PREFIX)
    }
    return settings.overridden(named).overridden(command_line or {})


def _file_settings(config: Path | None) -> dict[str, object]:
    path = config or ROOT / "app.yaml"
    if config is None and not path.exists():
        return {}
    types = get_type_hints(Settings)
    return {
        key: path.parent / value if "Path" in str(types.get(key)) and isinstance(value, str) and value else value
        for key, value in read_settings_file(path).items()
    }


def _parse(key: str, value: object, annotation: object) -> object:
    """Parse the value of a setting; empty text unsets an optional one."""
    type_name = str(annotation)
    if value is None or value == "":
        if "None" in type_name:
            return None
        _refuse(key, value, "a value")
    if not isinstance(value, str | int | float | Path | dt.date):
        _refuse(key, value, "a single value")
    is_path = "Path" in type_name
    if (_UNREADABLE_PATH if is_path else _UNREADABLE).search(str(value)):
        _refuse(key, value, "a text without control characters")
    if is_path:
        return Path(str(value))
    if annotation is bool:
        return _parse_bool(key, value)
    if "int" in type_name or "float" in type_name:
        return _parse_number(key, value, whole="int" in type_name)
    return str(value)


def _parse_bool(key: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word not in {"true", "false", "1", "0", "yes", "no"}:
        _refuse(key, value, "true or false")
    return word in {"true", "1", "yes"}


def _parse_number(key: str, value: object, *, whole: bool) -> float | int:
    text = str(value)
    digits = text if text.isascii() and "_" not in text else ""  # Python reads more as a number than people do
    try:
        return int(digits) if whole else float(digits)
    except ValueError:
        _refuse(key, value, "a whole number" if whole else "a number")


def _refuse(key: str, value: object, wanted: str) -> NoReturn:
    message = f"Setting {key} is {shown(value)}, but must be {wanted}."
    raise SettingsError(message)


SETTING_NAMES = tuple(field.name for field in fields(Settings))
