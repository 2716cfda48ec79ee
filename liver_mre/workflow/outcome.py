"""Outcome of studies and runs: status, reason, exit code, files written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from liver_mre.errors import ExitCode, MemoryShortageError
from liver_mre.studies.memory import memory_ran_out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from liver_mre.errors import MreError


class StudyStatus(StrEnum):
    """Outcome of one study."""

    MEASURED = "measured"
    NOT_EVALUABLE = "not_evaluable"
    FAILED = "failed"
    SKIPPED = "skipped"


class RunStatus(StrEnum):
    """Outcome of the whole run."""

    COMPLETED = "completed"
    NOTHING_TO_DO = "nothing_to_do"
    FAILED = "failed"


SEVERITY: Final = (
    ExitCode.INTERNAL,
    ExitCode.OUTPUT,
    ExitCode.MODEL_OR_DEVICE,
    ExitCode.INVALID_INPUT,
    ExitCode.NO_ELIGIBLE_SERIES,
    ExitCode.USAGE,
)
"""Exit codes of failures, the most severe first."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a study or an acquisition was not measured: stable code, message for the user, exit code of the run."""

    code: str
    message: str
    exit_code: int = 0


INTERRUPTED: Final = Reason("interrupted", "The run was stopped before all studies were done.", ExitCode.INTERNAL)


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file written for a study.

    Attributes
    ----------
    kind : "seg", "sr", "overlay" or "preview"
    path : relative to the output folder
    sop_instance_uid : None for a file that is not DICOM
    item : number of the acquisition that it belongs to
    """

    kind: str
    path: str
    sop_instance_uid: str | None
    item: int = 1


def reason_of(error: MreError) -> Reason:
    """Return the reason to report for an expected failure."""
    return Reason(error.code, str(error), int(error.exit_code))


def internal_error(error: Exception, where: str = "") -> Reason:
    """Return the reason to report for a bug: the type of the exception, never its text, which may quote the input.

    Memory that ran out is no bug, and is said as what it is.
    """
    if memory_ran_out(error):
        return reason_of(MemoryShortageError())
    message = f"Unexpected {type(error).__name__}{where}. Run again with --log-level debug and report the log."
    return Reason("internal_error", message, ExitCode.INTERNAL)


def run_outcome(reasons: Iterable[Reason | None], *, skipped: bool, skipped_exit_code: int) -> tuple[RunStatus, int]:
    """Return status and exit code of a run.

    Parameters
    ----------
    reasons : why studies failed; the most severe one decides
    skipped : whether no study contained anything to measure
    skipped_exit_code : exit code if so
    """
    failures = [reason.exit_code for reason in reasons if reason]
    if failures:
        return RunStatus.FAILED, next(code for code in SEVERITY if code in failures)
    if skipped:
        return RunStatus.NOTHING_TO_DO, skipped_exit_code
    return RunStatus.COMPLETED, ExitCode.DONE
