"""What users can put right: messages say what is wrong and what to do."""

from __future__ import annotations


class ReportedError(Exception):
    """Shown to the user as one line."""


class TrainingError(ReportedError):
    """A run cannot begin or go on."""


class PublishError(ReportedError):
    """A checkpoint cannot be published."""
