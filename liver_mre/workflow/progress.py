"""Interface through which a run reports its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from liver_mre.workflow.step import Step
    from liver_mre.workflow.study_run import StudyRun


class Progress:
    """Shows nothing; subclasses show what they override."""

    def reading(self) -> None:
        """Show that the input is being read."""

    def step(self, run: StudyRun, step: Step) -> None:
        """Show that a study enters a step."""

    def done(self, run: StudyRun) -> None:
        """Show that a study has been through all steps."""

    def kept(self, run: StudyRun) -> None:
        """Show that a study is left as an earlier run has published it."""
