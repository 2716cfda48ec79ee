"""Windowing and resizing: kPa to the network's input."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from liver_mre.steps import prepare
from operators.step import ExamOperator

if TYPE_CHECKING:
    from liver_mre.exam import Exam


class PreprocessOperator(ExamOperator):
    """Window stiffness to 0-8 kPa and resize to 512 x 512."""

    name_of_step: ClassVar[str] = "prepare"

    def work(self, exam: Exam) -> Exam:
        """Do the step."""
        return prepare(exam, self.toolkit)
