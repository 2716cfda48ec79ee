"""Preprocessing: the input of the segmentation network."""

from __future__ import annotations

from operators.step import StepOperator


class PreprocessOperator(StepOperator):
    """Crop, window and resize the images for the network."""
