"""One run at a time in an output folder, by a lock that ends with the process that holds it."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from liver_mre.errors import OutputInUseError
from liver_mre.results import file_operations

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

LOCK_FILE: Final = ".liver-mre.lock"
CANNOT_LOCK: Final = (
    "The file system of the output folder cannot lock files. Let only one run at a time write into this folder, and "
    "remove folders .liver-mre-* that a killed run has left there."
)


class OutputLock:
    """The lock of an output folder.

    The file is empty. One that a killed run has left does not block: the operating system has released it.

    Attributes
    ----------
    held : False if the file system cannot lock; then nothing keeps another run out

    Raises
    ------
    OutputInUseError
        Another run holds the lock.
    OSError
        The folder cannot be written.
    """

    def __init__(self, out: Path) -> None:
        self._path = out / LOCK_FILE
        self._descriptor = -1
        self.held = False
        while not self._acquire():
            pass  # whoever held it has just removed the file: try again with the next

    def _acquire(self) -> bool:
        descriptor = file_operations.open_lock_file(self._path)
        try:
            file_operations.lock(descriptor)
        except BlockingIOError as error:
            os.close(descriptor)
            raise OutputInUseError from error
        except OSError:
            log.warning(CANNOT_LOCK)
        else:
            if not self._is_file(descriptor):
                os.close(descriptor)
                return False
            self.held = True
        self._descriptor = descriptor
        return True

    def _is_file(self, descriptor: int) -> bool:
        """Tell whether the locked file is still the one at this path."""
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat(follow_symlinks=False))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Remove the file, then let others lock the folder."""
        if self._descriptor < 0:
            return
        with suppress(OSError):
            if self._is_file(self._descriptor):
                file_operations.remove_file(self._path)
        os.close(self._descriptor)
        self._descriptor = -1
