"""Standard streams that never fail a run, and that are this program's alone.

They may be closed, full, or with nobody who reads on. Libraries in C write to descriptors 1 and 2 whatever they like:
complaints of decoders between the lines of a JSON log. So sys.stdout and sys.stderr are on descriptors of their own,
and what libraries write to 1 and 2 can be led elsewhere.
"""

from __future__ import annotations

import errno
import faulthandler
import io
import os
import select
import sys
from typing import Any, TextIO

STDOUT, STDERR = 1, 2


def keep_streams() -> None:
    """Open missing standard streams on the null device, and make writing to stdout and stderr never fail.

    A crash in a library shows on stderr where in Python it was, wherever `divert_libraries` leads descriptor 2.

    To be called before anything else is opened: the next file, perhaps a result, would otherwise become stdout.
    """
    for descriptor in (0, STDOUT, STDERR):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003  # the lowest free one: this
    sys.stdout = _text(STDOUT, sys.stdout)
    sys.stderr = _text(STDERR, sys.stderr)
    # Rich asks these how wide the terminal is.
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr  # type: ignore[misc,assignment]
    faulthandler.enable(sys.stderr.fileno())


def divert_libraries(*, heard: bool) -> None:
    """Lead what libraries write to descriptors 1 and 2 by themselves to stderr if `heard`, and nowhere otherwise.

    It is dropped rather than logged, because it may quote headers. Does nothing without `keep_streams`: the descriptors
    then belong to another program, which calls this one.
    """
    if not isinstance(_raw(sys.stderr), _Lasting):
        return
    if heard:
        os.dup2(sys.stderr.fileno(), STDOUT)
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (STDOUT, STDERR):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def flush_streams() -> str:
    """Write out what is still buffered; return the name of what went wrong on stdout, "" if nothing that matters.

    A reader who went away (`| head`) does not matter.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    raw = _raw(sys.stdout)
    number = raw.error_number if isinstance(raw, _Lasting) else 0
    return "" if number in {0, errno.EPIPE} else errno.errorcode.get(number, str(number))


class _Lasting(io.FileIO):
    """A descriptor to which writing always succeeds; `error_number` says why the first write that did not was lost."""

    error_number = 0

    def write(self, data: Any) -> int:  # noqa: ANN401  (any buffer of bytes)
        """Write as much as fits; what cannot be written counts as written."""
        try:
            while (written := super().write(data)) is None:  # a descriptor that does not block, and is full
                select.select([], [self], [])
        except OSError as error:
            self.error_number = self.error_number or error.errno or errno.EIO
            return memoryview(data).nbytes
        return written


def _raw(stream: TextIO) -> object:
    return getattr(getattr(stream, "buffer", None), "raw", None)


def _text(descriptor: int, before: TextIO | None) -> TextIO:
    """Return a text stream like the one that Python opened, on a copy of the descriptor that no other program gets."""
    raw = _Lasting(os.dup(descriptor), "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=before.encoding if before else "utf-8",
        errors="replace",  # a terminal that cannot print "≥" must not fail a run
        line_buffering=descriptor == STDERR or raw.isatty(),
        write_through=bool(getattr(before, "write_through", False)),
    )
