"""What the writers share: the staging folder they write into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liver_mre.case import advance
from operators.step import StepOperator

if TYPE_CHECKING:
    from pathlib import Path

    from liver_mre.case import Case


class WriterOperator(StepOperator):
    """Base of the operators that write one kind of result into the staging folder."""

    def __init__(self, fragment: object, *args: object, staging: Path, **kwargs: object) -> None:
        self.staging = staging
        super().__init__(fragment, *args, **kwargs)  # type: ignore[arg-type]

    def run(self, case: Case) -> Case:
        """Write the results of every reported exam of the case."""
        return advance(case, self.name_of_step, self.work)

    def work(self, case: Case) -> Case:
        """Do the step; an expected failure is raised as `MreError`."""
        raise NotImplementedError
