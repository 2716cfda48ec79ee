"""Series selection: which series is measured, in which unit, and its pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from liver_mre.pipeline import find_series
from operators.step import StepOperator

if TYPE_CHECKING:
    from liver_mre.case import Case


class SeriesSelectionOperator(StepOperator):
    """Give every series its role, choose the stiffness series and read it as kPa."""

    name_of_step: ClassVar[str] = "select"

    def run(self, case: Case) -> Case:
        """Advance the case by its three steps, so that the roles are known even if none is chosen."""
        return find_series(case, self.toolkit)
