"""`metadata.json`: a run in a few flat values, for orchestrators that decide by them what comes next.

MONAI Deploy Workflow Manager reads a file of this name anywhere in the output of a task, and offers its values to the
conditions of the tasks that follow. It holds nothing of the patient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from liver_mre.workflow.outcome import StudyStatus

if TYPE_CHECKING:
    from liver_mre.results.result import RunResult

METADATA_FILE: Final = "metadata.json"


def metadata(result: RunResult) -> dict[str, str | int]:
    """Return status, exit code and reason of a run, and how many studies ended in which way.

    Returns
    -------
    Every value is a text or a whole number. `reason` is the code of the first reason that a run or a study of it gives,
    empty where all were measured.
    """
    reasons = [result.reason, *(study.reason for study in result.studies)]
    counts = {status.value: sum(study.status is status for study in result.studies) for status in StudyStatus}
    return {
        "application": result.application,
        "version": result.version,
        "status": result.status.value,
        "exit_code": int(result.exit_code),
        "reason": next((reason.code for reason in reasons if reason is not None), ""),
        **counts,
    }
