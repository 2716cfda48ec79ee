"""Staging: stiffness read against the chosen profile, and the acquisition that is reported."""

from __future__ import annotations

from operators.step import StepOperator


class StagingOperator(StepOperator):
    """Stage fibrosis and choose the acquisition that stands for the study.

    Named Input, Named Output
        study: an `MreRun`
    """
