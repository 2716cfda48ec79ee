"""`metadata.json`: the outcome of a run in a few flat values, for orchestrators.

MONAI Deploy Workflow Manager reads a file of this name in the output of a task, and the conditions of later tasks can
use its values. It holds no patient data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from liver_mre.workflow.outcome import StudyStatus

if TYPE_CHECKING:
    from liver_mre.results.result import RunResult

METADATA_FILE: Final = "metadata.json"


def metadata(result: RunResult) -> dict[str, str | int]:
    """Return status, exit code and reason of a run, and the number of studies by status.

    `reason` is the code of the first reason that the run or one of its studies gives, "" if all were measured.
    """
    reasons = [result.reason, *(study.reason for study in result.studies)]
    statuses = [*(study.status for study in result.studies), *(study.status for study in result.kept)]
    counts = {status.value: statuses.count(status) for status in StudyStatus}
    return {
        "application": result.application,
        "version": result.version,
        "status": result.status.value,
        "exit_code": int(result.exit_code),
        "reason": next((reason.code for reason in reasons if reason is not None), ""),
        **counts,
    }
