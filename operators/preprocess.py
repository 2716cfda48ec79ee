"""Preprocessing: what the network is given."""

from __future__ import annotations

from operators.step import StepOperator


class PreprocessOperator(StepOperator):
    """Window and resize the acquisitions to the network's input.

    Named Input, Named Output
        study: an `MreRun`
    """
