"""A command of the application in a child of this process, which has the slow imports behind it."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SECONDS: Final = 10.0
"""Processor time after which a command counts as hanging."""
IDLE_SECONDS: Final = 60.0
"""Time in which one that waits uses no processor; a busy machine may leave it waiting for a while."""
HUNG: Final = -1
DIED: Final = 99
"""Exit code of a child in which the application did not end by itself."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code (`HUNG`, or minus the signal), and what it printed."""

    code: int
    out: str
    err: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, as it is started.

    Attributes
    ----------
    closed : standard streams that are closed when it starts
    prepare : called in the child before the command, such as to plant a bug
    """

    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    closed: Sequence[int] = ()
    prepare: Callable[[], None] | None = None


def run_forked(command: Command, folder: Path | None = None) -> Ended:
    """Run a command in a child process, in a working folder, and wait for its end."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        child = os.fork()
        if child == 0:
            _become(command, out.fileno(), err.fileno(), folder)
        code, seconds = _wait(child, started)
        return Ended(code, _text(out.fileno()), _text(err.fileno()), seconds)


def _become(command: Command, out: int, err: int, folder: Path | None) -> None:
    try:
        for descriptor, target in ((0, os.open(os.devnull, os.O_RDONLY)), (1, out), (2, err)):
            os.dup2(target, descriptor)
        for descriptor in command.closed:
            os.close(descriptor)
        for name in [name for name in os.environ if name.startswith(("LIVER_MRE_", "HOLOSCAN_", "MERCURE_"))]:
            del os.environ[name]
        os.environ.update(command.environment)
        if folder is not None:
            os.chdir(folder)
        sys.argv = ["liver-mre", *command.arguments]
        from app.cli import script

        if command.prepare is not None:
            command.prepare()
        script()
    finally:
        os._exit(DIED)


def _wait(child: int, started: float) -> tuple[int, float]:
    """Return exit code and processor time of a child; one that takes too long, or waits for ever, is killed."""
    used, changed = 0.0, started
    while True:
        ended, status, usage = os.wait4(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime
        now, before, used = time.perf_counter(), used, _used(child)
        changed = now if used > before else changed
        if used > SECONDS or now - changed > IDLE_SECONDS:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return HUNG, used
        time.sleep(0.05)


def _used(child: int) -> float:
    """Return the processor time of a child so far (proc(5): fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{child}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _text(descriptor: int) -> str:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    return os.pread(descriptor, size, 0).decode("utf-8", errors="surrogateescape")
