"""Staging profiles from data files: those of the application, and a site's own."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Final

from liver_mre.errors import SettingsError
from liver_mre.measurement.profile import METAVIR_STAGES, Cutoff, StageInterval, StagingProfile
from liver_mre.studies.text_file import shown
from liver_mre.studies.typed_json import Fields, read_json

DEFAULT_PROFILE: Final = "resoundant_2019"
_SHIPPED = Path(__file__).resolve().parents[1] / "data" / "staging"
_EVIDENCE = ("checked", "abstract", "local")
_NAME = re.compile(r"[a-z0-9_]{1,64}")


def load_profiles(extra_dir: Path | None = None) -> dict[str, StagingProfile]:
    """Return every staging profile by its name.

    Parameters
    ----------
    extra_dir : folder of a site's own profiles (*.json), or None

    Raises
    ------
    SettingsError
        The folder does not exist, a profile is invalid, or two share a name: a site's profile must not replace a
        published one.
    """
    if extra_dir is not None and not extra_dir.is_dir():
        message = "The folder of staging profiles does not exist. Check the setting profiles_dir."
        raise SettingsError(message)
    profiles: dict[str, StagingProfile] = {}
    for folder in (_SHIPPED, extra_dir):
        for path in sorted(folder.glob("*.json")) if folder else ():
            profile = _read(path)
            if profile.name in profiles:
                message = f"Two staging profiles are called '{profile.name}'. Rename the one in {path.name}."
                raise SettingsError(message)
            profiles[profile.name] = profile
    return profiles


def load_profile(name: str, extra_dir: Path | None = None) -> StagingProfile:
    """Return one staging profile.

    Raises
    ------
    SettingsError
        No profile has that name, or `load_profiles` refuses one.
    """
    profiles = load_profiles(extra_dir)
    if name not in profiles:
        message = f"There is no staging profile {shown(name)}. Known profiles: {', '.join(sorted(profiles))}."
        raise SettingsError(message)
    return profiles[name]


def parse_profile(content: object, where: str) -> StagingProfile:
    """Return a profile from parsed JSON.

    Parameters
    ----------
    content : the JSON value
    where : name of the profile in messages

    Raises
    ------
    SettingsError
        A field is missing, unknown or mistyped, or the intervals leave gaps or overlap.
    """
    fields = Fields(content, where, SettingsError)
    profile = StagingProfile(
        name=fields.text("name"),
        title=fields.text("title"),
        citation=fields.text("citation"),
        doi=fields.optional_text("doi"),
        url=fields.optional_text("url"),
        evidence=fields.choice("evidence", _EVIDENCE),
        population=fields.text("population"),
        frequency_hz=fields.positive("frequency_hz"),
        intervals=tuple(_parse_interval(part) for part in fields.parts("categories")),
        cutoffs=tuple(_parse_cutoff(part) for part in fields.parts("cutoffs", required=False)),
    )
    fields.finish()
    if not _NAME.fullmatch(profile.name):
        fields.refuse("needs a name of lower-case letters, digits and underscores")
    _check_intervals(profile.intervals, fields)
    return profile


def _read(path: Path) -> StagingProfile:
    where = f"staging profile {path.name}"
    content = read_json(path, where, SettingsError, advice="Compare it with the shipped profiles.")
    return parse_profile(content, where)


def _parse_interval(fields: Fields) -> StageInterval:
    interval = StageInterval(
        lower_kpa=fields.number("lower_kpa"),
        upper_kpa=fields.optional_number("upper_kpa"),
        lower_inclusive=fields.flag("lower_inclusive", default=True),
        category=fields.text("category"),
        metavir_min=fields.choice("metavir_min", METAVIR_STAGES),
        metavir_max=fields.choice("metavir_max", METAVIR_STAGES),
    )
    fields.finish()
    if interval.metavir_min > interval.metavir_max:
        fields.refuse("has a metavir_min above its metavir_max")
    return interval


def _parse_cutoff(fields: Fields) -> Cutoff:
    cutoff = Cutoff(fields.number("stiffness_kpa"), fields.text("target"), fields.text("note"))
    fields.finish()
    return cutoff


def _check_intervals(intervals: tuple[StageInterval, ...], fields: Fields) -> None:
    """Refuse categories that do not cover 0 to infinity exactly once, in ascending order."""
    if not intervals or intervals[0].lower_kpa != 0 or not intervals[0].lower_inclusive:
        fields.refuse("needs a first category that starts at 0 kPa, inclusive")
    if intervals[-1].upper_kpa is not None:
        fields.refuse("needs a last category whose upper_kpa is null")
    for below, above in pairwise(intervals):
        if below.upper_kpa != above.lower_kpa:
            fields.refuse(f"has categories that do not meet at {above.lower_kpa} kPa: no gaps, no overlaps")
        if above.lower_kpa <= below.lower_kpa:
            fields.refuse("needs categories in ascending order")
