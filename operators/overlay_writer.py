"""Overlay writer: the findings as a picture, in DICOM and as PNG."""

from __future__ import annotations

from operators.step import StepOperator


class OverlayWriterOperator(StepOperator):
    """Write the overlay into the staging folder."""
