"""One study with MR elastography on its way through the steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from liver_mre.workflow.outcome import reason_of
from liver_mre.workflow.study_run import StudyRun

if TYPE_CHECKING:
    from liver_mre.method.stages import Selected
    from liver_mre.series.plan import SeriesPlan
    from liver_mre.workflow.outcome import Reason


@dataclass(frozen=True, slots=True)
class MreStudyRun(StudyRun):
    """A study whose items are acquisitions, sorted by series number.

    Attributes
    ----------
    plan : what the headers say about its series; None before they were planned
    chosen : index of the acquisition that stands for the study; None before the choice
    reported : indices of the acquisitions whose results are written, the chosen one first
    """

    items: tuple[Selected, ...] = ()
    plan: SeriesPlan | None = None
    chosen: int | None = None
    reported: tuple[int, ...] = ()

    @property
    def rejected(self) -> tuple[tuple[int, Reason], ...]:
        """Acquisitions that their headers rule out: series number and reason."""
        rejected = self.plan.rejected if self.plan else ()
        return tuple((one.series.series_number, reason_of(one.error)) for one in rejected)
