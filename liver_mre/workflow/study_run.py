"""One study on its way through the steps: what is known so far, and why it stopped if it did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from liver_mre.studies.study import Study
    from liver_mre.workflow.outcome import OutputFile, Reason


class Item(Protocol):
    """One part of a study that goes through steps of its own, such as an acquisition."""

    @property
    def series_number(self) -> int:
        """SeriesNumber by which a person finds it."""

    @property
    def failure(self) -> Reason | None:
        """Why it could not be processed; None while nothing is wrong."""

    def failed(self, reason: Reason) -> Item:
        """Return it as one that could not be processed."""


@dataclass(frozen=True, slots=True)
class StudyRun:
    """One study and what the steps have found so far.

    Failures are data: a step that fails leaves its reason here, and later steps pass the study on untouched, so that
    one bad study never stops the others.

    Attributes
    ----------
    index : place of the study in the run, from 0
    total : number of studies in the run; None where nobody knows, as for a folder that is still being filled
    study : the study, as read
    items : its parts, each at the stage that the last step left it in
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
    def refused(self) -> tuple[tuple[int, Reason], ...]:
        """Parts that never became an item: series number and reason."""
        return ()
