"""Stiffness measurement in the liver, on the original pixel values."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from liver_mre.steps import measure_stiffness
from operators.step import StepOperator

if TYPE_CHECKING:
    from liver_mre.case import Case


class StiffnessMeasurementOperator(StepOperator):
    """Measure stiffness in kPa over the confident liver."""

    name_of_step: ClassVar[str] = "measure"

    def work(self, case: Case) -> Case:
        """Do the step."""
        return measure_stiffness(case, self.toolkit)
