"""Damaged headers never give a wrong scale: the scale is right, or an error names the element at fault."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liver_mre.errors import UnknownUnitError
from liver_mre.series.classification import classify
from liver_mre.series.roles import STIFFNESS_ROLES
from liver_mre.series.scanner_rules_file import load_scanner_rules
from liver_mre.series.units import resolve_units
from liver_mre.studies.study import Instance, RealWorldMapping
from tests.series import study_factory as made

pytestmark = pytest.mark.slow

RULES = load_scanner_rules()
ELEMENT: Final = re.compile(
    r"Manufacturer|SequenceName|ProtocolName|\(0019,109C\)|ImageType|SeriesDescription|ImageComments|WindowWidth|"
    r"RescaleSlope|RescaleType|RealWorldValueMappingSequence"
)
WINDOWED = (400.0, 800.0)
SIEMENS = [
    replace(made.MASKED, window=WINDOWED),
    replace(made.UNMASKED, window=WINDOWED),
    replace(made.MASKED, window=WINDOWED, sequence_name="", image_type=("DERIVED", "PRIMARY", "ELASTO")),
    replace(made.MASKED, window=WINDOWED, rescale_slope=1.0, rescale_intercept=0.0, rescale_type="US"),
]
GE = [made.GE_UNMASKED, made.GE_MASKED, replace(made.GE_UNMASKED, series_description="stgry")]
NAMED = [
    made.PHILIPS_STIFFNESS,
    replace(
        made.PHILIPS_STIFFNESS,
        rescale_slope=None,
        rescale_type=None,
        real_world=(RealWorldMapping("kPa", 0.005, 0.0),),
        window=(800.0, 1600.0),
    ),
    replace(made.CANON_STIFFNESS, real_world=(RealWorldMapping("Pa", 5.0, 0.0),)),
    replace(made.MMDI3D_STIFFNESS, rescale_slope=5.0, rescale_type="Pa"),
]
TRUE_SCALE: Final = {"SIEMENS": 0.01, "GE MEDICAL SYSTEMS": 0.001}  # all others above: 0.005
MISSING: Final = {
    "manufacturer": "",
    "sequence_name": "",
    "protocol_name": "",
    "private_sequence_name": "",
    "image_type": (),
    "series_description": "",
    "image_comments": "",
    "window": None,
    "rescale_slope": None,
    "rescale_intercept": None,
    "rescale_type": None,
    "real_world": (),
}
OTHER_NAMES: Final = {
    "manufacturer": ["SIEMENS", "Siemens Healthineers", "GE MEDICAL SYSTEMS", "Philips", "CANON_MEC", "ACME"],
    "sequence_name": ["greMR", "epseM2d1", "*fl2d1", "x"],
    "protocol_name": ["greMRE_tra", "MRE", "Leber"],
    "private_sequence_name": ["MR-Touch", "fgremre", "epimre", "ssfse"],
    "image_type": [("DERIVED", "PRIMARY"), ("DERIVED", "ELASTO"), ("ORIGINAL", "PRIMARY", "M_FFE"), ("DERIVED", "WV")],
    "series_description": ["Elastogram", "stgrym", "Steifigkeit", "a_P_Stiff", "a_P_StiffC95", "Confidence", "x"],
    "image_comments": ["Stiffness", "x"],
}
IDENTITY: Final = ["manufacturer", "sequence_name", "private_sequence_name", "image_type", "series_description"]
# Units that a header may name beside the scanner's own: right or wrong, known or not.
LIES: Final = [
    {"rescale_slope": slope, "rescale_intercept": 0.0, "rescale_type": unit}
    for slope in (1.0, 0.01, 0.001, 10.0, 0.5, 0.05, 50.0)
    for unit in ("kPa", "Pa", "US", "m/s", None)
] + [
    {"real_world": (RealWorldMapping(unit, slope, 0.0),)}
    for slope in (1.0, 0.01, 0.001, 10.0, 0.5, 0.05, 50.0)
    for unit in ("kPa", "Pa", "m/s")
]


def scale_or_error(instance: Instance) -> float | str | None:
    """Return the scale, the text of the error, or None where nothing is taken for stiffness."""
    series = made.series(instance, 1)
    found = next((entry for entry in classify(made.study(series), RULES) if entry.role in STIFFNESS_ROLES), None)
    if found is None:
        return None
    try:
        return resolve_units(series, found.role, RULES)[0].kpa_per_count
    except UnknownUnitError as error:
        return str(error)


def assert_right_or_refused(instance: Instance, true_scale: float) -> None:
    found = scale_or_error(instance)
    if isinstance(found, str):
        assert ELEMENT.search(found), found
    elif found is not None:
        assert found == pytest.approx(true_scale, rel=0.01)


def true_scale_of(instance: Instance) -> float:
    return TRUE_SCALE.get(instance.manufacturer, 0.005)


@pytest.mark.parametrize("instance", SIEMENS + GE + NAMED)
def test_an_undamaged_header_gives_its_scale(instance: Instance) -> None:
    assert scale_or_error(instance) == pytest.approx(true_scale_of(instance))


@st.composite
def damages(draw: st.DrawFn, fields: list[str], count: int) -> dict[str, object]:
    damage: dict[str, object] = {}
    for name in draw(st.lists(st.sampled_from(fields), max_size=count, unique=True)):
        renamed = draw(st.booleans()) and name in OTHER_NAMES
        damage[name] = draw(st.sampled_from(OTHER_NAMES[name])) if renamed else MISSING[name]
    return damage


@settings(max_examples=300)
@given(
    st.sampled_from(SIEMENS + GE),
    damages(IDENTITY, 1),
    damages(["protocol_name", "image_comments", "window"], 3),
    st.sampled_from(LIES),
)
def test_a_unit_that_lies_gives_no_wrong_scale_while_another_name_of_the_scanner_is_there(
    instance: Instance, name: dict[str, object], others: dict[str, object], lie: dict[str, object]
) -> None:
    """Where no name of the scanner is left, a unit in the header is all there is, and only the pixels can refuse it."""
    assert_right_or_refused(replace(instance, **name, **others, **lie), true_scale_of(instance))


@settings(max_examples=300)
@given(st.sampled_from(SIEMENS + GE), damages([*sorted(OTHER_NAMES), "window"], 2))
def test_two_names_or_windows_missing_or_changed_give_no_wrong_scale(
    instance: Instance, damage: dict[str, object]
) -> None:
    assert_right_or_refused(replace(instance, **damage), true_scale_of(instance))


@settings(max_examples=300)
@given(st.sampled_from(SIEMENS + GE), damages(sorted(OTHER_NAMES), 7))
def test_any_number_of_names_missing_or_changed_gives_no_wrong_scale_while_the_window_is_there(
    instance: Instance, damage: dict[str, object]
) -> None:
    assert_right_or_refused(replace(instance, **damage), true_scale_of(instance))


@settings(max_examples=300)
@given(st.sampled_from(SIEMENS + GE + NAMED), damages(sorted(MISSING), 12))
def test_elements_that_are_missing_give_no_wrong_scale(instance: Instance, damage: dict[str, object]) -> None:
    gone = {name: MISSING[name] for name in damage}
    assert_right_or_refused(replace(instance, **gone), true_scale_of(instance))


@settings(max_examples=300)
@given(st.sampled_from(NAMED), damages([*sorted(OTHER_NAMES), "window"], 8), st.sampled_from([{}, *LIES]))
def test_a_second_unit_beside_the_named_one_agrees_or_is_refused(
    instance: Instance, damage: dict[str, object], lie: dict[str, object]
) -> None:
    replaces_the_truth = "real_world" in lie if instance.real_world else "rescale_slope" in lie
    added = {} if replaces_the_truth else lie
    assert_right_or_refused(replace(instance, **damage, **added), true_scale_of(instance))


@settings(max_examples=200)
@given(st.sampled_from(SIEMENS + GE + NAMED), st.sampled_from(["RescaleSlope", "RealWorldValueMappingSequence"]))
def test_an_unreadable_unit_is_named(instance: Instance, element: str) -> None:
    found = scale_or_error(replace(instance, unusable_unit_elements=(element,)))
    assert isinstance(found, str)
    assert element in found


@pytest.mark.parametrize(
    "instance",
    [
        replace(made.MASKED, window=(4000.0, 8000.0)),
        replace(made.GE_UNMASKED, manufacturer="SIEMENS", private_sequence_name="", sequence_name="greMR"),
        replace(made.GE_UNMASKED, window=WINDOWED),
        replace(made.MASKED, window=WINDOWED, manufacturer="GE MEDICAL SYSTEMS", sequence_name=""),
    ],
)
def test_one_scanners_values_under_the_others_name_are_refused(instance: Instance) -> None:
    assert not isinstance(scale_or_error(instance), float)
