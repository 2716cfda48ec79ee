"""Zip archives of DICOM files, as some platforms deliver a study: unpacked to temporary files, within limits."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path
from struct import Struct, error
from typing import IO, TYPE_CHECKING, Final

from liver_mre.errors import InvalidInputError
from liver_mre.studies.regular_file import open_regular

if TYPE_CHECKING:
    from liver_mre.studies.scratch import Scratch

SUFFIX: Final = ".zip"
MOST_FILES: Final = 50_000
MOST_BYTES: Final = 4 * 1024**3
"""Unpacked size in one run; a study with MRE has about 0.5 GB. More is a mistake or a zip bomb."""
MOST_RATIO: Final = 50
"""Ours: unpacked size of an archive over its own; studies reach 10, a zip bomb 1000."""
ALWAYS_BYTES: Final = 64 * 1024**2
"""Ours: unpacked size that is allowed at any ratio, for an archive of a few empty images."""
MOST_DIRECTORY_BYTES: Final = 16 * 1024**2
"""Ours: what an archive of `MOST_FILES` long names needs; it is read before anything in it can be counted."""
_PIECE: Final = 1024**2
_ENCRYPTED: Final = 0x1
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_END: Final = b"PK\5\6"
_LONGEST_END: Final = 22 + 0xFFFF
"""Bytes of the end of an archive, with the longest comment."""
_END_64: Final = b"PK\6\6"
_IN_64_BITS: Final = 0xFFFFFFFF
_size: Final = Struct("<12xL").unpack_from
_size_64: Final = Struct("<40xQ").unpack_from
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

    Files are named by numbers, so that no name in an archive can escape the folder. Archives in archives are not
    unpacked. Where a limit is exceeded, nothing stays in the folder.

    Raises
    ------
    InvalidInputError
        An archive is damaged, encrypted or compressed in an uncommon way, or the archives exceed the limits or the free
        space.
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
            _check_directory(path)
            with zipfile.ZipFile(path) as archive:
                allowed = max(ALWAYS_BYTES, MOST_RATIO * Path(path).stat().st_size)
                before = min(left, allowed)
                room = before
                for entry in archive.infolist():
                    if entry.is_dir():
                        continue
                    _check(entry, len(files))
                    target = folder / f"{len(files):06}"
                    with archive.open(entry) as source, target.open("wb") as stream:
                        room = _copy(source, stream, room, ratio=allowed < left)
                    files.append(str(target))
                left -= before - room
    except InvalidInputError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InvalidInputError(_DAMAGED) from error
    except OSError as error:
        message = _DAMAGED
        if error.errno in _NO_ROOM:
            message = "No space is left to unpack the zip archives: give more space for temporary files (TMPDIR)."
        raise InvalidInputError(message) from error
    return files


def _check_directory(path: str) -> None:
    """Refuse an archive whose table of contents alone would take too much memory."""
    with open_regular(path) as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - _LONGEST_END))
        tail = stream.read()
    try:
        sizes = [_size(tail, tail.rindex(_END))[0]]
        if _END_64 in tail:
            sizes.append(_size_64(tail, tail.rindex(_END_64))[0])
    except (ValueError, error) as cause:
        raise InvalidInputError(_DAMAGED) from cause
    if max(size for size in sizes if size != _IN_64_BITS or len(sizes) == 1) > MOST_DIRECTORY_BYTES:
        raise InvalidInputError(_too_many())


def _check(entry: zipfile.ZipInfo, files: int) -> None:
    if entry.flag_bits & _ENCRYPTED:
        message = "A zip archive of the input is encrypted. Send it without a password."
        raise InvalidInputError(message)
    if entry.compress_type not in _METHODS:
        message = "A zip archive of the input is compressed in an uncommon way. Send it as an ordinary zip (deflate)."
        raise InvalidInputError(message)
    if files >= MOST_FILES:
        raise InvalidInputError(_too_many())


def _too_many() -> str:
    return f"The zip archives of the input hold more than {MOST_FILES} files. Send fewer studies at a time."


def _copy(source: IO[bytes], target: IO[bytes], room: int, *, ratio: bool) -> int:
    """Copy by actual size, whatever the archive states; return how many bytes are left of the limit."""
    while piece := source.read(_PIECE):
        room -= len(piece)
        if room < 0:
            much = f"{MOST_RATIO} times its own size" if ratio else f"{MOST_BYTES // 1024**3} GiB"
            message = f"A zip archive of the input holds more than {much}. Send fewer studies at a time, as a folder."
            raise InvalidInputError(message)
        target.write(piece)
    return room
