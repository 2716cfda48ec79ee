"""Staging: the fibrosis stage, and the choice of the acquisition to report."""

from __future__ import annotations

from operators.step import StepOperator


class StagingOperator(StepOperator):
    """Stage fibrosis and choose the acquisition that stands for the study."""
