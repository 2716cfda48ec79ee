"""After a run that died without a word: clear away what it had begun, and say in `result.json` what happened.

`python -m app.after_crash CODE STARTED ARGUMENTS`: the exit code of the run (128 + signal where a signal ended it), when
it was started in seconds since 1970, and the run's own arguments. The entry point of the container calls it.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.paths import resolve_output
from liver_mre.errors import ExitCode, MreError
from liver_mre.results.publish import RESULT_FILE, STAGING_PREFIX, discard, open_staging, publish
from liver_mre.results.result import failed_run
from liver_mre.workflow.outcome import INTERRUPTED, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

BY_SIGNAL = 128
STOPPED = BY_SIGNAL + signal.SIGTERM
KILLED = BY_SIGNAL + signal.SIGKILL
OUT_OF_MEMORY = Reason(
    "killed",
    "The run was killed, most likely because its memory ran out. Give it 2 GiB, or fewer studies at a time.",
    ExitCode.INTERNAL,
)


def reason_for(code: int) -> Reason:
    """Return what is reported about a run that ended with `code`."""
    if code == STOPPED:
        return INTERRUPTED
    if code == KILLED:
        return OUT_OF_MEMORY
    message = f"The run crashed (signal {code - BY_SIGNAL}). Run again with --log-level debug and report the log."
    return Reason("crashed", message, ExitCode.INTERNAL)


def tidy_up(out: Path, code: int, started: float) -> int:
    """Remove the staging folders of the run in `out`, report its end there unless it did so itself.

    Parameters
    ----------
    out : output folder; one run at a time writes into it
    code : exit code of the run, 128 + signal where a signal ended it
    started : when it was started, in seconds since 1970

    Returns
    -------
    The exit code to end with: 1, or 6 if the output cannot be written.
    """
    for staging in out.glob(f"{STAGING_PREFIX}*"):
        if staging.stat().st_mtime >= started:
            discard(staging)
    reason = reason_for(code)
    result = failed_run(reason)
    with contextlib.suppress(OSError):
        if (out / RESULT_FILE).stat().st_mtime >= started:
            return int(ExitCode.INTERNAL)
    print(f"liver-mre: {reason.message}", file=sys.stderr)
    try:
        publish(open_staging(out), out, result)
    except MreError as error:
        print(f"liver-mre: {error}", file=sys.stderr)
        return int(error.exit_code)
    return int(ExitCode.INTERNAL)


def main(arguments: Sequence[str]) -> int:
    """Read the command line and tidy up."""
    code, started, *of_the_run = arguments
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-o", "--output", type=Path)
    options, _ = parser.parse_known_args(of_the_run)
    try:
        return tidy_up(resolve_output(options.output), int(code), float(started))
    except MreError as error:
        print(f"liver-mre: {error}", file=sys.stderr)
        return int(error.exit_code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
