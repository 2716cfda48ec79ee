"""How stored values become kPa: from what the header says or a cited vendor rule, never from a guess."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from liver_mre.core.rules import all_hold
from liver_mre.core.study import UnitEvidence
from liver_mre.errors import ImplausibleStiffnessError, SettingsError, UnknownUnitError

if TYPE_CHECKING:
    from liver_mre.core.rules import ScannerRules, UnitRule
    from liver_mre.core.study import Instance, Role, Series

KPA_PER_UCUM_UNIT: Final = {"kPa": 1.0, "Pa": 0.001}
_KPA_PER_RESCALE_TYPE: Final = {unit.casefold(): factor for unit, factor in KPA_PER_UCUM_UNIT.items()}
_UNSPECIFIED_RESCALE_TYPES: Final = frozenset({"", "us", "unspecified"})  # DICOM PS3.3 C.11.1.1.2: US = unspecified

PLAUSIBLE_MEDIAN_KPA: Final = (0.5, 20.0)  # ours: below any in-vivo liver, above any cirrhotic one
AGREEMENT: Final = 0.01  # ours: two scales that differ by more than 1 % contradict each other
OFFSET_AGREEMENT_KPA: Final = 0.01  # ours: the finest step any vendor stores


def resolve_unit(
    series: Series, role: Role, rules: ScannerRules, *, kpa_per_count: float | None = None
) -> UnitEvidence:
    """Find out how the stored values of a stiffness series become kPa.

    Evidence is taken in this order: RealWorldValueMapping in kPa or Pa (UCUM), a RescaleType that names kPa or Pa,
    the vendor's rule. Everything that is known must agree within 1 %.

    Parameters
    ----------
    series : the stiffness series
    role : its role; a vendor's rule may hold for some roles only
    rules : scanner rules
    kpa_per_count : scale set by the user, used instead of all evidence and recorded as "override"

    Raises
    ------
    UnknownUnitError
        Nothing names the unit, an element that should cannot be read, or two pieces of evidence contradict each
        other.
    SettingsError
        `kpa_per_count` is not a positive number.
    """
    if kpa_per_count is not None:
        return _override(series, role, rules, kpa_per_count)
    return _from_headers(series, role, rules)


def check_plausible(median_kpa: float) -> None:
    """Refuse a median over the liver that no liver has.

    Parameters
    ----------
    median_kpa : median stiffness over the liver, in kPa

    Raises
    ------
    ImplausibleStiffnessError
        It is not within 0.5-20 kPa.
    """
    low, high = PLAUSIBLE_MEDIAN_KPA
    if not low <= median_kpa <= high:
        msg = (
            f"The median over the liver would be {median_kpa:.3g} kPa, outside {low:g}-{high:g} kPa, so the unit of "
            "the pixels cannot be right. Nothing was measured; check the scanner's scale."
        )
        raise ImplausibleStiffnessError(msg)


def _override(series: Series, role: Role, rules: ScannerRules, kpa_per_count: float) -> UnitEvidence:
    if not (math.isfinite(kpa_per_count) and kpa_per_count > 0):
        msg = f"kpa_per_count must be a positive number of kPa, not {kpa_per_count!r}."
        raise SettingsError(msg)
    try:
        headers = _from_headers(series, role, rules).detail
    except UnknownUnitError:
        headers = "no usable unit"
    detail = f"{kpa_per_count:g} kPa a count, set by the user; the headers say: {headers}"
    return UnitEvidence(kpa_per_count, 0.0, "override", detail)


def _from_headers(series: Series, role: Role, rules: ScannerRules) -> UnitEvidence:
    per_instance = [tuple(_evidence(instance, role, rules)) for instance in series.instances]
    if any(found != per_instance[0] for found in per_instance):
        msg = "The images of the stiffness series do not all have the same scale. Nothing was measured."
        raise UnknownUnitError(msg)
    evidence = per_instance[0]
    if not evidence:
        raise UnknownUnitError
    strongest = evidence[0]
    for other in evidence[1:]:
        if not _agree(strongest, other):
            msg = (
                f"The unit of the stiffness pixels is contradictory: {strongest.detail}, but {other.detail}. "
                "Nothing was measured; set kpa_per_count if you know the scanner's scale."
            )
            raise UnknownUnitError(msg)
    return strongest


def _evidence(instance: Instance, role: Role, rules: ScannerRules) -> list[UnitEvidence]:
    """Everything that an instance tells about its unit, the strongest first."""
    if instance.unusable_unit_elements:
        msg = (
            f"The stiffness series has {' and '.join(instance.unusable_unit_elements)}, but no usable scale can be "
            "read from it. Nothing was measured; set kpa_per_count if you know the scanner's scale."
        )
        raise UnknownUnitError(msg)
    headers = [found for found in (_from_real_world(instance), _from_rescale(instance)) if found]
    matching = [rule for rule in rules.units if role in rule.roles and all_hold(rule.when, instance)]
    return headers + [_from_vendor(instance, rule, named=bool(headers)) for rule in matching]


def _from_real_world(instance: Instance) -> UnitEvidence | None:
    mapping = instance.real_world
    if mapping is None:
        return None
    factor = KPA_PER_UCUM_UNIT.get(mapping.unit)
    if factor is None:
        msg = (
            f"The stiffness series has a real world value mapping in {mapping.unit!r}, which is not kPa or Pa. "
            "Nothing was measured."
        )
        raise UnknownUnitError(msg)
    name = f"the real world value mapping in {mapping.unit}"
    return _scaled("real_world_mapping", name, mapping.slope * factor, mapping.intercept * factor)


def _from_rescale(instance: Instance) -> UnitEvidence | None:
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


def _from_vendor(instance: Instance, rule: UnitRule, *, named: bool) -> UnitEvidence:
    slope = 1.0 if instance.rescale_slope is None else instance.rescale_slope
    intercept = instance.rescale_intercept or 0.0
    # A scale without a unit could mean anything; with a unit it is evidence of its own, compared with this rule.
    if (slope, intercept) != (1.0, 0.0) and not named and not rule.ignores_rescale:
        msg = (
            f"The unit of the stiffness pixels is contradictory: {rule.vendor} scanners store {rule.kpa_per_count:g} "
            f"kPa a count, but the header has RescaleSlope {slope:g} and RescaleIntercept {intercept:g} without a "
            "unit. Nothing was measured; set kpa_per_count if you know the scanner's scale."
        )
        raise UnknownUnitError(msg)
    return _scaled("vendor_rule", f"the rule for {rule.vendor} scanners", rule.kpa_per_count, 0.0)


def _scaled(source: str, name: str, kpa_per_count: float, offset_kpa: float) -> UnitEvidence:
    offset = f" {offset_kpa:+g} kPa" if offset_kpa else ""
    detail = f"{name} gives {kpa_per_count:g} kPa a count{offset}"
    if not (math.isfinite(kpa_per_count) and kpa_per_count > 0 and math.isfinite(offset_kpa)):
        msg = f"The unit of the stiffness pixels cannot be right: {detail}. Nothing was measured."
        raise UnknownUnitError(msg)
    return UnitEvidence(kpa_per_count, offset_kpa, source, detail)


def _agree(one: UnitEvidence, other: UnitEvidence) -> bool:
    return (
        math.isclose(one.kpa_per_count, other.kpa_per_count, rel_tol=AGREEMENT)
        and abs(one.offset_kpa - other.offset_kpa) <= OFFSET_AGREEMENT_KPA
    )
