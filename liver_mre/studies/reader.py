"""Read the studies of a folder: headers only, files recognised by content."""

from __future__ import annotations

import hashlib
import os
import secrets
import warnings
from collections import Counter
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydicom import config
from pydicom.errors import InvalidDicomError
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    EnhancedMRImageStorage,
    MRImageStorage,
    SecondaryCaptureImageStorage,
)

from liver_mre.errors import NoDicomError
from liver_mre.studies.dicom_file import CompressedFileError, Header
from liver_mre.studies.dicom_stream import LimitError
from liver_mre.studies.files import list_files
from liver_mre.studies.geometry import in_slice_order
from liver_mre.studies.header_scan import read_header
from liver_mre.studies.headers import DIGEST_KEY_BYTES, to_instances
from liver_mre.studies.identifiers import is_uid, sop_class_of
from liver_mre.studies.regular_file import open_regular
from liver_mre.studies.shared_exam import with_shared_exams
from liver_mre.studies.study import Instance, ReportFiles, Series, Study
from liver_mre.studies.values import integer, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydicom import Dataset

    from liver_mre.studies.scratch import Scratch

_IDENTITY: Final = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")

# Results and references: part of a study, but not images to measure.
_IGNORED_CLASSES: Final = (
    "1.2.840.10008.1.3.10",  # DICOMDIR
    "1.2.840.10008.5.1.4.1.1.66",  # raw data, registration, segmentation
    "1.2.840.10008.5.1.4.1.1.11",  # presentation state
    "1.2.840.10008.5.1.4.1.1.104",  # encapsulated document
)
_REPORTS: Final = "1.2.840.10008.5.1.4.1.1.88"  # structured report, key object selection
_IMAGE_CLASSES: Final = frozenset(
    {
        CTImageStorage,
        ComputedRadiographyImageStorage,
        EnhancedMRImageStorage,
        MRImageStorage,
        SecondaryCaptureImageStorage,
    }
)


MOST_COMPARED_BYTES: Final = 1024**3
"""Ours: size of files that are compared as copies of one image; a larger one is taken for different."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Studies ordered by UID, and warnings that count files without naming them."""

    studies: tuple[Study, ...]
    warnings: tuple[str, ...]


class _Skip(Enum):
    """Why a file is skipped."""

    NOT_DICOM = auto()
    NOT_AN_IMAGE = auto()
    REPORT = auto()
    DAMAGED = auto()
    UNREADABLE = auto()
    OUTSIDE = auto()
    COMPRESSED = auto()
    TOO_LARGE = auto()


@dataclass(slots=True)
class _Found:
    """Images read so far, by (study, series), SOPInstanceUID and file; files of one UID differ in content."""

    digest_key: bytes
    series: dict[tuple[str, str], dict[str, list[tuple[Instance, ...]]]] = field(default_factory=dict)
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    skipped: Counter[_Skip] = field(default_factory=Counter)
    digests: dict[str, bytes] = field(default_factory=dict)
    repeated: int = 0
    reports: list[str] = field(default_factory=list)


def read_studies(
    path: Path,
    *,
    scratch: Scratch | None = None,
    digest_key: bytes | None = None,
    on_file: Callable[[int, int], None] | None = None,
) -> ScanResult:
    """Read the headers of every DICOM image under a path.

    Files are recognised by content, not by name. Other files, and objects without images to measure (SEG, SR, PR, KO,
    PDF, DICOMDIR), are skipped; the paths of SR are kept. Identical copies of an instance are read once; files with one
    SOPInstanceUID and different content are all kept and marked as conflicting.

    Parameters
    ----------
    path : a folder, read recursively, or one file
    scratch : where zip archives are unpacked; without it they are skipped
    digest_key : secret key of the patients' digests; by default a random one
    on_file : called with (files done, files in total) after each file

    Returns
    -------
    ScanResult
        Independent of file names and order; one image for each frame of an enhanced MR object. Series are ordered by
        number, images along the slice normal, then by InstanceNumber.

    Raises
    ------
    UsageError
        The path does not exist or cannot be read.
    NoDicomError
        The path holds no DICOM image.
    """
    listed = list_files(Path(path), scratch)
    files = listed.files
    found = _Found(digest_key or secrets.token_bytes(DIGEST_KEY_BYTES))
    found.skipped.update({_Skip.UNREADABLE: listed.unreadable, _Skip.OUTSIDE: listed.outside})
    with config.disable_value_validation(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # values that violate their VR become None anyway
        for done, file in enumerate(files, start=1):
            _add(found, file)
            if on_file is not None:
                on_file(done, len(files))
    if not found.series:
        raise NoDicomError(_nothing_readable(found))
    return ScanResult(_studies(found), _warnings(found))


def _add(found: _Found, file: str) -> None:
    read = _read(file, found.digest_key)
    if isinstance(read, _Skip):
        found.skipped[read] += 1
        if read is _Skip.REPORT:
            found.reports.append(file)
        return
    header, images = read
    key = (text(header, "StudyInstanceUID"), text(header, "SeriesInstanceUID"))
    same = found.series.setdefault(key, {}).setdefault(images[0].sop_instance_uid, [])
    if same and any(_digest(found, kept[0].source) == _digest(found, file) for kept in same):
        found.repeated += 1
        return
    same.append(images)
    number = integer(header, "SeriesNumber") or 0
    found.numbers[key] = min(number, found.numbers.get(key, number))


def _digest(found: _Found, file: str) -> bytes:
    """Return the digest of a file's bytes; computed only for files with the same SOPInstanceUID."""
    if file not in found.digests:
        found.digests[file] = file.encode(errors="surrogateescape")  # equal to no other file
        try:
            with open_regular(file) as stream:
                if os.fstat(stream.fileno()).st_size <= MOST_COMPARED_BYTES:
                    found.digests[file] = hashlib.file_digest(stream, "sha256").digest()
        except OSError:  # deleted since its header was read
            pass
    return found.digests[file]


def _read(file: str, digest_key: bytes) -> tuple[Dataset, tuple[Instance, ...]] | _Skip:
    """Read the header and the images of one file, or say why it is skipped."""
    try:
        header = read_header(file)
        skip = _check(header)
        return skip or (header.dataset, to_instances(header, file, digest_key))
    except CompressedFileError:
        return _Skip.COMPRESSED
    except InvalidDicomError:
        return _Skip.NOT_DICOM
    except (LimitError, RecursionError):
        return _Skip.TOO_LARGE
    except OSError as error:  # pydicom raises it too, without a number, on damaged sequences
        return _Skip.UNREADABLE if error.errno else _Skip.DAMAGED
    except Exception:  # noqa: BLE001 - pydicom raises almost anything on damaged files; each one is counted
        return _Skip.DAMAGED


def _check(read: Header) -> _Skip | None:
    header = read.dataset
    sop_class = sop_class_of(header, read.storage_class)
    if read.bare and not text(header, "SOPClassUID") and not read.storage_class:
        return _Skip.NOT_DICOM
    if sop_class.startswith(_REPORTS):
        return _Skip.REPORT
    if sop_class.startswith(_IGNORED_CLASSES):
        return _Skip.NOT_AN_IMAGE
    complete = all(is_uid(text(header, uid)) for uid in _IDENTITY)
    sized = "Rows" in header and "Columns" in header
    if complete and sized and (sop_class or "SOPClassUID" in header):
        return None
    return _Skip.DAMAGED if not complete or sop_class in _IMAGE_CLASSES else _Skip.NOT_AN_IMAGE


def _studies(found: _Found) -> tuple[Study, ...]:
    by_study: dict[str, list[Series]] = {}
    for (study_uid, series_uid), members in found.series.items():
        number = found.numbers[study_uid, series_uid]
        by_study.setdefault(study_uid, []).append(Series(series_uid, number, in_slice_order(_instances(members))))
    reports = ReportFiles(tuple(sorted(found.reports)))
    return with_shared_exams(
        Study(uid, tuple(sorted(series, key=lambda s: (s.series_number, s.series_instance_uid))), reports)
        for uid, series in sorted(by_study.items())
    )


def _instances(members: dict[str, list[tuple[Instance, ...]]]) -> Iterator[Instance]:
    for same in members.values():
        images = chain.from_iterable(same)
        yield from (replace(image, conflicting=True) for image in images) if len(same) > 1 else images


def _warnings(found: _Found) -> tuple[str, ...]:
    messages = [f"{lost}, and left out." for lost in _lost(found)]
    if found.repeated:
        messages.append(f"{_count(found.repeated)} read already under another name and left out.")
    return tuple(messages)


def _nothing_readable(found: _Found) -> str | None:
    lost = _lost(found)
    if not lost:
        return None
    return (
        f"The input holds no readable DICOM image: {'; '.join(lost)}. Check the permissions, or send the study again."
    )


def _lost(found: _Found) -> list[str]:
    """Count the unreadable files, which may have been images of a study."""
    lost = []
    if damaged := found.skipped[_Skip.DAMAGED]:
        lost.append(f"{_count(damaged)} damaged, cut off or without valid UIDs")
    if unreadable := found.skipped[_Skip.UNREADABLE]:
        count = "1 file or folder is" if unreadable == 1 else f"{unreadable} files or folders are"
        lost.append(f"{count} unreadable (no permission, or a link that leads nowhere)")
    if outside := found.skipped[_Skip.OUTSIDE]:
        links = "1 link leads" if outside == 1 else f"{outside} links lead"
        lost.append(f"{links} out of the input folder and cannot be followed")
    if compressed := found.skipped[_Skip.COMPRESSED]:
        lost.append(f"{_count(compressed)} compressed as a whole or in an archive within an archive; unpack them first")
    if large := found.skipped[_Skip.TOO_LARGE]:
        lost.append(f"{_count(large)} beyond the limits of an image (size, number or nesting of header elements)")
    return lost


def _count(number: int) -> str:
    return "1 file is" if number == 1 else f"{number} files are"
