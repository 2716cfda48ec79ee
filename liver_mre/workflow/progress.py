"""Who is told what a run is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from liver_mre.workflow.step import Step
    from liver_mre.workflow.study_run import StudyRun


class Progress(Protocol):
    """Told what the run is doing; shows it to the user."""

    def reading(self) -> None:
        """Note that the input is being read."""

    def step(self, run: StudyRun, step: Step) -> None:
        """Note that a study enters a step."""

    def done(self, run: StudyRun) -> None:
        """Note that a study has been through all steps."""


class Silent:
    """Shows nothing."""

    def reading(self) -> None:
        """Show nothing."""

    def step(self, run: StudyRun, step: Step) -> None:
        """Show nothing."""

    def done(self, run: StudyRun) -> None:
        """Show nothing."""
