"""A temporary folder, created when first needed. What killed processes left of theirs is removed by the next one."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

PREFIX: Final = "liver-mre-scratch-"
_OURS: Final = re.compile(PREFIX + r"\w{8}")
"""Names that `tempfile` gives: a folder that somebody else calls by a name like ours is not touched."""


_CANNOT_LOCK: Final = -1


class Scratch:
    """A temporary folder; removed at the end of the program if not before.

    It is locked as long as it is used, and the lock ends with the process. So a folder without a lock belongs to a
    process that was killed; it may hold images of patients, and is removed when the next scratch folder is thought of.
    """

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._lock = _CANNOT_LOCK
        remove_abandoned()

    @property
    def folder(self) -> Path:
        """The folder. Raises `OSError` if it cannot be created."""
        while self._folder is None:
            folder = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
            try:
                self._lock = _lock(folder.name)
                self._folder = folder
            except (BlockingIOError, FileNotFoundError):  # another process took it for abandoned before it was locked
                folder.cleanup()
        return Path(self._folder.name)

    def __enter__(self) -> Self:
        """Use the folder for a while."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the folder."""
        self.remove()

    def remove(self) -> None:
        """Remove the folder and its contents."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        if self._lock != _CANNOT_LOCK:
            os.close(self._lock)
            self._lock = _CANNOT_LOCK


def remove_abandoned() -> None:
    """Remove this user's scratch folders whose processes have ended without doing so."""
    with suppress(OSError):
        for folder in Path(tempfile.gettempdir()).iterdir():
            if _OURS.fullmatch(folder.name):
                _remove_if_abandoned(folder)


def _remove_if_abandoned(folder: Path) -> None:
    with suppress(OSError):
        if folder.stat(follow_symlinks=False).st_uid != os.geteuid():
            return
        lock = _lock(str(folder))
        if lock != _CANNOT_LOCK:
            try:
                shutil.rmtree(folder)
            finally:
                os.close(lock)


def _lock(folder: str) -> int:
    """Lock a folder and return the descriptor that holds the lock, or `_CANNOT_LOCK` if the file system has no locks.

    Raises
    ------
    BlockingIOError, FileNotFoundError
        Another process holds the lock, or has removed the folder.
    OSError
        It is no folder, or cannot be opened.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(descriptor), os.stat(folder)):  # noqa: PTH116 - as the path came
            raise BlockingIOError  # noqa: TRY301 - the folder of this name is another one by now
    except (BlockingIOError, FileNotFoundError):
        os.close(descriptor)
        raise
    except OSError:
        os.close(descriptor)
        return _CANNOT_LOCK
    return descriptor
