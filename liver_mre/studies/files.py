"""List the files of an input, and open DICOM files with or without a preamble."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pydicom import dcmread
from pydicom.errors import InvalidDicomError
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from liver_mre.errors import UsageError
from liver_mre.studies.archives import SUFFIX, is_archive, unpack

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pydicom import FileDataset
    from pydicom.tag import BaseTag

    from liver_mre.studies.scratch import Scratch

_PREAMBLE: Final = 128
_MAGIC: Final = b"DICM"
# Group 0002 or 0008, little endian: DICOM without a preamble.
_BARE_STARTS: Final = (b"\x02\x00", b"\x08\x00")


@dataclass(slots=True)
class FileList:
    """The regular files under a path, by name, and the number of unreadable files and folders."""

    files: list[str] = field(default_factory=list)
    unreadable: int = 0


def open_dicom(path: str | Path, *, stop_before_pixels: bool, tags: Sequence[BaseTag] | None = None) -> FileDataset:
    """Read a DICOM file, with or without a preamble and file meta information.

    Parameters
    ----------
    path : the file
    stop_before_pixels : omit the pixels
    tags : the elements to read; by default all

    Returns
    -------
    FileDataset
        `preamble` is None if the file has none. A missing transfer syntax is set to the little endian one, implicit or
        explicit, in which the elements are encoded.

    Raises
    ------
    InvalidDicomError
        The file is not DICOM.
    EOFError
        The file is empty.
    OSError
        The file cannot be read; `errno` says why. Damaged content can raise almost anything else.
    """
    with open(path, "rb") as stream:  # noqa: PTH123 - half the cost of Path.open, for thousands of files
        head = stream.read(_PREAMBLE + len(_MAGIC))
        if not head:
            msg = "the file is empty"
            raise EOFError(msg)
        bare = head[_PREAMBLE:] != _MAGIC
        if bare and not head.startswith(_BARE_STARTS):
            msg = "the file is not DICOM"
            raise InvalidDicomError(msg)
        stream.seek(0)
        wanted = None if tags is None else list(tags)
        dataset = dcmread(stream, stop_before_pixels=stop_before_pixels, specific_tags=wanted, force=bare)
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, _ = dataset.original_encoding
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    return dataset


def list_files(path: Path, scratch: Scratch | None = None) -> FileList:
    """List the regular files under a path: a folder, read recursively, or one file.

    With a scratch folder, zip archives are replaced by their files: `path` itself, or files named `*.zip` in a folder.
    Links to folders are followed, but every folder is read only once, so circular links end. Pipes, devices and sockets
    are skipped, because reading them could block.

    Raises
    ------
    UsageError
        The path does not exist or cannot be read.
    InvalidInputError
        An archive cannot be unpacked.
    """
    try:
        if path.is_file():
            return FileList(unpack([str(path)], scratch) if scratch and is_archive(path) else [str(path)])
        if path.is_dir():
            found = _walk(str(path))
            return found if scratch is None else _with_archives(found, scratch)
    except OSError as error:
        msg = "The input path cannot be read. Check that it is a valid path and that its permissions allow reading it."
        raise UsageError(msg) from error
    msg = "The input path does not exist. Give a folder of DICOM studies or one DICOM file."
    raise UsageError(msg)


def _with_archives(found: FileList, scratch: Scratch) -> FileList:
    archives = [file for file in found.files if file.lower().endswith(SUFFIX) and is_archive(file)]
    if archives:
        found.files = [file for file in found.files if file not in archives] + unpack(archives, scratch)
    return found


def _walk(top: str) -> FileList:
    found = FileList()
    seen: set[tuple[int, int]] = set()
    waiting = _sort(_entries(top, seen), found)
    while waiting:
        try:
            entries = _entries(waiting.pop(), seen)
        except OSError:
            found.unreadable += 1
            continue
        waiting += _sort(entries, found)
    found.files.sort()
    return found


def _entries(folder: str, seen: set[tuple[int, int]]) -> list[str]:
    """Return the paths in a folder; none if it has been read already."""
    status = os.stat(folder)  # noqa: PTH116 - paths are texts here: half the cost, for thousands of files
    identity = (status.st_dev, status.st_ino)
    if identity in seen:
        return []
    seen.add(identity)
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]  # noqa: PTH118, PTH208 - as above


def _sort(paths: list[str], found: FileList) -> list[str]:
    """Add the files to `found` and return the folders."""
    folders = []
    for path in paths:
        try:
            mode = os.stat(path).st_mode  # noqa: PTH116 - as above
        except OSError:  # a dangling link stands for a missing image
            found.unreadable += 1
            continue
        if stat.S_ISDIR(mode):
            folders.append(path)
        elif stat.S_ISREG(mode):
            found.files.append(path)
    return folders
