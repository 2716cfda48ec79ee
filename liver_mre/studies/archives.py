"""Zip archives of DICOM files, as some platforms deliver a study: unpacked to temporary files, within limits."""

from __future__ import annotations

import errno
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from liver_mre.errors import InvalidInputError

if TYPE_CHECKING:
    from liver_mre.studies.scratch import Scratch

SUFFIX: Final = ".zip"
MOST_FILES: Final = 50_000
MOST_BYTES: Final = 4 * 1024**3
"""Unpacked size in one run; a study with MRE has about 0.5 GB. More is a mistake or a zip bomb."""
_PIECE: Final = 1024**2
_ENCRYPTED: Final = 0x1
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_DAMAGED: Final = "A zip archive of the input is damaged or of a kind that is not supported. Send it again."


def is_archive(path: str | Path) -> bool:
    """Tell by its content whether a file is a zip archive."""
    try:
        return zipfile.is_zipfile(path)
    except OSError:
        return False


def unpack(archives: list[str], scratch: Scratch) -> list[str]:
    """Unpack archives into the scratch folder and return the files.

    Files are named by numbers, so that no name in an archive can escape the folder. Nested archives are not unpacked.

    Raises
    ------
    InvalidInputError
        An archive is damaged or encrypted, or the archives exceed the limits or the free space.
    """
    files: list[str] = []
    left = MOST_BYTES
    try:
        folder = Path(tempfile.mkdtemp(dir=scratch.folder))
    except OSError as error:
        message = "There is no folder for temporary files to unpack the zip archives into: check TMPDIR."
        raise InvalidInputError(message) from error
    try:
        for path in archives:
            with zipfile.ZipFile(path) as archive:
                for entry in archive.infolist():
                    if entry.is_dir():
                        continue
                    _check(entry, len(files))
                    target = folder / f"{len(files):06}"
                    with archive.open(entry) as source, target.open("wb") as stream:
                        left = _copy(source, stream, left)
                    files.append(str(target))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InvalidInputError(_DAMAGED) from error
    except OSError as error:
        message = _DAMAGED
        if error.errno in _NO_ROOM:
            message = "No space is left to unpack the zip archives: give more space for temporary files (TMPDIR)."
        raise InvalidInputError(message) from error
    return files


def _check(entry: zipfile.ZipInfo, files: int) -> None:
    if entry.flag_bits & _ENCRYPTED:
        message = "A zip archive of the input is encrypted. Send it without a password."
        raise InvalidInputError(message)
    if files >= MOST_FILES:
        message = f"The zip archives of the input hold more than {MOST_FILES} files. Send fewer studies at a time."
        raise InvalidInputError(message)


def _copy(source: IO[bytes], target: IO[bytes], left: int) -> int:
    """Copy by actual size, whatever the archive states; return how many bytes are left of the limit."""
    while piece := source.read(_PIECE):
        left -= len(piece)
        if left < 0:
            message = f"The zip archives hold more than {MOST_BYTES // 1024**3} GiB. Send fewer studies at a time."
            raise InvalidInputError(message)
        target.write(piece)
    return left
