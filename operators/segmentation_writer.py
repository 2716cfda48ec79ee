"""SEG writer: the predicted liver and the measured region as DICOM segmentation."""

from __future__ import annotations

from operators.step import StepOperator


class SegmentationWriterOperator(StepOperator):
    """Write the SEG into the staging folder."""
