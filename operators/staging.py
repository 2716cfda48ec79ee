"""Staging: stiffness read against the chosen profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from liver_mre.steps import stage_fibrosis
from operators.step import StepOperator

if TYPE_CHECKING:
    from liver_mre.case import Case


class StagingOperator(StepOperator):
    """Stage fibrosis."""

    name_of_step: ClassVar[str] = "stage"

    def work(self, case: Case) -> Case:
        """Do the step."""
        return stage_fibrosis(case, self.toolkit)
