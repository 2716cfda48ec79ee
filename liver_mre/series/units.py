"""How stored values become kPa, by the header or a cited vendor rule, never by a guess."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from liver_mre.errors import SettingsError, UnknownUnitError
from liver_mre.series.acquisition import UnitEvidence
from liver_mre.series.header_conditions import all_hold, tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.series.roles import SeriesRole
    from liver_mre.series.scanner_rules import ScannerRules, UnitRule
    from liver_mre.studies.study import Instance, Series

KPA_PER_UCUM_UNIT: Final = {"kPa": 1.0, "Pa": 0.001}
_KPA_PER_RESCALE_TYPE: Final = {unit.casefold(): factor for unit, factor in KPA_PER_UCUM_UNIT.items()}
_UNSPECIFIED_RESCALE_TYPES: Final = frozenset({"", "us", "unspecified"})  # DICOM PS3.3 C.11.1.1.2: US = unspecified

AGREEMENT: Final = 0.01  # ours: two scales that differ by more than 1 % contradict each other
OFFSET_AGREEMENT_KPA: Final = 0.01  # ours: the finest step any vendor stores
PLAUSIBLE_WINDOW_KPA: Final = (2.0, 40.0)  # ours: elastograms are displayed over about 0-8 kPa
PLAUSIBLE_KPA_PER_COUNT: Final = (5e-5, 0.1)  # ours: 16 bits reach a soft liver, and steps are finer than a stage
LEAST_REACH_KPA: Final = 4.0  # ours: 12 bits of 1 Pa, the shortest reach that a scanner could have, are 4.1 kPa
LARGEST_SCALE_RATIO: Final = 5.0  # ours: images scaled one by one differ by their largest value, not tenfold
_MOST_BITS: Final = 64
_WHAT_TO_DO: Final = "Nothing was measured; set kpa_per_count if you know the scanner's scale."


@dataclass(frozen=True, slots=True)
class _Found:
    """One piece of evidence; `name` is the same for every image that has it."""

    name: str
    unit: UnitEvidence
    gives_scale: bool = True


def unit_in_one_line(units: Sequence[UnitEvidence]) -> UnitEvidence:
    """Return the unit of the first image; if the scale differs by image, `detail` says so."""
    scales = [unit.kpa_per_count for unit in units]
    if len({(unit.kpa_per_count, unit.offset_kpa) for unit in units}) == 1:
        return units[0]
    differs = f"{units[0].detail}; the scale differs by image, from {min(scales):g} to {max(scales):g} kPa a count"
    return replace(units[0], detail=differs)


def resolve_units(
    series: Series, role: SeriesRole, rules: ScannerRules, *, kpa_per_count: float | None = None
) -> tuple[UnitEvidence, ...]:
    """Find out how the stored values of each image of a stiffness series become kPa.

    In order of precedence: RealWorldValueMapping in kPa or Pa (UCUM), RescaleType kPa or Pa, the vendor's rule. All
    evidence must agree within 1 %, and the display window must show a range of stiffness.

    Parameters
    ----------
    series : the stiffness series
    role : its role; a vendor's rule may apply to some roles only
    rules : scanner rules
    kpa_per_count : scale set by the user, used instead of all evidence and recorded as "override"

    Returns
    -------
    The unit of each image, in the order of `series.instances`; all from one source.

    Raises
    ------
    UnknownUnitError
        The unit is unknown, an element that names it cannot be read, or the evidence is contradictory.
    SettingsError
        `kpa_per_count` is not a positive number.
    """
    if kpa_per_count is not None:
        return (_override(series, role, rules, kpa_per_count),) * len(series.instances)
    return _from_headers(series, role, rules)


def _override(series: Series, role: SeriesRole, rules: ScannerRules, kpa_per_count: float) -> UnitEvidence:
    if not (math.isfinite(kpa_per_count) and kpa_per_count > 0):
        msg = f"kpa_per_count must be a positive number of kPa, not {kpa_per_count!r}."
        raise SettingsError(msg)
    try:
        headers = unit_in_one_line(_from_headers(series, role, rules)).detail
    except UnknownUnitError:
        headers = "no usable unit"
    detail = f"{kpa_per_count:g} kPa a count, set by the user; the headers say: {headers}"
    return UnitEvidence(kpa_per_count, 0.0, "override", detail)


def _from_headers(series: Series, role: SeriesRole, rules: ScannerRules) -> tuple[UnitEvidence, ...]:
    evidence = [_evidence(instance, role, rules) for instance in series.instances]
    names = {tuple(found.name for found in of_image) for of_image in evidence}
    if len(names) > 1:
        told = " or ".join(sorted(" and ".join(found) or "nothing" for found in names))
        msg = f"The images of the stiffness series tell their unit in different ways ({told}). {_WHAT_TO_DO}"
        raise UnknownUnitError(msg)
    units = tuple(_agreed(instance, found, rules) for instance, found in zip(series.instances, evidence, strict=True))
    scales = [unit.kpa_per_count for unit in units]
    if max(scales) > LARGEST_SCALE_RATIO * min(scales):
        msg = (
            f"The images of the stiffness series do not have the same scale: {evidence[0][0].name} gives "
            f"{min(scales):g} to {max(scales):g} kPa a count, which is too different. {_WHAT_TO_DO}"
        )
        raise UnknownUnitError(msg)
    return units


def _agreed(instance: Instance, evidence: list[_Found], rules: ScannerRules) -> UnitEvidence:
    """Return the strongest evidence of an image, unless something in its header contradicts it."""
    _check_one_vendor(instance, rules)
    strongest = next((found.unit for found in evidence if found.gives_scale), None)
    if strongest is None:
        raise UnknownUnitError(_nothing_known(instance, evidence))
    for other in evidence:
        if not _agree(strongest, other.unit):
            raise _contradiction(strongest.detail, other.unit.detail)
    low, high = PLAUSIBLE_KPA_PER_COUNT
    if not low <= strongest.kpa_per_count <= high:
        msg = (
            f"The unit of the stiffness pixels cannot be right: {strongest.detail}, outside {low:g}-{high:g} kPa, "
            f"within which every known scanner stores stiffness. {_WHAT_TO_DO}"
        )
        raise UnknownUnitError(msg)
    _check_window(instance, strongest)
    return strongest


def _evidence(instance: Instance, role: SeriesRole, rules: ScannerRules) -> list[_Found]:
    """Return all evidence of an image's unit, the strongest first."""
    if instance.unusable_unit_elements:
        msg = (
            f"The stiffness series has {' and '.join(instance.unusable_unit_elements)}, but no usable scale can be "
            f"read from it. {_WHAT_TO_DO}"
        )
        raise UnknownUnitError(msg)
    headers = [found for found in (_from_real_world(instance), _from_rescale(instance)) if found]
    matching = [rule for rule in rules.units if role in rule.roles and all_hold(rule.when, instance)]
    return headers + [_from_vendor(instance, rule, named=bool(headers)) for rule in matching]


def _from_real_world(instance: Instance) -> _Found | None:
    mapping = instance.real_world
    if mapping is None:
        return None
    factor = KPA_PER_UCUM_UNIT.get(mapping.unit)
    if factor is None:
        msg = (
            f"The stiffness series has a RealWorldValueMappingSequence in {mapping.unit!r}, which is not kPa or Pa. "
            "Nothing was measured."
        )
        raise UnknownUnitError(msg)
    name = f"RealWorldValueMappingSequence in {mapping.unit}"
    return _scaled("real_world_mapping", name, mapping.slope * factor, mapping.intercept * factor)


def _from_rescale(instance: Instance) -> _Found | None:
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


def _from_vendor(instance: Instance, rule: UnitRule, *, named: bool) -> _Found:
    # A unit named in the header is separate evidence, which is compared with this rule.
    against = "" if named else _against_plain_counts(instance, rule)
    if against:
        known = f"{rule.vendor} scanners store {rule.kpa_per_count:g} kPa a count"
        raise _contradiction(known, against)
    name = f"the rule for {rule.vendor} scanners"
    found = _scaled("vendor_rule", name, rule.kpa_per_count, 0.0)
    known_by = f"{found.unit.detail} (known by {', '.join(tags(rule.when, instance))})"
    return replace(found, unit=replace(found.unit, detail=known_by), gives_scale=not rule.only_contradicts)


def _against_plain_counts(instance: Instance, rule: UnitRule) -> str:
    """Return what shows that the pixels are not the vendor's plain counts, "" if nothing.

    A rescale without a unit could mean anything, and pixels with too few bits are a picture of the stiffness map.
    """
    slope, intercept = _rescale(instance)
    if (slope, intercept) != (1.0, 0.0) and not rule.ignores_rescale:
        return f"the header has RescaleSlope {slope:g} and RescaleIntercept {intercept:g} without a unit in RescaleType"
    bits = instance.bits_stored
    if bits is None or (reach_kpa := rule.kpa_per_count * 2.0 ** min(bits, _MOST_BITS)) >= LEAST_REACH_KPA:
        return ""
    return f"with BitsStored {bits} the pixels would reach {reach_kpa:.3g} kPa only, as those of a picture do"


def _scaled(source: str, name: str, kpa_per_count: float, offset_kpa: float) -> _Found:
    offset = f" {offset_kpa:+g} kPa" if offset_kpa else ""
    detail = f"{name} gives {kpa_per_count:g} kPa a count{offset}"
    if not (math.isfinite(kpa_per_count) and kpa_per_count > 0 and math.isfinite(offset_kpa)):
        msg = f"The unit of the stiffness pixels cannot be right: {detail}. Nothing was measured."
        raise UnknownUnitError(msg)
    return _Found(name, UnitEvidence(kpa_per_count, offset_kpa, source, detail))


def _agree(one: UnitEvidence, other: UnitEvidence) -> bool:
    return (
        math.isclose(one.kpa_per_count, other.kpa_per_count, rel_tol=AGREEMENT)
        and abs(one.offset_kpa - other.offset_kpa) <= OFFSET_AGREEMENT_KPA
    )


def _check_one_vendor(instance: Instance, rules: ScannerRules) -> None:
    """Refuse a header with elements of two scanner manufacturers."""
    signs = {
        rule.vendor: list(dict.fromkeys(tag for checks in held for tag in tags(checks, instance)))
        for rule in rules.vendors
        if (held := [checks for checks in rule.signs if all_hold(checks, instance)])
    }
    if len(signs) > 1:
        (one, its), (other, others) = list(signs.items())[:2]
        raise _contradiction(_sign_of(one, its), _sign_of(other, others))


def _sign_of(vendor: str, elements: list[str]) -> str:
    said = "are those" if len(elements) > 1 else "is that"
    return f"{' and '.join(elements)} {said} of a {vendor} scanner"


def _check_window(instance: Instance, unit: UnitEvidence) -> None:
    """Refuse a scale with which the display window would not show a range of stiffness.

    The window applies to rescaled values (DICOM PS3.3 C.11.2.1.2.1): one unit of it is `kpa_per_count / RescaleSlope`.
    """
    slope, _ = _rescale(instance)
    if instance.window is None or not slope:
        return
    centre, width = instance.window
    shown_kpa = width * unit.kpa_per_count / slope
    low, high = PLAUSIBLE_WINDOW_KPA
    if not low <= shown_kpa <= high:
        raise _contradiction(
            unit.detail,
            f"WindowWidth {width:g} (WindowCenter {centre:g}) would then show a range of {shown_kpa:g} kPa, where "
            f"stiffness is shown over {low:g}-{high:g} kPa",
        )


def _rescale(instance: Instance) -> tuple[float, float]:
    return 1.0 if instance.rescale_slope is None else instance.rescale_slope, instance.rescale_intercept or 0.0


def _contradiction(one: str, other: str) -> UnknownUnitError:
    msg = f"The unit of the stiffness pixels is contradictory: {one}, but {other}. {_WHAT_TO_DO}"
    return UnknownUnitError(msg)


def _nothing_known(instance: Instance, evidence: list[_Found]) -> str:
    slope, intercept = _rescale(instance)
    rescale = (
        f"RescaleSlope {slope:g} and RescaleIntercept {intercept:g} come without a unit in RescaleType"
        if (slope, intercept) != (1.0, 0.0)
        else "RescaleType names no unit"
    )
    hint = f" ({evidence[0].unit.detail}, which is not enough alone)" if evidence else ""
    return (
        f"The unit of the stiffness pixels is not known: there is no RealWorldValueMappingSequence, {rescale}, and "
        "Manufacturer, SequenceName, ProtocolName, (0019,109C), ImageType and SeriesDescription together fit no "
        f"scanner whose scale is known{hint}. {_WHAT_TO_DO}"
    )
