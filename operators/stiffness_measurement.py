"""Quality control and stiffness measurement, on the original pixel values."""

from __future__ import annotations

from operators.step import StepOperator


class StiffnessMeasurementOperator(StepOperator):
    """Judge every slice, then measure stiffness in kPa over the confident liver of diagnostic slices.

    Named Input, Named Output
        study: an `MreRun`
    """
