"""Stiffness measurement in the liver, on the original pixel values."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from liver_mre.pipeline import measure_exams
from operators.step import StepOperator

if TYPE_CHECKING:
    from liver_mre.case import Case


class StiffnessMeasurementOperator(StepOperator):
    """Measure stiffness in kPa over the confident liver."""

    name_of_step: ClassVar[str] = "measure"

    def run(self, case: Case) -> Case:
        """Advance every exam of the case, then choose which are reported."""
        return measure_exams(case, self.toolkit)
