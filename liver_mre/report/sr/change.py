"""Items of the structured report on the change since an earlier exam."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liver_mre.report import codes
from liver_mre.report.sr.items import number, yes_or_no

if TYPE_CHECKING:
    from highdicom.sr import Measurement, QualitativeEvaluation

    from liver_mre.measurement.change import Change


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
