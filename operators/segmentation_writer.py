"""SEG: the predicted liver as DICOM segmentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from liver_mre.report.write import write_segmentation
from operators.writer import WriterOperator

if TYPE_CHECKING:
    from liver_mre.case import Case


class SegmentationWriterOperator(WriterOperator):
    """Write the SEG into the staging folder."""

    name_of_step: ClassVar[str] = "write_seg"

    def work(self, case: Case) -> Case:
        """Do the step."""
        return write_segmentation(case, self.staging)
