"""List the files of an input: regular files under its root, and those in zip archives."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from liver_mre.errors import InvalidInputError, UsageError
from liver_mre.studies.archives import SUFFIX, is_archive, unpack

if TYPE_CHECKING:
    from pathlib import Path

    from liver_mre.studies.scratch import Scratch

MOST_FILES: Final = 500_000
"""Ours: files and folders under one input; 500 studies of 1,000 images. More is not one input but an archive."""


@dataclass(slots=True)
class FileList:
    """The regular files under a path, by name.

    Attributes
    ----------
    files : their paths
    unreadable : number of unreadable files and folders
    outside : number of links that lead out of the input, which are not followed
    """

    files: list[str] = field(default_factory=list)
    unreadable: int = 0
    outside: int = 0


def list_files(path: Path, scratch: Scratch | None = None) -> FileList:
    """List the regular files under a path: a folder, read recursively, or one file.

    With a scratch folder, zip archives are replaced by their files: `path` itself, or files named `*.zip` in a folder.
    Links are followed within the folder only, and every folder is read only once, so circular links end. Pipes, devices
    and sockets are skipped.

    Raises
    ------
    UsageError
        The path does not exist, cannot be read, or is neither a folder nor a regular file.
    InvalidInputError
        An archive cannot be unpacked, or the path holds more than `MOST_FILES` files and folders.
    """
    try:
        if path.is_file():
            return FileList(unpack([str(path)], scratch) if scratch and is_archive(path) else [str(path)])
        if path.is_dir():
            found = _walk(os.path.realpath(path))
            return found if scratch is None else _with_archives(found, scratch)
        exists = path.exists()
    except OSError as error:
        msg = "The input path cannot be read. Check that it is a valid path and that its permissions allow reading it."
        raise UsageError(msg) from error
    what = "is neither a folder nor a regular file" if exists else "does not exist"
    msg = f"The input path {what}. Give a folder of DICOM studies or one DICOM file."
    raise UsageError(msg)


def _with_archives(found: FileList, scratch: Scratch) -> FileList:
    archives = [file for file in found.files if file.lower().endswith(SUFFIX) and is_archive(file)]
    if archives:
        unpacked = set(archives)
        found.files = [file for file in found.files if file not in unpacked] + unpack(archives, scratch)
    return found


def _walk(top: str) -> FileList:
    found = FileList()
    seen: set[tuple[int, int]] = set()
    files: set[str] = set()
    waiting = _sort(_entries(top, seen), top, found, files)
    while waiting:
        try:
            entries = _entries(waiting.pop(), seen)
        except OSError:
            found.unreadable += 1
            continue
        waiting += _sort(entries, top, found, files)
        if len(files) + len(seen) + len(waiting) > MOST_FILES:
            message = f"The input holds more than {MOST_FILES} files and folders. Give the folder of fewer studies."
            raise InvalidInputError(message)
    found.files = sorted(files)
    return found


def _entries(folder: str, seen: set[tuple[int, int]]) -> list[str]:
    """Return the paths in a folder; none if it has been read already."""
    status = os.stat(folder)  # noqa: PTH116 - paths are texts here: half the cost, for thousands of files
    identity = (status.st_dev, status.st_ino)
    if identity in seen:
        return []
    seen.add(identity)
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]  # noqa: PTH118, PTH208 - as above


def _sort(paths: list[str], top: str, found: FileList, files: set[str]) -> list[str]:
    """Add the files to `files` and return the folders; links are replaced by what they lead to."""
    folders = []
    for path in paths:
        try:
            mode = os.lstat(path).st_mode
            target = path
            if stat.S_ISLNK(mode):
                target = os.path.realpath(path)
                if not target.startswith(os.path.join(top, "")):  # noqa: PTH118 - as above
                    found.outside += target != top
                    continue
                mode = os.stat(target).st_mode  # noqa: PTH116 - as above
        except OSError:  # a dangling link stands for a missing image
            found.unreadable += 1
            continue
        if stat.S_ISDIR(mode):
            folders.append(target)
        elif stat.S_ISREG(mode):
            files.add(target)
    return folders
