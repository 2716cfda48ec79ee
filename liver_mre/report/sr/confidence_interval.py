"""Items of the structured report on the 95 % interval and the probabilities that follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liver_mre.report import codes
from liver_mre.report.sr.items import number, stiffness, yes_or_no

if TYPE_CHECKING:
    from highdicom.sr import Measurement, QualitativeEvaluation

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
