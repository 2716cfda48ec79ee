"""Quality control and stiffness measurement, on the original pixel values."""

from __future__ import annotations

from operators.step import StepOperator


class StiffnessMeasurementOperator(StepOperator):
    """Judge every slice, then measure stiffness in kPa in the confident liver of the diagnostic slices."""
