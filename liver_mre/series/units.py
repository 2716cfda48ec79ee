"""How stored values become kPa, by the header or a cited vendor rule, never by a guess."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from liver_mre.errors import SettingsError, UnknownUnitError
from liver_mre.series.acquisition import UnitEvidence
from liver_mre.series.header_conditions import all_hold, tags
from liver_mre.series.unit_sources import (
    AGREEMENT,
    OFFSET_AGREEMENT_KPA,
    WHAT_TO_DO,
    agree,
    contradiction,
    from_real_world,
    from_rescale,
    from_vendor,
    rescale_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.series.roles import SeriesRole
    from liver_mre.series.scanner_rules import ScannerRules
    from liver_mre.series.unit_sources import FoundUnit
    from liver_mre.studies.study import Instance, Series

PLAUSIBLE_WINDOW_KPA: Final = (2.0, 40.0)  # ours: elastograms are displayed over about 0-8 kPa
PLAUSIBLE_KPA_PER_COUNT: Final = (5e-5, 0.1)  # ours: 16 bits reach a soft liver, and steps are finer than a stage
LARGEST_SCALE_RATIO: Final = 20.0  # ours: the largest value of an image is from 1 to about 20 kPa
_NO_OFFSET: Final = (
    "A stored 0 means 'not measured' in elastograms, and no scanner is known to store stiffness with an offset, so "
    "either the header or the pixels were changed. Nothing was measured; send the series as the scanner stored it."
)


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
    evidence must agree within 0.5 %, the display window must show a range of stiffness, and there is no offset. The
    images have one scale, unless a rule says that their scanner scales them one by one.

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
    if offset := next((rescale_of(image)[1] for image in series.instances if rescale_of(image)[1]), 0.0):
        msg = f"kpa_per_count sets a scale without offset, but the header has RescaleIntercept {offset:g}. {_NO_OFFSET}"
        raise UnknownUnitError(msg)
    detail = f"{kpa_per_count:g} kPa a count, set by the user; the headers say: {headers}"
    return UnitEvidence(kpa_per_count, 0.0, "override", detail)


def _from_headers(series: Series, role: SeriesRole, rules: ScannerRules) -> tuple[UnitEvidence, ...]:
    evidence = [_evidence(instance, role, rules) for instance in series.instances]
    names = {tuple(found.name for found in of_image) for of_image in evidence}
    if len(names) > 1:
        told = " or ".join(sorted(" and ".join(found) or "nothing" for found in names))
        msg = f"The images of the stiffness series tell their unit in different ways ({told}). {WHAT_TO_DO}"
        raise UnknownUnitError(msg)
    units = tuple(_agreed(instance, found, rules) for instance, found in zip(series.instances, evidence, strict=True))
    _check_same_scale(series, [unit.kpa_per_count for unit in units], evidence[0][0].name, rules)
    return units


def _check_same_scale(series: Series, scales: list[float], name: str, rules: ScannerRules) -> None:
    """Refuse a scale that differs within the series, unless its scanner is known to scale images one by one."""
    largest_ratio = max(scales) / min(scales)
    one_by_one = any(all(all_hold(rule.when, image) for image in series.instances) for rule in rules.scaled_one_by_one)
    if largest_ratio <= (LARGEST_SCALE_RATIO if one_by_one else 1.0 + AGREEMENT):
        return
    why = "which is too different" if one_by_one else "and this scanner is not known to scale its images one by one"
    msg = (
        f"The images of the stiffness series do not have the same scale: {name} gives {min(scales):g} kPa a count in "
        f"one image and {max(scales):g} in another, {why}. Nothing was measured; send the series as the scanner stored "
        "it, or set kpa_per_count if you know the scanner's scale."
    )
    raise UnknownUnitError(msg)


def _agreed(instance: Instance, evidence: list[FoundUnit], rules: ScannerRules) -> UnitEvidence:
    """Return the strongest evidence of an image, unless something in its header contradicts it."""
    _check_one_vendor(instance, rules)
    strongest = next((found.unit for found in evidence if found.gives_scale), None)
    if strongest is None:
        raise UnknownUnitError(_nothing_known(instance, evidence))
    for other in evidence:
        if not agree(strongest, other.unit):
            raise contradiction(strongest.detail, other.unit.detail)
    low, high = PLAUSIBLE_KPA_PER_COUNT
    if not low <= strongest.kpa_per_count <= high:
        msg = (
            f"The unit of the stiffness pixels cannot be right: {strongest.detail}, outside {low:g}-{high:g} kPa, "
            f"within which every known scanner stores stiffness. {WHAT_TO_DO}"
        )
        raise UnknownUnitError(msg)
    if abs(strongest.offset_kpa) > OFFSET_AGREEMENT_KPA:
        msg = f"{strongest.detail}. {_NO_OFFSET}"
        raise UnknownUnitError(msg)
    _check_window(instance, strongest)
    return strongest


def _evidence(instance: Instance, role: SeriesRole, rules: ScannerRules) -> list[FoundUnit]:
    """Return all evidence of an image's unit, the strongest first."""
    if instance.unusable_unit_elements:
        msg = (
            f"The stiffness series has {' and '.join(instance.unusable_unit_elements)}, but no usable scale can be "
            f"read from it. {WHAT_TO_DO}"
        )
        raise UnknownUnitError(msg)
    headers = [found for found in (from_real_world(instance), from_rescale(instance)) if found]
    matching = [rule for rule in rules.units if role in rule.roles and all_hold(rule.when, instance)]
    return headers + [from_vendor(instance, rule, named=bool(headers)) for rule in matching]


def _check_one_vendor(instance: Instance, rules: ScannerRules) -> None:
    """Refuse a header with elements of two scanner manufacturers."""
    signs = {
        rule.vendor: list(dict.fromkeys(tag for checks in held for tag in tags(checks, instance)))
        for rule in rules.vendors
        if (held := [checks for checks in rule.signs if all_hold(checks, instance)])
    }
    if len(signs) > 1:
        (one, its), (other, others) = list(signs.items())[:2]
        raise contradiction(_sign_of(one, its), _sign_of(other, others))


def _sign_of(vendor: str, elements: list[str]) -> str:
    said = "are those" if len(elements) > 1 else "is that"
    return f"{' and '.join(elements)} {said} of a {vendor} scanner"


def _check_window(instance: Instance, unit: UnitEvidence) -> None:
    """Refuse a scale with which the display window would not show a range of stiffness.

    The window applies to rescaled values (DICOM PS3.3 C.11.2.1.2.1): one unit of it is `kpa_per_count / RescaleSlope`.
    """
    slope, _ = rescale_of(instance)
    if instance.window is None or not slope:
        return
    centre, width = instance.window
    shown_kpa = width * unit.kpa_per_count / slope
    low, high = PLAUSIBLE_WINDOW_KPA
    if not low <= shown_kpa <= high:
        raise contradiction(
            unit.detail,
            f"WindowWidth {width:g} (WindowCenter {centre:g}) would then show a range of {shown_kpa:g} kPa, where "
            f"stiffness is shown over {low:g}-{high:g} kPa",
        )


def _nothing_known(instance: Instance, evidence: list[FoundUnit]) -> str:
    slope, intercept = rescale_of(instance)
    rescale = (
        f"RescaleSlope {slope:g} and RescaleIntercept {intercept:g} come without a unit in RescaleType"
        if (slope, intercept) != (1.0, 0.0)
        else "RescaleType names no unit"
    )
    hint = f" ({evidence[0].unit.detail}, which is not enough alone)" if evidence else ""
    return (
        f"The unit of the stiffness pixels is not known: there is no RealWorldValueMappingSequence, {rescale}, and "
        "Manufacturer, SequenceName, ProtocolName, (0019,109C), ImageType and SeriesDescription together fit no "
        f"scanner whose scale is known{hint}. {WHAT_TO_DO}"
    )
