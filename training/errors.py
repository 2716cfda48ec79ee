"""Errors that the user can put right: messages say what is wrong and what to do."""

from __future__ import annotations


class ReportedError(Exception):
    """Printed as one line, without a traceback."""


class CohortError(ReportedError):
    """A cohort file or folder cannot be used."""


class TrainingError(ReportedError):
    """A run cannot start or continue."""


class PublishError(ReportedError):
    """A model cannot be published."""
