"""How studies and runs end: status, reason, exit code, files written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from liver_mre.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from liver_mre.errors import MreError


class StudyStatus(StrEnum):
    """How one study ended."""

    MEASURED = "measured"
    NOT_EVALUABLE = "not_evaluable"
    FAILED = "failed"
    SKIPPED = "skipped"


class RunStatus(StrEnum):
    """How the whole run ended."""

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
"""Exit codes of failures, the gravest first."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a study or an acquisition was not measured: stable code, message for a person, exit code it asks for."""

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
    item : number of the acquisition that it is about
    """

    kind: str
    path: str
    sop_instance_uid: str | None
    item: int = 1


def reason_of(error: MreError) -> Reason:
    """Return the reason that an expected failure reports."""
    return Reason(error.code, str(error), int(error.exit_code))


def unexpected(error: Exception, where: str = "") -> Reason:
    """Return the reason that a bug reports: the type of the exception, never its text, which may quote the input."""
    message = f"Unexpected {type(error).__name__}{where}. Run again with --log-level debug and report the log."
    return Reason("internal_error", message, ExitCode.INTERNAL)


def run_outcome(reasons: Iterable[Reason | None], *, skipped: bool, skipped_exit_code: int) -> tuple[RunStatus, int]:
    """Return status and exit code of a run.

    Parameters
    ----------
    reasons : why studies failed; the gravest decides
    skipped : whether no study held anything to measure
    skipped_exit_code : exit code of such a run
    """
    failures = [reason.exit_code for reason in reasons if reason]
    if failures:
        return RunStatus.FAILED, next(code for code in SEVERITY if code in failures)
    if skipped:
        return RunStatus.NOTHING_TO_DO, skipped_exit_code
    return RunStatus.COMPLETED, ExitCode.DONE
