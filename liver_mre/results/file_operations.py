"""Every file operation of publishing, as a function of its own, so that tests can stop or fail each one in turn.

Callers use `file_operations.rename(...)` and never the operating system directly. What only looks is not here.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

_HERE: Final = -100  # AT_FDCWD: paths are as they are for every other call
_EXCHANGE: Final = 2  # RENAME_EXCHANGE of Linux
CANNOT_EXCHANGE: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.EOPNOTSUPP})
"""Errors of `exchange` where the file system, or a container's system call filter, does not have it."""
_CANNOT_SYNC: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EBADF})
_ANY_USER: Final = 0o666


def make_folder(path: Path) -> None:
    """Make a folder whose parent exists; one that is there already is kept."""
    path.mkdir(exist_ok=True)


def make_folders(path: Path) -> None:
    """Make a folder and those above it."""
    path.mkdir(parents=True, exist_ok=True)


def make_private_folder(parent: Path, prefix: str) -> Path:
    """Make a folder of a new name that only this user can read."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=parent))


def write_text(path: Path, text: str) -> None:
    """Write a file."""
    path.write_text(text, encoding="utf-8")


def sync(path: Path) -> None:
    """Write a file, or the entries of a folder, to the disk, where the file system can.

    When this returns, neither a quota that is checked late nor a loss of power takes it back.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)


def rename(source: Path, target: Path) -> None:
    """Move a file or folder to a name that is not taken, in one step."""
    source.rename(target)


def replace(source: Path, target: Path) -> None:
    """Move a file to a name that may be taken, in one step."""
    source.replace(target)


def exchange(one: Path, other: Path) -> None:
    """Exchange two files or folders in one step; an `OSError` of `CANNOT_EXCHANGE` says that this system cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    renameat2 = getattr(libc, "renameat2", None)
    if renameat2 is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), ctypes.c_uint(_EXCHANGE)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(one))


def remove_file(path: Path) -> None:
    """Remove a file or link, if it is there."""
    path.unlink(missing_ok=True)


def remove_empty_folder(path: Path) -> None:
    """Remove a folder that holds nothing."""
    path.rmdir()


def remove_tree(path: Path) -> None:
    """Remove a folder with its content, if it is there. Links are removed, not followed."""
    if not path.is_dir():
        return
    with os.scandir(path) as entries:
        found = [(Path(entry.path), entry.is_dir(follow_symlinks=False)) for entry in entries]
    for inner, is_folder in found:
        if is_folder:
            remove_tree(inner)
        else:
            remove_file(inner)
    remove_empty_folder(path)


def open_lock_file(path: Path) -> int:
    """Open a file to lock, and create it if needed, for any user: whoever may write into the folder may lock it."""
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _ANY_USER)
    with suppress(OSError):
        os.fchmod(descriptor, _ANY_USER)
    return descriptor


def lock(descriptor: int) -> None:
    """Lock an open file until it is closed or this process ends, however it ends.

    Raises
    ------
    BlockingIOError
        Another process holds the lock.
    OSError
        The file system cannot lock.
    """
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
