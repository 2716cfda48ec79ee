"""Claims about staging: published intervals, exact at their limits, and no profile with gaps."""

from __future__ import annotations

import copy
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.errors import SettingsError
from liver_mre.measurement.measure import measure
from liver_mre.measurement.profile_file import DEFAULT_PROFILE, load_profile, load_profiles, parse_profile
from liver_mre.measurement.staging import stage
from tests.volumes import make_mask, make_volume

if TYPE_CHECKING:
    from pathlib import Path

PROFILES = load_profiles()


def just_below(value: float) -> float:
    return math.nextafter(value, 0)


def just_above(value: float) -> float:
    return math.nextafter(value, math.inf)


@pytest.mark.parametrize(
    ("stiffness_kpa", "category", "metavir"),
    [
        (0.0, "Normal", ("F0", "F0")),
        (just_below(2.5), "Normal", ("F0", "F0")),
        (2.5, "Normal or inflammation", ("F0", "F0")),
        (just_below(2.9), "Normal or inflammation", ("F0", "F0")),
        (2.9, "Stage 1-2 fibrosis", ("F1", "F2")),
        (just_below(3.5), "Stage 1-2 fibrosis", ("F1", "F2")),
        (3.5, "Stage 2-3 fibrosis", ("F2", "F3")),
        (just_below(4.0), "Stage 2-3 fibrosis", ("F2", "F3")),
        (4.0, "Stage 3-4 fibrosis", ("F3", "F4")),
        (5.0, "Stage 3-4 fibrosis", ("F3", "F4")),  # the source says "> 5.0" for the last category
        (just_above(5.0), "Stage 4 fibrosis or cirrhosis", ("F4", "F4")),
        (25.0, "Stage 4 fibrosis or cirrhosis", ("F4", "F4")),
    ],
)
def test_the_default_profile_is_exact_at_its_limits(
    stiffness_kpa: float, category: str, metavir: tuple[str, str]
) -> None:
    found = stage(stiffness_kpa, PROFILES[DEFAULT_PROFILE])
    assert (found.category, (found.metavir_min, found.metavir_max)) == (category, metavir)


@pytest.mark.parametrize(
    ("profile", "stiffness_kpa", "below", "above"),
    [
        ("wu_2015", 2.8, "<F2", ">=F2"),
        ("liang_2023", 3.14, "<F2", "F2"),
        ("liang_2023", 3.53, "F2", "F3"),
        ("liang_2023", 4.45, "F3", "F4"),
    ],
)
def test_a_cut_off_itself_belongs_to_the_higher_stage(
    profile: str, stiffness_kpa: float, below: str, above: str
) -> None:
    assert stage(just_below(stiffness_kpa), PROFILES[profile]).category == below
    assert stage(stiffness_kpa, PROFILES[profile]).category == above


@pytest.mark.parametrize("name", PROFILES)
def test_significant_fibrosis_is_reported_beside_every_profile(name: str) -> None:
    assert stage(2.8, PROFILES[name]).significant_fibrosis
    assert not stage(just_below(2.8), PROFILES[name]).significant_fibrosis
    assert stage(3.0, PROFILES[name]).significant_cutoff_kpa == 2.8


@pytest.mark.parametrize(("counts", "significant"), [(279, False), (280, True)])
def test_a_uniform_liver_at_the_cut_off_is_staged_as_its_counts_read(counts: int, *, significant: bool) -> None:
    """280 counts of 0.01 kPa are 2.7999999 in float32, but mean 2.80 kPa."""
    volume = make_volume(np.full((2, 4, 4), counts, np.float32) * np.float32(0.01))
    found = measure(volume, make_mask(np.ones((2, 4, 4))))
    assert found is not None
    assert stage(found.mean_kpa, PROFILES["wu_2015"]).significant_fibrosis is significant


@given(st.floats(0, 50), st.sampled_from(sorted(PROFILES)))
def test_every_stiffness_lies_in_exactly_the_interval_that_it_is_given(mean_kpa: float, name: str) -> None:
    profile = PROFILES[name]
    found = stage(mean_kpa, profile)
    (interval,) = [one for one in profile.intervals if one.category == found.category]
    assert interval.lower_kpa <= mean_kpa
    assert interval.upper_kpa is None or mean_kpa <= interval.upper_kpa
    assert found.profile == name
    for cutoff, interval in zip(found.cutoffs_kpa, profile.intervals[1:], strict=True):
        assert stage(cutoff, profile).category == interval.category
        assert stage(math.nextafter(cutoff, 0.0), profile).category != interval.category


@given(st.floats(0, 50), st.floats(0, 50), st.sampled_from(sorted(PROFILES)))
def test_a_stiffer_liver_is_never_staged_lower(one: float, other: float, name: str) -> None:
    soft, stiff = (stage(value, PROFILES[name]) for value in sorted((one, other)))
    assert soft.metavir_min <= stiff.metavir_min
    assert soft.metavir_max <= stiff.metavir_max


@pytest.mark.parametrize("mean_kpa", [-0.1, math.nan])
def test_an_invalid_stiffness_is_not_staged(mean_kpa: float) -> None:
    with pytest.raises(ValueError, match="stiffness"):
        stage(mean_kpa, PROFILES[DEFAULT_PROFILE])


def test_every_shipped_profile_names_a_source_that_was_read() -> None:
    assert set(PROFILES) == {"resoundant_2019", "wu_2015", "liang_2023"}
    for name, profile in PROFILES.items():
        assert profile.name == name
        assert profile.evidence in {"checked", "abstract"}
        assert profile.citation
        assert profile.population
        assert profile.frequency_hz == 60


def test_further_cut_offs_of_a_source_are_kept() -> None:
    assert {cutoff.stiffness_kpa for cutoff in PROFILES["wu_2015"].cutoffs} == {2.47, 2.8, 3.7}


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"liang_2023, resoundant_2019, wu_2015"):
        load_profile("singh_2015")


LOCAL: dict[str, Any] = {
    "name": "our_site",
    "title": "Our site",
    "citation": "Local validation report 3.",
    "evidence": "local",
    "population": "Our patients",
    "frequency_hz": 60,
    "categories": [
        {"lower_kpa": 0, "upper_kpa": 3, "category": "low", "metavir_min": "F0", "metavir_max": "F1"},
        {"lower_kpa": 3, "upper_kpa": None, "category": "high", "metavir_min": "F2", "metavir_max": "F4"},
    ],
}


def test_a_site_adds_its_own_profile(tmp_path: Path) -> None:
    (tmp_path / "ours.json").write_text(json.dumps(LOCAL))
    assert set(load_profiles(tmp_path)) == {*PROFILES, "our_site"}
    assert stage(3.0, load_profile("our_site", tmp_path)).category == "high"


def test_a_site_cannot_replace_a_published_profile(tmp_path: Path) -> None:
    (tmp_path / "ours.json").write_text(json.dumps(LOCAL | {"name": "wu_2015"}))
    with pytest.raises(SettingsError, match=r"called 'wu_2015'.*ours\.json"):
        load_profiles(tmp_path)


def test_a_missing_folder_of_profiles_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="profiles_dir"):
        load_profiles(tmp_path / "nowhere")


def test_a_file_that_is_no_json_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(SettingsError, match=r"broken\.json"):
        load_profiles(tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"citation": None}, "'citation' must be a text"),
        ({"citation": " "}, "'citation' must be a text"),
        ({"name": "Our Site"}, "lower-case"),
        ({"evidence": "unchecked"}, "evidence"),
        ({"frequency_hz": 0}, "frequency_hz"),
        ({"frequency_hz": "60"}, "finite number"),
        ({"categories": []}, "starts at 0"),
        ({"categories": {}}, "array"),
        ({"doi": 5}, "'doi' must be a text"),
        ({"comment": "unknown"}, "unknown fields: comment"),
        ({"cutoffs": [{"stiffness_kpa": 3, "target": "F2"}]}, "lacks 'note'"),
    ],
)
def test_a_profile_with_a_wrong_field_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        parse_profile(LOCAL | change, "staging profile ours.json")
    assert words in str(refusal.value)


@pytest.mark.parametrize("key", ["name", "citation", "evidence", "population", "categories"])
def test_a_profile_without_a_required_field_is_refused(key: str) -> None:
    with pytest.raises(SettingsError, match=f"lacks '{key}'"):
        parse_profile({name: value for name, value in LOCAL.items() if name != key}, "profile")


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ({"upper_kpa": 2.9}, {}, "do not meet"),
        ({"upper_kpa": 3.1}, {}, "do not meet"),
        ({"lower_kpa": 1}, {}, "starts at 0"),
        ({"lower_inclusive": False}, {}, "starts at 0"),
        ({}, {"upper_kpa": 9}, "null"),
        ({"upper_kpa": 0}, {"lower_kpa": 0}, "ascending"),
        ({"upper_kpa": None}, {}, "do not meet"),
        ({"metavir_min": "F3"}, {}, "metavir_min above"),
        ({"metavir_max": "F5"}, {}, "metavir_max"),
        ({"colour": "red"}, {}, "unknown fields"),
        ({"lower_inclusive": "no"}, {}, "true or false"),
    ],
)
def test_categories_that_do_not_cover_every_stiffness_once_are_refused(
    first: dict[str, Any], second: dict[str, Any], words: str
) -> None:
    profile = copy.deepcopy(LOCAL)
    profile["categories"][0] |= first
    profile["categories"][1] |= second
    with pytest.raises(SettingsError) as refusal:
        parse_profile(profile, "profile")
    assert words in str(refusal.value)
