"""The scale of a series: one for all its images, without offset, and the same in every real world value mapping."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from liver_mre.errors import UnknownUnitError
from liver_mre.series.roles import Role
from liver_mre.series.units import resolve_units, unit_in_one_line
from liver_mre.studies.study import RealWorldMapping
from tests.series import study_factory as made
from tests.series.unit_factory import RULES, UNKNOWN, mapped, rescaled, series_of, unit_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from liver_mre.studies.study import Instance


@pytest.mark.parametrize(
    "instance",
    [
        # Counts raised by 500 and an intercept of -500 counts would be the same stiffness. It is refused all the same:
        # headers cannot tell it from a damaged intercept, and a stored 0 would no longer be "not measured".
        rescaled(UNKNOWN, 1.0, "Pa", intercept=-500.0),
        rescaled(UNKNOWN, 0.01, "kPa", intercept=0.5),
        rescaled(UNKNOWN, 0.01, "kPa", intercept=-1.0),
        replace(UNKNOWN, real_world=(RealWorldMapping("kPa", 0.01, 0.5),)),
        replace(UNKNOWN, real_world=(RealWorldMapping("Pa", 10.0, -500.0),)),
    ],
)
def test_an_offset_is_refused_because_a_stored_zero_means_not_measured(instance: Instance) -> None:
    with pytest.raises(UnknownUnitError, match=r"(RescaleType|MappingSequence).*kPa\. A stored 0 means 'not measured'"):
        unit_of(instance)


def test_a_scale_set_by_the_user_does_not_pass_over_an_intercept() -> None:
    with pytest.raises(UnknownUnitError, match="RescaleIntercept -500"):
        unit_of(rescaled(UNKNOWN, 1.0, "Pa", intercept=-500.0), kpa_per_count=0.001)


def test_an_intercept_below_a_stored_step_is_rounding() -> None:
    assert unit_of(rescaled(UNKNOWN, 0.01, "kPa", intercept=0.002)).offset_kpa == 0.002


@pytest.mark.parametrize(
    "mappings",
    [
        [("kPa", 0.01), ("Pa", 10.0)],
        [("Pa", 10.05), ("kPa", 0.01)],
        [("1", 1.0), ("kPa", 0.01)],
        [("kPa", 0.01), ("m/s", 0.05), ("no units of 99X", 2.0)],
    ],
)
def test_real_world_mappings_that_agree_give_one_unit_whatever_else_is_mapped(
    mappings: list[tuple[str, float]],
) -> None:
    unit = unit_of(mapped(*mappings))
    assert (unit.kpa_per_count, unit.source) == (0.01, "real_world_mapping")
    assert "in kPa" in unit.detail


@pytest.mark.parametrize("other", [("Pa", 1.0), ("kPa", 0.0102)])
def test_real_world_mappings_that_contradict_each_other_are_both_named(other: tuple[str, float]) -> None:
    with pytest.raises(UnknownUnitError, match=rf"MappingSequence in kPa gives 0\.01.*but .* in {other[0]} gives 0\.0"):
        unit_of(mapped(("kPa", 0.01), other))


ENHANCED = replace(UNKNOWN, manufacturer="Philips", sop_class_uid="1.2.840.10008.5.1.4.1.1.4.1")


def test_each_image_has_its_own_scale_if_its_scanner_is_known_to_scale_images_one_by_one() -> None:
    mixed = series_of(rescaled(ENHANCED, 0.01, "kPa"), rescaled(ENHANCED, 0.02, "kPa"))
    units = resolve_units(mixed, Role.STIFFNESS, RULES)
    assert [unit.kpa_per_count for unit in units] == [0.01, 0.02]
    summary = unit_in_one_line(units)
    assert summary.kpa_per_count == 0.01
    assert "differs by image, from 0.01 to 0.02 kPa" in summary.detail


@pytest.mark.parametrize("factor", [0.8, 0.95, 1.05, 2.0])
@pytest.mark.parametrize(
    "scaled",
    [
        lambda slope: rescaled(replace(UNKNOWN, manufacturer="Philips"), slope, "kPa"),
        lambda slope: rescaled(UNKNOWN, 1000.0 * slope, "Pa"),
        lambda slope: mapped(("kPa", slope)),
        lambda slope: replace(mapped(("kPa", slope)), sop_class_uid=ENHANCED.sop_class_uid),
    ],
)
def test_one_image_of_another_scale_is_a_contradiction_that_names_both(
    scaled: Callable[[float], Instance], factor: float
) -> None:
    series = series_of(scaled(0.01), scaled(0.01 * factor), scaled(0.01))
    with pytest.raises(UnknownUnitError, match=rf"same scale.*{min(0.01, 0.01 * factor):g} kPa.*not known to scale"):
        resolve_units(series, Role.STIFFNESS, RULES)


def test_one_scale_for_all_images_is_said_once() -> None:
    series = made.series(made.MASKED, 1)
    assert set(resolve_units(series, Role.STIFFNESS_MASKED, RULES)) == {unit_of(made.MASKED)}
    assert len(resolve_units(series, Role.STIFFNESS_MASKED, RULES, kpa_per_count=0.01)) == 4


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (rescaled(UNKNOWN, 10.0, "Pa"), "RescaleType Pa or RescaleType kPa"),
        (UNKNOWN, "RescaleType kPa or nothing"),
        (replace(UNKNOWN, real_world=(RealWorldMapping("kPa", 0.01, 0.0),)), "RealWorldValueMappingSequence"),
        (rescaled(UNKNOWN, 0.08, "kPa"), "same scale"),
        (rescaled(UNKNOWN, 0.012, "kPa"), "same scale"),
    ],
)
def test_images_that_tell_their_unit_in_different_ways_are_refused(other: Instance, named: str) -> None:
    with pytest.raises(UnknownUnitError, match=named):
        resolve_units(series_of(rescaled(UNKNOWN, 0.01, "kPa"), other), Role.STIFFNESS, RULES)
