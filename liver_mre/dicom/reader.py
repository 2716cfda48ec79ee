"""From a folder of anything to studies: headers only, whatever the files are called."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydicom import config, dcmread
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    EnhancedMRImageStorage,
    MRImageStorage,
    SecondaryCaptureImageStorage,
)

from liver_mre.core.geometry import slice_distance_mm
from liver_mre.core.study import Instance, Series, Study
from liver_mre.dicom.headers import HEADER_TAGS, integer, text, to_instance
from liver_mre.errors import NoDicomError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pydicom import Dataset

_PREAMBLE: Final = 128
_MAGIC: Final = b"DICM"
_BARE_STARTS: Final = (
    b"\x02\x00",
    b"\x08\x00",
)  # group 0002 or 0008, little endian: DICOM without a preamble

# Results and references: part of a study, but no images to measure.
_IGNORED_CLASSES: Final = (
    "1.2.840.10008.1.3.10",  # DICOMDIR
    "1.2.840.10008.5.1.4.1.1.66",  # raw data, registration, segmentation
    "1.2.840.10008.5.1.4.1.1.88",  # structured report, key object selection
    "1.2.840.10008.5.1.4.1.1.11",  # presentation state
    "1.2.840.10008.5.1.4.1.1.104",  # encapsulated document
)
_IMAGE_CLASSES: Final = frozenset(
    {
        CTImageStorage,
        ComputedRadiographyImageStorage,
        EnhancedMRImageStorage,
        MRImageStorage,
        SecondaryCaptureImageStorage,
    }
)


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What was found: studies ordered by UID, and warnings that count files without naming them."""

    studies: tuple[Study, ...]
    warnings: tuple[str, ...]


class _Skip(Enum):
    """Why a file is not an instance."""

    NOT_DICOM = auto()
    NOT_AN_IMAGE = auto()
    DAMAGED = auto()


@dataclass(slots=True)
class _Found:
    """Instances by study, series and identity, while reading."""

    series: dict[tuple[str, str], dict[tuple[str, str], Instance]] = field(default_factory=dict)
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    skipped: Counter[_Skip] = field(default_factory=Counter)
    repeated: int = 0


def read_studies(path: Path, *, on_file: Callable[[int, int], None] | None = None) -> ScanResult:
    """Read the headers of every DICOM image under a path.

    Files are recognised by content, not by name. What is not DICOM, and objects that are no images to measure
    (SEG, SR, PR, KO, PDF, DICOMDIR), are passed over. An instance that occurs twice is kept once.

    Parameters
    ----------
    path : a folder, read recursively, or one file
    on_file : called with (files done, files in all) after each file

    Returns
    -------
    ScanResult
        The same for the same files, whatever their names and order. Series are ordered by number, instances
        along the slice normal, then by InstanceNumber.

    Raises
    ------
    UsageError
        The path does not exist or may not be read.
    NoDicomError
        There is no DICOM image under it.
    """
    files = _files(Path(path))
    found = _Found()
    with config.disable_value_validation(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # values that break their VR become None; they need no second word
        for done, file in enumerate(files, start=1):
            _add(found, file)
            if on_file is not None:
                on_file(done, len(files))
    if not found.series:
        damaged = found.skipped[_Skip.DAMAGED]
        raise NoDicomError(_only_damaged(damaged) if damaged else None)
    return ScanResult(_studies(found), _warnings(found))


def _files(path: Path) -> list[str]:
    if path.is_file():
        return [str(path)]
    if not path.is_dir():
        msg = "The input path does not exist. Give a folder of DICOM studies or one DICOM file."
        raise UsageError(msg)

    def unreadable(_error: OSError) -> None:
        msg = "A folder of the input may not be read. Check its permissions."
        raise UsageError(msg)

    return sorted(
        os.path.join(folder, name)  # noqa: PTH118 - half the cost of a Path, for thousands of files
        for folder, _, names in os.walk(path, onerror=unreadable)
        for name in names
    )


def _add(found: _Found, file: str) -> None:
    header = _read(file)
    if isinstance(header, _Skip):
        found.skipped[header] += 1
        return
    instance = to_instance(header, file)
    key = (text(header, "StudyInstanceUID"), text(header, "SeriesInstanceUID"))
    # The patient is part of the identity: the same UID under two names must be seen, not passed over.
    identity = (instance.sop_instance_uid, instance.patient_key)
    members = found.series.setdefault(key, {})
    if identity in members:
        found.repeated += 1
        return
    members[identity] = instance
    number = integer(header, "SeriesNumber") or 0
    found.numbers[key] = min(number, found.numbers.get(key, number))


def _read(file: str) -> Dataset | _Skip:
    """Read one header, or tell why it is none. Truncation shows as an error or as a lack of what all images have."""
    try:
        with open(file, "rb") as stream:  # noqa: PTH123 - half the cost of Path.open, for thousands of files
            head = stream.read(_PREAMBLE + len(_MAGIC))
            bare = head[_PREAMBLE:] != _MAGIC
            if bare and not head.startswith(_BARE_STARTS):
                return _Skip.NOT_DICOM
            stream.seek(0)
            header = dcmread(stream, stop_before_pixels=True, specific_tags=HEADER_TAGS, force=bare)
    except Exception:  # noqa: BLE001 - pydicom raises almost anything on damaged files; each one is counted
        return _Skip.DAMAGED
    return _judge(header, bare=bare)


def _judge(header: Dataset, *, bare: bool) -> Dataset | _Skip:
    sop_class = text(header, "SOPClassUID") or text(header.file_meta, "MediaStorageSOPClassUID")
    if bare and not sop_class:
        return _Skip.NOT_DICOM
    if sop_class.startswith(_IGNORED_CLASSES):
        return _Skip.NOT_AN_IMAGE
    complete = all(text(header, uid) for uid in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"))
    sized = "Rows" in header and "Columns" in header
    if complete and sized and "SOPClassUID" in header:
        return header
    return _Skip.DAMAGED if not complete or sop_class in _IMAGE_CLASSES else _Skip.NOT_AN_IMAGE


def _studies(found: _Found) -> tuple[Study, ...]:
    by_study: dict[str, list[Series]] = {}
    for (study_uid, series_uid), members in found.series.items():
        number = found.numbers[study_uid, series_uid]
        by_study.setdefault(study_uid, []).append(Series(series_uid, number, _ordered(members.values())))
    return tuple(
        Study(uid, tuple(sorted(series, key=lambda s: (s.series_number, s.series_instance_uid))))
        for uid, series in sorted(by_study.items())
    )


def _ordered(instances: Iterable[Instance]) -> tuple[Instance, ...]:
    def rank(instance: Instance) -> tuple[float, int, str, str]:
        distance = slice_distance_mm(instance)
        position = round(distance, 2) if distance is not None else 0.0
        return position, instance.instance_number, instance.sop_instance_uid, instance.patient_key

    return tuple(sorted(instances, key=rank))


def _warnings(found: _Found) -> tuple[str, ...]:
    messages = []
    if damaged := found.skipped[_Skip.DAMAGED]:
        messages.append(f"{_count(damaged)} damaged or cut off and left out.")
    if found.repeated:
        messages.append(f"{_count(found.repeated)} read already under another name and left out.")
    return tuple(messages)


def _only_damaged(count: int) -> str:
    return f"The input holds no readable DICOM image: {_count(count)} damaged or cut off. Send the study again."


def _count(number: int) -> str:
    return "1 file is" if number == 1 else f"{number} files are"
