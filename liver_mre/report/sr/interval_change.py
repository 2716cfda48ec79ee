"""What the structured report says about trust: interval, probabilities, what was left out, change since a prior."""

from __future__ import annotations

from typing import TYPE_CHECKING

from highdicom.sr import Measurement, QualitativeEvaluation

from liver_mre.report import codes
from liver_mre.report.rounding import cutoffs_kpa, rounded_kpa

if TYPE_CHECKING:
    from pydicom.sr.coding import Code

    from liver_mre.measurement.change import Change
    from liver_mre.measurement.measure import StiffnessMeasurement
    from liver_mre.measurement.staging import Staging

_DECIMALS = 4


def interval_measurements(measured: StiffnessMeasurement, staging: Staging | None) -> list[Measurement]:
    """Return the ends of the interval and the probabilities of the categories; nothing without an interval."""
    interval = measured.interval
    if interval is None:
        return []
    ends = ((interval.low_kpa, "interval_low"), (interval.high_kpa, "interval_high"))
    found = [
        Measurement(
            name=codes.ELASTICITY,
            value=rounded_kpa(value, cutoffs_kpa(staging), decimals=_DECIMALS),
            unit=codes.KILOPASCAL,
            derivation=codes.private(derivation),
            method=codes.private("mr_elastography"),
        )
        for value, derivation in ends
    ]
    if staging is not None and staging.significant_probability is not None:
        found.append(_probability(codes.private("significant_fibrosis"), staging.significant_probability))
        found += [_probability(codes.named("CAT", one.category), one.probability) for one in staging.probabilities]
    return found


def crossing_evaluations(staging: Staging) -> list[QualitativeEvaluation]:
    """Say whether the interval crosses a cut-off; nothing without an interval."""
    if staging.significant_probability is None:
        return []
    answer = codes.YES if staging.crossed_kpa else codes.NO
    return [QualitativeEvaluation(name=codes.private("crosses_cutoff"), value=answer)]


def removed_areas(measured: StiffnessMeasurement) -> list[Measurement]:
    """Return the area of confident liver that each rule of the region took out."""
    return [
        Measurement(
            name=codes.private(f"removed_{one.reason}"),
            value=round(one.area_cm2, _DECIMALS),
            unit=codes.SQUARE_CENTIMETRE,
        )
        for one in measured.removed
    ]


def change_measurements(change: Change | None) -> list[Measurement]:
    """Return the change since a prior; nothing without one."""
    if change is None:
        return []
    return [
        Measurement(name=codes.private("change_kpa"), value=round(change.kpa, _DECIMALS), unit=codes.KILOPASCAL),
        Measurement(name=codes.private("change_percent"), value=round(change.percent, 2), unit=codes.PERCENT),
        Measurement(
            name=codes.private("prior_stiffness"),
            value=round(change.prior.stiffness_kpa, _DECIMALS),
            unit=codes.KILOPASCAL,
        ),
    ]


def change_evaluations(change: Change | None) -> list[QualitativeEvaluation]:
    """Say whether the change exceeds repeatability; nothing without a prior."""
    if change is None:
        return []
    answer = codes.YES if change.exceeds else codes.NO
    return [QualitativeEvaluation(name=codes.private("change_exceeds"), value=answer)]


def _probability(name: Code, value: float) -> Measurement:
    return Measurement(
        name=name, value=round(value, _DECIMALS), unit=codes.RATIO, derivation=codes.private("probability")
    )
