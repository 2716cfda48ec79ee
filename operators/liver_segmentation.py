"""Liver segmentation with the exported U-Net/ResNeXt50-32x4d."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from liver_mre.steps import segment
from operators.step import ExamOperator

if TYPE_CHECKING:
    from liver_mre.exam import Exam


class LiverSegmentationOperator(ExamOperator):
    """Predict the liver on the grid of the stiffness series."""

    name_of_step: ClassVar[str] = "segment"

    def work(self, exam: Exam) -> Exam:
        """Do the step."""
        return segment(exam, self.toolkit)
