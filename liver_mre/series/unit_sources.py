"""What one image says about its unit: real world value mapping, rescale, and the vendor's rule."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from liver_mre.errors import UnknownUnitError
from liver_mre.series.acquisition import UnitEvidence
from liver_mre.series.header_conditions import tags

if TYPE_CHECKING:
    from liver_mre.series.scanner_rules import UnitRule
    from liver_mre.studies.study import Instance

KPA_PER_UCUM_UNIT: Final = {"kPa": 1.0, "Pa": 0.001}
_KPA_PER_RESCALE_TYPE: Final = {unit.casefold(): factor for unit, factor in KPA_PER_UCUM_UNIT.items()}
_UNSPECIFIED_RESCALE_TYPES: Final = frozenset({"", "us", "unspecified"})  # DICOM PS3.3 C.11.1.1.2: US = unspecified
AGREEMENT: Final = 0.005  # ours: two scales that differ by more than 0.5 % contradict each other
OFFSET_AGREEMENT_KPA: Final = 0.01  # ours: the finest step any vendor stores
LEAST_REACH_KPA: Final = 4.0  # ours: 12 bits of 1 Pa, the shortest reach that a scanner could have, are 4.1 kPa
_MOST_BITS: Final = 64
WHAT_TO_DO: Final = "Nothing was measured; set kpa_per_count if you know the scanner's scale."


@dataclass(frozen=True, slots=True)
class FoundUnit:
    """One piece of evidence; `name` is the same for every image that has it."""

    name: str
    unit: UnitEvidence
    gives_scale: bool = True


def from_real_world(instance: Instance) -> FoundUnit | None:
    """Return the mapping in kPa, or else in Pa; mappings in other units beside it say nothing about stiffness."""
    if not instance.real_world:
        return None
    found = [
        _scaled(
            "real_world_mapping",
            f"RealWorldValueMappingSequence in {unit}",
            mapping.slope * factor,
            mapping.intercept * factor,
        )
        for unit, factor in KPA_PER_UCUM_UNIT.items()
        for mapping in instance.real_world
        if mapping.unit == unit
    ]
    if not found:
        units = " and ".join(dict.fromkeys(repr(mapping.unit) for mapping in instance.real_world))
        msg = (
            f"The stiffness series has a RealWorldValueMappingSequence in {units}, which is not kPa or Pa. Nothing was "
            "measured."
        )
        raise UnknownUnitError(msg)
    for other in found[1:]:
        if not agree(found[0].unit, other.unit):
            raise contradiction(found[0].unit.detail, other.unit.detail)
    return found[0]


def from_rescale(instance: Instance) -> FoundUnit | None:
    """Return the rescale, if RescaleType names kPa or Pa; None where it names no unit."""
    named = (instance.rescale_type or "").strip()
    if named.casefold() in _UNSPECIFIED_RESCALE_TYPES:
        return None
    factor = _KPA_PER_RESCALE_TYPE.get(named.casefold())
    if factor is None:
        msg = f"The stiffness series has RescaleType {named!r}, which is not kPa or Pa. Nothing was measured."
        raise UnknownUnitError(msg)
    if instance.rescale_slope is None:
        msg = f"The stiffness series has RescaleType {named!r} but no RescaleSlope. Nothing was measured."
        raise UnknownUnitError(msg)
    offset = (instance.rescale_intercept or 0.0) * factor
    return _scaled("rescale_type", f"RescaleType {named}", instance.rescale_slope * factor, offset)


def from_vendor(instance: Instance, rule: UnitRule, *, named: bool) -> FoundUnit:
    """Return the scale of a vendor's rule; a unit `named` in the header is evidence to compare it with."""
    against = "" if named else _against_plain_counts(instance, rule)
    if against:
        known = f"{rule.vendor} scanners store {rule.kpa_per_count:g} kPa a count"
        raise contradiction(known, against)
    name = f"the rule for {rule.vendor} scanners"
    found = _scaled("vendor_rule", name, rule.kpa_per_count, 0.0)
    known_by = f"{found.unit.detail} (known by {', '.join(tags(rule.when, instance))})"
    return replace(found, unit=replace(found.unit, detail=known_by), gives_scale=not rule.only_contradicts)


def _against_plain_counts(instance: Instance, rule: UnitRule) -> str:
    """Return what shows that the pixels are not the vendor's plain counts, "" if nothing.

    A rescale without a unit could mean anything, and pixels with too few bits are a picture of the stiffness map.
    """
    slope, intercept = rescale_of(instance)
    if (slope, intercept) != (1.0, 0.0) and not rule.ignores_rescale:
        return f"the header has RescaleSlope {slope:g} and RescaleIntercept {intercept:g} without a unit in RescaleType"
    bits = instance.bits_stored
    if bits is None or (reach_kpa := rule.kpa_per_count * 2.0 ** min(bits, _MOST_BITS)) >= LEAST_REACH_KPA:
        return ""
    return f"with BitsStored {bits} the pixels would reach {reach_kpa:.3g} kPa only, as those of a picture do"


def _scaled(source: str, name: str, kpa_per_count: float, offset_kpa: float) -> FoundUnit:
    offset = f" {offset_kpa:+g} kPa" if offset_kpa else ""
    detail = f"{name} gives {kpa_per_count:g} kPa a count{offset}"
    if not (math.isfinite(kpa_per_count) and kpa_per_count > 0 and math.isfinite(offset_kpa)):
        msg = f"The unit of the stiffness pixels cannot be right: {detail}. Nothing was measured."
        raise UnknownUnitError(msg)
    return FoundUnit(name, UnitEvidence(kpa_per_count, offset_kpa, source, detail))


def agree(one: UnitEvidence, other: UnitEvidence) -> bool:
    """Tell whether two units are the same to within rounding."""
    return (
        math.isclose(one.kpa_per_count, other.kpa_per_count, rel_tol=AGREEMENT)
        and abs(one.offset_kpa - other.offset_kpa) <= OFFSET_AGREEMENT_KPA
    )


def rescale_of(instance: Instance) -> tuple[float, float]:
    """Return RescaleSlope and RescaleIntercept, 1 and 0 where absent."""
    return 1.0 if instance.rescale_slope is None else instance.rescale_slope, instance.rescale_intercept or 0.0


def contradiction(one: str, other: str) -> UnknownUnitError:
    """Return the error that names two clauses which contradict each other."""
    msg = f"The unit of the stiffness pixels is contradictory: {one}, but {other}. {WHAT_TO_DO}"
    return UnknownUnitError(msg)
