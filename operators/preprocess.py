"""Windowing and resizing: kPa to the network's input."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from liver_mre.steps import prepare
from operators.step import StepOperator

if TYPE_CHECKING:
    from liver_mre.case import Case


class PreprocessOperator(StepOperator):
    """Window stiffness to 0-8 kPa and resize to 512 x 512."""

    name_of_step: ClassVar[str] = "prepare"

    def work(self, case: Case) -> Case:
        """Do the step."""
        return prepare(case, self.toolkit)
