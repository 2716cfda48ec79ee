"""Overlay: the picture a reader sees first, as DICOM secondary capture and PNG."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from liver_mre.report.write import write_overlay
from operators.writer import WriterOperator

if TYPE_CHECKING:
    from liver_mre.case import Case


class OverlayWriterOperator(WriterOperator):
    """Write the overlay, and its PNG if the settings ask for one, into the staging folder."""

    name_of_step: ClassVar[str] = "write_overlay"

    def work(self, case: Case) -> Case:
        """Do the step."""
        return write_overlay(case, self.staging, preview=self.toolkit.settings.preview)
