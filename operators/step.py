"""The base of all operators that run steps of the method: one study in, one study out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liver_mre.workflow.runner import run_steps
from operators.sdk import Operator

if TYPE_CHECKING:
    from liver_mre.method.mre_study_run import MreStudyRun
    from liver_mre.workflow.step import Step
    from operators.context import Context
    from operators.sdk import OperatorSpec

STUDY = "study"


class StepOperator(Operator):  # type: ignore[misc]  # the SDK is untyped
    """Run consecutive steps of the method.

    Named Input
        study: an `MreStudyRun`
    Named Output
        study: the `MreStudyRun` after the steps; unchanged if it had failed or the run is to stop

    Parameters
    ----------
    steps : the entries of `liver_mre.method.steps` that belong to this operator
    context : what the operators of the graph share
    """

    def __init__(
        self, fragment: object, *args: object, steps: tuple[Step, ...], context: Context, **kwargs: object
    ) -> None:
        self.steps, self.shared = steps, context
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.input(STUDY)
        spec.output(STUDY)

    def compute(self, op_input: object, op_output: object, context: object) -> None:
        """Take one study through the steps."""
        del context
        run: MreStudyRun = op_input.receive(STUDY)  # type: ignore[attr-defined]
        shared = self.shared
        if not shared.stop.requested:
            run = run_steps(run, self.steps, shared.toolkit, staging=shared.staging, progress=shared.progress)
        op_output.emit(run, STUDY)  # type: ignore[attr-defined]
