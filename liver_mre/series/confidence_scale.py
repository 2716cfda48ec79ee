"""The scale of a confidence map: how stored values become a confidence from 0 to 1."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from liver_mre.series.header_conditions import all_hold

if TYPE_CHECKING:
    from liver_mre.series.scanner_rules import ScannerRules
    from liver_mre.studies.study import Instance, Series

CONFIDENCE_PER_UNIT: Final = {"1": 1.0, "%": 0.01}  # UCUM: no unit, and percent
AGREEMENT: Final = 0.01  # ours: two scales that differ by more than 1 % contradict each other
LARGEST_WINDOW_CENTRE: Final = 1.5  # ours: a window centred beyond this shows no confidence


def confidence_scale(series: Series, rules: ScannerRules) -> float | None:
    """Find the scale of a confidence map: confidence (0 to 1) = stored * scale.

    Sources are RealWorldValueMapping in "1" or "%" (UCUM), RescaleType "1" or "%", and the scanner's rule. They must
    agree for every image, and the display window must show confidences.

    Returns
    -------
    The scale; None if it is unknown, contradictory or unreadable, or has an offset.
    """
    scales = {_scale(instance, rules) for instance in series.instances}
    return scales.pop() if len(scales) == 1 else None


def _scale(instance: Instance, rules: ScannerRules) -> float | None:
    if instance.unusable_unit_elements:
        return None
    headers = [_from_real_world(instance), _from_rescale(instance)]
    rule = next((rule.confidence_per_count for rule in rules.confidence if all_hold(rule.when, instance)), None)
    if rule is not None and not any(headers) and not _is_plain(instance):
        return None  # a rescale without a unit contradicts the rule
    known = [scale for scale in (*headers, rule) if scale is not None]
    if not known or not all(math.isclose(scale, known[0], rel_tol=AGREEMENT) for scale in known):
        return None
    return known[0] if known[0] > 0 and _fits_window(instance, known[0]) else None


def _from_real_world(instance: Instance) -> float | None:
    """Return the scale of the mapping; mappings in other units beside it say nothing about confidence."""
    if not instance.real_world:
        return None
    known = [mapping for mapping in instance.real_world if mapping.unit in CONFIDENCE_PER_UNIT]
    scales = [mapping.slope * CONFIDENCE_PER_UNIT[mapping.unit] for mapping in known]
    agree = all(math.isclose(scale, scales[0], rel_tol=AGREEMENT) for scale in scales)
    usable = scales and agree and not any(mapping.intercept for mapping in known)
    return scales[0] if usable else math.nan  # agrees with nothing


def _from_rescale(instance: Instance) -> float | None:
    unit = (instance.rescale_type or "").strip()
    if unit not in CONFIDENCE_PER_UNIT or instance.rescale_slope is None:
        return None
    if instance.rescale_intercept:
        return math.nan
    return instance.rescale_slope * CONFIDENCE_PER_UNIT[unit]


def _is_plain(instance: Instance) -> bool:
    return instance.rescale_slope in (None, 1.0) and not instance.rescale_intercept


def _fits_window(instance: Instance, scale: float) -> bool:
    """Tell whether the display window, which applies to rescaled values, is centred on a confidence."""
    if instance.window is None:
        return True
    return 0 < instance.window[0] * scale / (instance.rescale_slope or 1.0) <= LARGEST_WINDOW_CENTRE
