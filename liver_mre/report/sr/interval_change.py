"""Items of the structured report on interval, probabilities, removed areas and change since an earlier exam."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liver_mre.report import codes
from liver_mre.report.sr.items import number, stiffness, yes_or_no

if TYPE_CHECKING:
    from highdicom.sr import Measurement, QualitativeEvaluation

    from liver_mre.measurement.change import Change
    from liver_mre.measurement.measure import StiffnessMeasurement
    from liver_mre.measurement.staging import Staging


def interval_measurements(measured: StiffnessMeasurement, staging: Staging) -> list[Measurement]:
    """Return the ends of the interval and the probabilities of the categories; empty without an interval."""
    interval = measured.interval
    if interval is None:
        return []
    found = [
        stiffness(interval.low_kpa, codes.private("interval_low"), staging),
        stiffness(interval.high_kpa, codes.private("interval_high"), staging),
    ]
    if staging.significant_probability is None:
        return found
    probabilities = [
        (codes.private("significant_fibrosis"), staging.significant_probability),
        *((codes.named("CAT", one.category), one.probability) for one in staging.probabilities),
    ]
    derivation = codes.private("probability")
    return found + [number(name, value, codes.RATIO, derivation) for name, value in probabilities]


def crossing_evaluations(staging: Staging) -> list[QualitativeEvaluation]:
    """Return whether the interval crosses a cut-off; empty without an interval."""
    if staging.significant_probability is None:
        return []
    return [yes_or_no("crosses_cutoff", answer=bool(staging.crossed_kpa))]


def removed_areas(measured: StiffnessMeasurement) -> list[Measurement]:
    """Return the area of confident liver that each region rule removed."""
    return [
        number(codes.private(f"removed_{one.reason}"), one.area_cm2, codes.SQUARE_CENTIMETRE)
        for one in measured.removed
    ]


def change_measurements(change: Change | None) -> list[Measurement]:
    """Return the change since an earlier exam; empty without one."""
    if change is None:
        return []
    return [
        number(codes.private("change_kpa"), change.kpa, codes.KILOPASCAL),
        number(codes.private("change_percent"), round(change.percent, 2), codes.PERCENT),
        number(codes.private("prior_stiffness"), change.prior.stiffness_kpa, codes.KILOPASCAL),
    ]


def change_evaluations(change: Change | None) -> list[QualitativeEvaluation]:
    """Return whether the change exceeds the repeatability coefficient; empty without an earlier exam."""
    return [] if change is None else [yes_or_no("change_exceeds", answer=change.exceeds)]
