"""One study on its way through the steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from liver_mre.studies.study import Study
    from liver_mre.workflow.outcome import OutputFile, Reason


class Item(Protocol):
    """A part of a study that goes through the steps by itself, such as an acquisition."""

    @property
    def series_number(self) -> int:
        """SeriesNumber of the series that stands for it."""

    @property
    def failure(self) -> Reason | None:
        """Why it could not be processed; None if it has not failed."""

    def failed(self, reason: Reason) -> Item:
        """Return it as one that could not be processed."""


@dataclass(frozen=True, slots=True)
class StudyRun:
    """One study and what the steps have found so far.

    Failures are data: a step that fails records its reason here and later steps skip the study, so one bad study never
    stops the others.

    Attributes
    ----------
    index : position of the study in the run, from 0
    total : number of studies in the run; None if unknown, as for a folder that is still being filled
    study : the study, as read
    items : its parts, each at the stage that the steps so far have brought it to
    outputs : files written for it
    failure : why processing of the whole study stopped
    """

    index: int
    total: int | None
    study: Study
    items: tuple[Item, ...] = ()
    outputs: tuple[OutputFile, ...] = ()
    failure: Reason | None = None
    warnings: tuple[str, ...] = ()
    timings_s: dict[str, float] = field(default_factory=dict)

    @property
    def rejected(self) -> tuple[tuple[int, Reason], ...]:
        """Parts that were rejected before they became items: series number and reason."""
        return ()
