"""SR: the measurements as DICOM structured report."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from liver_mre.report.write import write_report
from operators.writer import WriterOperator

if TYPE_CHECKING:
    from liver_mre.case import Case


class ReportWriterOperator(WriterOperator):
    """Write the SR into the staging folder."""

    name_of_step: ClassVar[str] = "write_sr"

    def work(self, case: Case) -> Case:
        """Do the step."""
        return write_report(case, self.staging)
