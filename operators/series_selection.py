"""Series selection: which series are measured, in which unit, and their pixels."""

from __future__ import annotations

from operators.step import StepOperator


class SeriesSelectionOperator(StepOperator):
    """Give every series its role, select the acquisitions and read them as kPa.

    Named Input, Named Output
        study: an `MreRun`
    """
