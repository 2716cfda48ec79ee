"""Headers that name units, and the unit that is found in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from liver_mre.series.roles import Role
from liver_mre.series.scanner_rules_file import load_scanner_rules
from liver_mre.series.units import resolve_units, unit_in_one_line
from liver_mre.studies.study import RealWorldMapping, Series
from tests.series import study_factory as made

if TYPE_CHECKING:
    from liver_mre.series.acquisition import UnitEvidence
    from liver_mre.studies.study import Instance

RULES = load_scanner_rules()
UNKNOWN = replace(made.MASKED, manufacturer="ACME", sequence_name="", series_description="Stiffness")


def unit_of(instance: Instance, kpa_per_count: float | None = None) -> UnitEvidence:
    series = made.series(instance, 1)
    return unit_in_one_line(resolve_units(series, Role.STIFFNESS_MASKED, RULES, kpa_per_count=kpa_per_count))


def rescaled(instance: Instance, slope: float, unit: str | None, intercept: float = 0.0) -> Instance:
    return replace(instance, rescale_slope=slope, rescale_intercept=intercept, rescale_type=unit)


def mapped(*mappings: tuple[str, float]) -> Instance:
    return replace(UNKNOWN, real_world=tuple(RealWorldMapping(unit, slope, 0.0) for unit, slope in mappings))


def series_of(*instances: Instance) -> Series:
    return Series("1", 1, instances)
