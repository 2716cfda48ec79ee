"""Exams made of header values, for tests of what carries them."""

from __future__ import annotations

from typing import Any

from liver_mre.core.result import ExamMeasurement, SliceMeasurement
from liver_mre.core.study import Instance, Selection, Series, UnitEvidence
from liver_mre.exam import Exam
from liver_mre.settings import SETTING_NAMES

UNIT = UnitEvidence(0.01, 0.0, "vendor_rule", "the rule for Siemens scanners gives 0.01 kPa a count")

WITHOUT_RULES: dict[str, Any] = {name: 0.0 for name in SETTING_NAMES if name.startswith("roi_")}
"""Settings with which every confident pixel of the liver is measured."""


def make_exam(number: int = 1, *, area_cm2: float | None = None, **found: Any) -> Exam:  # noqa: ANN401
    """Return the exam of series 10 * number, measured over an area if one is given."""
    instance = Instance("", f"1.2.{number}.1", "1.2.840.10008.5.1.4.1.1.4", f"1.2.{number}")
    series = Series(f"1.2.{number}", 10 * number, (instance,))
    selection = Selection(series, masked=True, confidence=None, magnitude=None, unit=UNIT)
    measurement = None if area_cm2 is None else measurement_over(area_cm2)
    return Exam(number, selection, measurement=measurement, **found)


def measurement_over(area_cm2: float) -> ExamMeasurement:
    """Return a measurement of 3 kPa over an area."""
    one = SliceMeasurement(0, "1.2.1.1", 3.0, 0.5, 2.9, area_cm2)
    return ExamMeasurement(3.0, 0.5, 2.9, 2.6, 3.3, area_cm2, 2 * area_cm2, (one,))
