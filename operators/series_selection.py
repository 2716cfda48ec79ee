"""Series selection: which series are measured, in which unit, and their pixels."""

from __future__ import annotations

from operators.step import StepOperator


class SeriesSelectionOperator(StepOperator):
    """Classify every series, select the acquisitions and read their pixels as kPa."""
