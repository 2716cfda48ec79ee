"""Liver segmentation: U-Net with a ResNeXt50-32x4d encoder."""

from __future__ import annotations

from operators.step import StepOperator


class LiverSegmentationOperator(StepOperator):
    """Segment the liver on the pixel grid of the stiffness series."""
