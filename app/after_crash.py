"""Clean up after a run that was killed or crashed, and say in `result.json` what happened and what was finished.

`python -m app.after_crash CODE STARTED ARGUMENTS` is called by the entry point of the container: the exit code of the
run (128 + signal), its start in seconds since 1970, and its arguments.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.logs import complain, set_up_logging
from app.paths import resolve_output
from liver_mre.errors import ExitCode, MreError
from liver_mre.results.publish import Publication
from liver_mre.results.recovery import RESULT_FILE
from liver_mre.workflow.outcome import INTERRUPTED, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

BY_SIGNAL = 128
STOPPED = BY_SIGNAL + signal.SIGTERM
KILLED = BY_SIGNAL + signal.SIGKILL
OUT_OF_MEMORY = Reason(
    "killed",
    "The run was killed, most likely because it ran out of memory. Give it 2 GiB, or fewer studies at a time.",
    ExitCode.INTERNAL,
)


def reason_for(code: int) -> Reason:
    """Return the reason to report for a run that ended with this exit code."""
    if code == STOPPED:
        return INTERRUPTED
    if code == KILLED:
        return OUT_OF_MEMORY
    message = f"The run crashed (signal {code - BY_SIGNAL}). Run again with --log-level debug and report the log."
    return Reason("crashed", message, ExitCode.INTERNAL)


def clean_up(out: Path, code: int, started: float) -> None:
    """Complete or undo what the run began in `out`, and write `result.json` unless the run did.

    Parameters
    ----------
    out : output folder
    code : exit code of the run, 128 + signal
    started : start of the run, in seconds since 1970

    Raises
    ------
    OutputError
        If the output cannot be written, or another run is writing there by now.
    """
    reason = reason_for(code)
    with Publication(out, killed=reason) as publication:
        if not publication.recovered:
            with contextlib.suppress(OSError):
                if (out / RESULT_FILE).stat().st_mtime >= started:
                    return
            publication.fail(reason)
    complain(reason.message)


def main(arguments: Sequence[str]) -> int:
    """Read the command line and clean up; return the exit code, 1, or 6 if the output cannot be written."""
    code, started, *run_arguments = arguments
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--log-format", default="text")
    options, _ = parser.parse_known_args(run_arguments)
    set_up_logging("warning", options.log_format)
    try:
        clean_up(resolve_output(options.output), int(code), float(started))
    except MreError as error:
        complain(str(error))
        return int(error.exit_code)
    return int(ExitCode.INTERNAL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
