"""What every operator in the middle of the graph shares: one case in, one step, one case out."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from liver_mre.case import advance_exams
from operators.sdk import Operator

if TYPE_CHECKING:
    from liver_mre.case import Case
    from liver_mre.exam import Exam
    from liver_mre.steps import Toolkit
    from operators.sdk import OperatorSpec
    from operators.stop import Stop

CASE = "case"


class Progress(Protocol):
    """Told what the graph is doing; shows it to the user."""

    def scan(self) -> None:
        """Note that the input is being read."""

    def done(self, case: Case) -> None:
        """Note that `case` has been through all steps."""

    def step(self, case: Case, name: str) -> None:
        """Note that `case` enters the step called `name`."""


class StepOperator(Operator):  # type: ignore[misc]  # the SDK is untyped
    """Base of the operators in the middle of the graph.

    Named Input
        case: a `Case`
    Named Output
        case: the `Case` after the step, or untouched if it had failed before
    """

    name_of_step: ClassVar[str]

    def __init__(
        self, fragment: object, *args: object, toolkit: Toolkit, progress: Progress, stop: Stop, **kwargs: object
    ) -> None:
        self.toolkit = toolkit
        self.progress = progress
        self.stop_asked = stop
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.input(CASE)
        spec.output(CASE)

    def compute(self, op_input: object, op_output: object, context: object) -> None:
        """Receive a case, do the step, emit the case."""
        del context
        case: Case = op_input.receive(CASE)  # type: ignore[attr-defined]
        if not self.stop_asked.asked:
            if case.failure is None:
                self.progress.step(case, self.name_of_step)
            case = self.run(case)
        op_output.emit(case, CASE)  # type: ignore[attr-defined]

    def run(self, case: Case) -> Case:
        """Advance the case by this operator's step."""
        raise NotImplementedError


class ExamOperator(StepOperator):
    """Base of the operators that do one step of every exam of a case."""

    def run(self, case: Case) -> Case:
        """Advance every exam by this operator's step."""
        return advance_exams(case, self.name_of_step, self.work)

    def work(self, exam: Exam) -> Exam:
        """Do the step; an expected failure is raised as `MreError`."""
        raise NotImplementedError
