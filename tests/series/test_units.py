from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.errors import SettingsError, UnknownUnitError
from liver_mre.studies.study import RealWorldMapping
from tests.series import study_factory as made
from tests.series.unit_factory import UNKNOWN, rescaled, unit_of

if TYPE_CHECKING:
    from liver_mre.studies.study import Instance


@pytest.mark.parametrize(
    ("instance", "kpa_per_count", "source"),
    [
        (replace(UNKNOWN, real_world=(RealWorldMapping("kPa", 0.002, 0.0),)), 0.002, "real_world_mapping"),
        (replace(UNKNOWN, real_world=(RealWorldMapping("Pa", 1.0, 0.0),)), 0.001, "real_world_mapping"),
        (rescaled(UNKNOWN, 0.005, "kPa"), 0.005, "rescale_type"),
        (rescaled(UNKNOWN, 5.0, "PA"), 0.005, "rescale_type"),
        (made.MASKED, 0.01, "vendor_rule"),
        (rescaled(made.MASKED, 1.0, "US"), 0.01, "vendor_rule"),
        (rescaled(made.MASKED, 10.0, "pa"), 0.01, "rescale_type"),
        (
            replace(rescaled(UNKNOWN, 10.0, "Pa"), real_world=(RealWorldMapping("kPa", 0.01, 0),)),
            0.01,
            "real_world_mapping",
        ),
    ],
)
def test_the_strongest_evidence_gives_the_scale(instance: Instance, kpa_per_count: float, source: str) -> None:
    unit = unit_of(instance)
    assert unit.kpa_per_count == pytest.approx(kpa_per_count, rel=1e-12)
    assert (unit.source, unit.offset_kpa) == (source, 0.0)


def test_without_any_evidence_the_unit_is_unknown() -> None:
    with pytest.raises(UnknownUnitError, match=r"kpa_per_count"):
        unit_of(UNKNOWN)


def test_the_vendor_rule_needs_a_name_of_the_elastography_and_not_only_the_manufacturer() -> None:
    with pytest.raises(UnknownUnitError, match=r"SequenceName, ProtocolName"):
        unit_of(replace(made.MASKED, sequence_name="", series_description="Stiffness"))


@pytest.mark.parametrize(
    ("instance", "named"),
    [
        (replace(made.MASKED, manufacturer=""), "SequenceName, SeriesDescription.*not enough alone"),
        (replace(made.GE_UNMASKED, manufacturer="ACME"), r"\(0019,109C\)\), which is not enough alone"),
    ],
)
def test_the_vendor_rule_needs_the_manufacturer_and_not_only_a_name(instance: Instance, named: str) -> None:
    with pytest.raises(UnknownUnitError, match=named):
        unit_of(instance)


@pytest.mark.parametrize(
    ("instance", "named"),
    [
        (replace(made.MASKED, manufacturer="GE MEDICAL SYSTEMS"), ["SequenceName", "Siemens", "Manufacturer", "GE"]),
        (replace(made.MASKED, private_sequence_name="MR-Touch"), ["SequenceName", "Siemens", "(0019,109C)", "GE"]),
        (replace(made.GE_UNMASKED, manufacturer="SIEMENS"), ["Manufacturer", "Siemens", "(0019,109C)", "GE"]),
        (replace(made.GE_UNMASKED, sequence_name="greMR"), ["SequenceName", "Siemens", "(0019,109C)", "GE"]),
        (replace(made.PHILIPS_STIFFNESS, sequence_name="epseM2d1"), ["SequenceName", "Siemens", "Philips"]),
        (replace(made.PHILIPS_STIFFNESS, manufacturer="CANON_MEC", image_type=("M_FFE",)), ["Canon", "ImageType"]),
    ],
)
def test_signs_of_two_vendors_are_an_error_that_names_both(instance: Instance, named: list[str]) -> None:
    with pytest.raises(UnknownUnitError) as error:
        unit_of(instance)
    assert all(part in str(error.value) for part in named)


def test_a_name_without_its_manufacturer_contradicts_another_scale() -> None:
    with pytest.raises(UnknownUnitError, match=r"RescaleType Pa.*Siemens.*SequenceName"):
        unit_of(rescaled(replace(made.MASKED, manufacturer=""), 1.0, "Pa"))


@pytest.mark.parametrize(
    "instance",
    [
        replace(made.MASKED, window=(4000.0, 8000.0)),
        replace(made.GE_UNMASKED, window=(400.0, 800.0)),
        replace(UNKNOWN, window=(4000.0, 8000.0), real_world=(RealWorldMapping("kPa", 0.01, 0.0),)),
        replace(made.PHILIPS_STIFFNESS, window=(4000.0, 8000.0)),
    ],
)
def test_a_display_window_that_shows_no_stiffness_contradicts_the_unit(instance: Instance) -> None:
    with pytest.raises(UnknownUnitError, match=r"WindowWidth .*WindowCenter"):
        unit_of(instance)


@pytest.mark.parametrize(
    "instance",
    [
        replace(made.MASKED, window=(400.0, 800.0)),
        made.GE_UNMASKED,
        made.PHILIPS_STIFFNESS,  # the window is in rescaled values
        replace(made.MASKED, window=(400.0, 800.0), real_world=(RealWorldMapping("kPa", 0.01, 0.0),)),
    ],
)
def test_a_display_window_over_a_range_of_stiffness_fits(instance: Instance) -> None:
    assert unit_of(instance).source


@pytest.mark.parametrize(("slope", "unit"), [(1.0, "kPa"), (0.2, "kPa"), (0.01, "Pa")])
def test_a_scale_in_which_nobody_stores_stiffness_is_refused(slope: float, unit: str) -> None:
    with pytest.raises(UnknownUnitError, match=f"RescaleType {unit}"):
        unit_of(rescaled(UNKNOWN, slope, unit))


@pytest.mark.parametrize(
    ("instance", "named"),
    [
        (rescaled(made.MASKED, 1.0, "Pa"), ["RescaleType Pa gives 0.001", "Siemens scanners gives 0.01"]),
        (replace(made.MASKED, real_world=(RealWorldMapping("kPa", 0.001, 0),)), ["MappingSequence in kPa", "Siemens"]),
        (
            replace(rescaled(UNKNOWN, 1.0, "Pa"), real_world=(RealWorldMapping("kPa", 0.01, 0),)),
            ["MappingSequence in kPa gives 0.01", "RescaleType Pa gives 0.001"],
        ),
        (rescaled(made.MASKED, 2.0, None), ["Siemens scanners store 0.01", "RescaleSlope 2"]),
        (rescaled(made.MASKED, 2.0, "US"), ["Siemens scanners store 0.01", "RescaleSlope 2"]),
        (rescaled(made.MASKED, 1.0, "kPa", intercept=3.0), ["RescaleType kPa", "Siemens"]),
    ],
)
def test_contradictory_evidence_is_an_error_that_names_both_sides(instance: Instance, named: list[str]) -> None:
    with pytest.raises(UnknownUnitError) as error:
        unit_of(instance)
    assert all(part in str(error.value) for part in named)


@pytest.mark.parametrize(
    "instance",
    [
        replace(made.MASKED, real_world=(RealWorldMapping("m/s", 0.01, 0),)),
        replace(made.MASKED, real_world=(RealWorldMapping("kPa of no scheme", 0.01, 0),)),
        rescaled(made.MASKED, 0.01, "m/s"),
        replace(made.MASKED, rescale_type="kPa"),
        rescaled(UNKNOWN, 0.0, "kPa"),
        rescaled(UNKNOWN, -0.01, "kPa"),
    ],
)
def test_a_header_that_names_something_else_is_never_overruled_by_the_vendor_rule(instance: Instance) -> None:
    with pytest.raises(UnknownUnitError):
        unit_of(instance)


@pytest.mark.parametrize("element", ["RescaleSlope", "RealWorldValueMappingSequence"])
def test_an_element_that_cannot_be_read_is_named_and_not_taken_as_absent(element: str) -> None:
    with pytest.raises(UnknownUnitError, match=f"{element}.*kpa_per_count"):
        unit_of(replace(made.MASKED, unusable_unit_elements=(element,)))
    assert unit_of(replace(made.MASKED, unusable_unit_elements=(element,)), kpa_per_count=0.01).source == "override"


@given(st.floats(0.9, 1.1))
def test_scales_agree_within_half_a_percent_and_conflict_beyond(ratio: float) -> None:
    instance = rescaled(made.MASKED, 10.0 * ratio, "Pa")
    if abs(ratio - 1) < 0.0049:
        assert unit_of(instance).kpa_per_count == pytest.approx(0.01 * ratio)
    elif abs(ratio - 1) > 0.0051:
        with pytest.raises(UnknownUnitError):
            unit_of(instance)


def test_an_override_is_used_and_recorded_with_what_the_headers_say() -> None:
    unit = unit_of(made.MASKED, kpa_per_count=0.001)
    assert (unit.kpa_per_count, unit.source) == (0.001, "override")
    assert "0.01 kPa a count" in unit.detail
    assert "no usable unit" in unit_of(UNKNOWN, kpa_per_count=0.001).detail


@pytest.mark.parametrize("value", [0.0, -0.01, float("nan"), float("inf")])
def test_an_override_that_is_no_scale_is_refused(value: float) -> None:
    with pytest.raises(SettingsError):
        unit_of(made.MASKED, kpa_per_count=value)


@pytest.mark.parametrize(("template", "bits"), [(made.MASKED, 8), (made.GE_UNMASKED, 8), (made.GE_UNMASKED, 11)])
def test_a_vendors_scale_is_not_that_of_a_picture_of_few_bits(template: Instance, bits: int) -> None:
    with pytest.raises(UnknownUnitError, match=f"BitsStored {bits}"):
        unit_of(replace(template, bits_stored=bits))
    assert unit_of(replace(template, bits_stored=12)) == unit_of(template)
    named = replace(template, window=None, bits_stored=bits)
    scale = unit_of(template).kpa_per_count
    assert unit_of(rescaled(named, scale, "kPa")).source == "rescale_type"


def test_bits_that_no_pixel_has_are_no_crash() -> None:
    assert unit_of(replace(made.MASKED, bits_stored=65535)).source == "vendor_rule"
