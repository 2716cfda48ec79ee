"""One study on its way through the steps: what is known so far, and why it stopped if it did.

Expected failures are data: a step that fails leaves its reason in the case, and the later steps pass the
case on untouched, so that one bad study never stops the others.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from liver_mre.core.result import Reason, StudyResult, StudyStatus
from liver_mre.errors import ExitCode, MreError, NoEligibleSeriesError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from liver_mre.core.result import ExamMeasurement, OutputFile, Staging
    from liver_mre.core.study import Selection, SeriesDecision, Study
    from liver_mre.core.volume import LiverMask, ModelIdentity, StiffnessVolume

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Case:
    """One study and what the steps have found so far; each field is set by the step that owns it.

    Attributes
    ----------
    index, total : which study of how many, from 0
    study : None only in a case that carries a failure of the whole input
    decisions : role and reason of every series
    network_input : (S, 1, 512, 512) float32 in [0, 1]
    not_evaluable : why a completely processed study has no stiffness
    failure : why processing stopped
    input_warnings : about the whole input; only the first case of a run carries them
    """

    index: int
    total: int
    study: Study | None
    decisions: tuple[SeriesDecision, ...] = ()
    selection: Selection | None = None
    volume: StiffnessVolume | None = None
    network_input: NDArray[np.float32] | None = None
    mask: LiverMask | None = None
    model: ModelIdentity | None = None
    measurement: ExamMeasurement | None = None
    staging: Staging | None = None
    not_evaluable: Reason | None = None
    failure: Reason | None = None
    outputs: tuple[OutputFile, ...] = ()
    warnings: tuple[str, ...] = ()
    input_warnings: tuple[str, ...] = ()
    timings_s: dict[str, float] = field(default_factory=dict)


def advance(case: Case, step: str, work: Callable[[Case], Case]) -> Case:
    """Do one step of a case: time it, and turn what goes wrong into the case's failure.

    Parameters
    ----------
    case : returned as it is when it has failed before
    step : the step's name, as it appears in `timings_s`
    work : the step
    """
    if case.failure is not None:
        return case
    start = time.perf_counter()
    try:
        done = work(case)
    except MreError as error:
        done = replace(case, failure=reason_of(error))
    except Exception as error:
        log.debug("step %s failed", step, exc_info=True)
        done = replace(case, failure=unexpected(error, f" in step '{step}'"))
    seconds = round(time.perf_counter() - start, 4)
    return replace(done, timings_s={**done.timings_s, step: seconds})


def reason_of(error: MreError) -> Reason:
    """Return the reason that an expected failure reports."""
    return Reason(error.code, str(error), int(error.exit_code))


def unexpected(error: Exception, where: str = "") -> Reason:
    """Return the reason that a bug reports: its kind and never its text, which may quote the input."""
    message = f"Unexpected {type(error).__name__}{where}. Run again with --log-level debug and report the log."
    return Reason("internal_error", message, ExitCode.INTERNAL)


def join(cases: Sequence[Case]) -> Case:
    """Join the branches of one case again: outputs, warnings and timings of all, the first failure if any.

    Parameters
    ----------
    cases : the same case after different steps that each only added outputs
    """
    first = cases[0]
    return replace(
        first,
        outputs=tuple(dict.fromkeys(o for c in cases for o in c.outputs)),
        warnings=tuple(dict.fromkeys(w for c in cases for w in c.warnings)),
        failure=next((c.failure for c in cases if c.failure), None),
        timings_s={step: seconds for c in cases for step, seconds in c.timings_s.items()},
    )


def released(case: Case) -> Case:
    """Return the case without its arrays, so that a run over many studies needs the memory of a few."""
    return replace(case, volume=None, network_input=None, mask=None)


def study_result(case: Case) -> StudyResult:
    """Return what is reported about a case that has been through all steps.

    Raises
    ------
    ValueError
        If the case belongs to no study.
    """
    if case.study is None:
        message = "a case without a study has no study result"
        raise ValueError(message)
    reported = case.failure is None
    return StudyResult(
        study_instance_uid=case.study.study_instance_uid,
        status=_status(case),
        reason=case.failure or case.not_evaluable,
        input_series=case.decisions,
        unit=case.selection.unit if case.selection and reported else None,
        measurement=case.measurement if reported else None,
        staging=case.staging if reported else None,
        outputs=case.outputs if reported else (),
        warnings=case.warnings,
        timings_s=case.timings_s,
    )


def _status(case: Case) -> StudyStatus:
    if case.failure is not None:
        without_mre = case.failure.code == NoEligibleSeriesError.code
        return StudyStatus.SKIPPED if without_mre else StudyStatus.FAILED
    return StudyStatus.NOT_EVALUABLE if case.not_evaluable else StudyStatus.MEASURED
