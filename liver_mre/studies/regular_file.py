"""Files that others provide are opened only if they are regular: nothing else ends, or answers at all."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import BufferedReader
    from pathlib import Path


class NotRegularFileError(OSError):
    """A folder, device, pipe or socket stands where a file should."""


def open_regular(path: str | Path) -> BufferedReader:
    """Open a regular file, or a link to one, for reading; never blocks.

    A pipe without a writer would be waited for, and a device such as /dev/zero read for ever.

    Raises
    ------
    NotRegularFileError
        Something else stands there.
    OSError
        It cannot be opened.
    ValueError
        The path holds a zero byte.
    """
    return open(path, "rb", opener=_regular)


def _regular(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        message = "not a regular file"
        raise NotRegularFileError(message)
    return descriptor
