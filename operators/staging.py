"""Staging: stiffness read against the chosen profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from liver_mre.measuring import stage_fibrosis
from operators.step import ExamOperator

if TYPE_CHECKING:
    from liver_mre.exam import Exam


class StagingOperator(ExamOperator):
    """Stage fibrosis."""

    name_of_step: ClassVar[str] = "stage"

    def work(self, exam: Exam) -> Exam:
        """Do the step."""
        return stage_fibrosis(exam, self.toolkit)
