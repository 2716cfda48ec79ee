"""The audit trail: one line of the log a study and one a run, at the level "info".

A line holds nothing of the patient and no UID: a study is named by its place in `result.json`, which has its UID.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from liver_mre.results.result import RunResult, StudyResult

log = logging.getLogger(__name__)

FIELDS: Final = "fields"
"""Attribute of the log record that holds its values by name, for logs that are read by programs."""


def log_study(number: int, total: int | None, study: StudyResult) -> None:
    """Log the outcome of a study.

    Parameters
    ----------
    number : its place in `result.json`, from 1
    total : number of studies in the run; None if unknown
    """
    seconds = round(sum(study.timings_s.values()), 2)
    code = study.reason.code if study.reason else None
    fields = {
        "study": number,
        "studies": total,
        "outcome": str(study.status),
        "reason": code,
        "stiffness_reported": study.measurement is not None,
        "seconds": seconds,
    }
    log.info(
        "study %d%s: %s%s, %s, %.2f s",
        number,
        f"/{total}" if total else "",
        study.status,
        f" ({code})" if code else "",
        "stiffness reported" if study.measurement is not None else "no stiffness reported",
        seconds,
        extra={FIELDS: fields},
    )


def log_run(result: RunResult) -> None:
    """Log the outcome of a run."""
    seconds = result.timings_s.get("total")
    code = result.reason.code if result.reason else None
    fields = {
        "run": str(result.status),
        "reason": code,
        "exit_code": int(result.exit_code),
        "studies": len(result.studies),
        "version": result.version,
        "seconds": seconds,
    }
    log.info(
        "run %s%s, exit code %d, %d %s%s",
        result.status,
        f" ({code})" if code else "",
        result.exit_code,
        len(result.studies),
        "study" if len(result.studies) == 1 else "studies",
        "" if seconds is None else f", {seconds:.2f} s",
        extra={FIELDS: fields},
    )
