"""The loop over the steps, shared by every way to run a method: inline, in a graph of operators or in processes."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

from liver_mre.errors import ExitCode, MreError
from liver_mre.workflow.outcome import internal_error, reason_of
from liver_mre.workflow.step import ItemStep, StudyStep, Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from liver_mre.workflow.outcome import Reason
    from liver_mre.workflow.progress import Progress
    from liver_mre.workflow.step import Step
    from liver_mre.workflow.study_run import Item, StudyRun

    Run = TypeVar("Run", bound=StudyRun)

log = logging.getLogger(__name__)

# Failures that concern one item only; all others stop the whole study.
_ITEM_FAILURES = frozenset({ExitCode.NO_ELIGIBLE_SERIES, ExitCode.INVALID_INPUT})


def run_steps(
    run: Run, steps: Iterable[Step], toolkit: object, *, staging: Path | None = None, progress: Progress | None = None
) -> Run:
    """Take a study through steps, in order, and time each.

    Failures become data. A problem with the series or pixels of one item ends that item; a problem with the model, the
    device or this program ends the study, as does the failure of its last item.

    Parameters
    ----------
    run : the study; returned unchanged if it has failed already
    toolkit : what the steps share
    staging : folder that writers write into
    """
    for step in steps:
        if run.failure is not None:
            break
        if progress is not None:
            progress.step(run, step)
        run = _timed(run, step, toolkit, staging)
    return run


def join(branches: Sequence[Run]) -> Run:
    """Merge what parallel writers made of one study: outputs, warnings, timings, the first failure if any."""
    first = branches[0]
    return replace(
        first,
        outputs=tuple(dict.fromkeys(output for run in branches for output in run.outputs)),
        warnings=tuple(dict.fromkeys(words for run in branches for words in run.warnings)),
        failure=next((run.failure for run in branches if run.failure), None),
        timings_s={name: seconds for run in branches for name, seconds in run.timings_s.items()},
    )


def _timed(run: Run, step: Step, toolkit: object, staging: Path | None) -> Run:
    start = time.perf_counter()
    try:
        done = _do(run, step, toolkit, staging)
    except MreError as error:
        done = replace(run, failure=reason_of(error))
    except Exception as error:
        log.debug("step %s failed", step.name, exc_info=True)
        done = replace(run, failure=internal_error(error, f" in step '{step.name}'"))
    seconds = round(time.perf_counter() - start, 4)
    return replace(done, timings_s={**done.timings_s, step.name: seconds})


def _do(run: Run, step: Step, toolkit: object, staging: Path | None) -> Run:
    match step:
        case StudyStep():
            done: Run = step.work(run, toolkit)
        case Writer():
            done = step.work(run, toolkit, staging)
        case ItemStep():
            advanced = replace(run, items=tuple(_advance(item, step, toolkit) for item in run.items))
            done = replace(advanced, failure=_common_failure(advanced))
    return done


def _advance(item: Item, step: ItemStep, toolkit: object) -> Item:
    if type(item) is not step.takes:
        return item
    try:
        done: Item = step.work(item, toolkit)
    except MreError as error:
        if error.exit_code not in _ITEM_FAILURES:
            raise
        return item.failed(reason_of(error))
    return done


def _common_failure(run: StudyRun) -> Reason | None:
    """Return why every item failed, with the code of the most severe failure; None if one has not failed."""
    failures = [(item.series_number, item.failure) for item in run.items if item.failure]
    if len(failures) < len(run.items) or not failures:
        return None
    failures += run.rejected
    if len(failures) == 1:
        return failures[0][1]
    failures.sort(key=lambda one: one[0])
    each = " ".join(f"Series {number}: {reason.message}" for number, reason in failures)
    worst = max((reason for _, reason in failures), key=attrgetter("exit_code"))
    return replace(worst, message=f"None of the {len(failures)} acquisitions could be measured. {each}")
