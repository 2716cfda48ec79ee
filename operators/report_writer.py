"""SR writer: the measurements as DICOM structured report."""

from __future__ import annotations

from operators.step import StepOperator


class ReportWriterOperator(StepOperator):
    """Write the SR into the staging folder."""
