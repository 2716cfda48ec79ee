"""One instance's header as an `Instance`: damaged or missing values become None, never a guess."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag, Tag

from liver_mre.core.study import Instance, Orientation, RealWorldMapping, Vector

if TYPE_CHECKING:
    from pydicom import Dataset

_GE_SEQUENCE_NAME: Final = Tag(0x0019, 0x109C)  # GE: internal pulse sequence name
_PATIENT_KEYWORDS: Final = ("PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate")
_TEXT_VRS: Final = frozenset({"AE", "AS", "CS", "DA", "DS", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UI"})
_US_BYTES: Final = 2
_ESCAPE: Final = b"\x1b"  # starts a change of character set
SEVERAL_MAPPINGS: Final = "several units or scales"

_KEYWORDS: Final = (
    *_PATIENT_KEYWORDS,
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "Modality",
    "Manufacturer",
    "ImageType",
    "SeriesDescription",
    "ProtocolName",
    "SequenceName",
    "ComplexImageComponent",
    "ImageComments",
    "InstanceNumber",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "RealWorldValueMappingSequence",
)
_TAGS: Final = {keyword: Tag(keyword) for keyword in _KEYWORDS}  # looked up once, not for every file
HEADER_TAGS: Final = [*_TAGS.values(), _GE_SEQUENCE_NAME]
"""What is read of each file."""


def to_instance(header: Dataset, source: str) -> Instance:
    """Turn a header into an `Instance`.

    Parameters
    ----------
    header : at least the elements of `HEADER_TAGS` that the file has
    source : path of the file
    """
    return Instance(
        source=source,
        sop_instance_uid=text(header, "SOPInstanceUID"),
        sop_class_uid=text(header, "SOPClassUID"),
        patient_key=_patient_key(header),
        modality=text(header, "Modality"),
        manufacturer=text(header, "Manufacturer"),
        image_type=_texts(header, "ImageType"),
        series_description=text(header, "SeriesDescription"),
        protocol_name=text(header, "ProtocolName"),
        sequence_name=text(header, "SequenceName"),
        private_sequence_name=text(header, _GE_SEQUENCE_NAME),
        image_comments=text(header, "ImageComments"),
        instance_number=integer(header, "InstanceNumber") or 0,
        rows=integer(header, "Rows") or 0,
        columns=integer(header, "Columns") or 0,
        frames=integer(header, "NumberOfFrames") or 1,
        samples_per_pixel=integer(header, "SamplesPerPixel") or 1,
        photometric_interpretation=text(header, "PhotometricInterpretation"),
        position_mm=cast("Vector | None", _numbers(header, "ImagePositionPatient", 3)),
        orientation=cast("Orientation | None", _numbers(header, "ImageOrientationPatient", 6)),
        pixel_spacing_mm=cast("tuple[float, float] | None", _numbers(header, "PixelSpacing", 2)),
        slice_thickness_mm=_number(header, "SliceThickness"),
        rescale_slope=_number(header, "RescaleSlope"),
        rescale_intercept=_number(header, "RescaleIntercept"),
        rescale_type=text(header, "RescaleType") or None,
        real_world=_real_world(header),
        complex_image_component=text(header, "ComplexImageComponent"),
    )


def text(header: Dataset, tag: str | BaseTag) -> str:
    """Return an element's value as stripped text; "" where it is absent or unreadable."""
    value = _value(header, tag)
    if isinstance(value, bytes):  # private elements of implicit VR files have no known VR
        value = value.decode("ascii", errors="replace")
    return "" if value is None else str(value).strip(" \0")


def integer(header: Dataset, tag: str) -> int | None:
    """Return an element's value as a whole number; None where it is absent or unreadable."""
    number = _number(header, tag)
    return None if number is None else int(number)


def _value(header: Dataset, tag: str | BaseTag) -> object:
    """Return a value, text with its backslashes; None where it is absent or its VR does not allow it."""
    try:
        raw = header.get_item(_TAGS.get(tag, tag) if isinstance(tag, str) else tag)
        plain = _plain(raw) if isinstance(raw, RawDataElement) else None
        return cast("object", header[tag].value) if raw is not None and plain is None else plain
    except Exception:  # noqa: BLE001 - pydicom raises almost anything on damaged values; what is lost is None
        return None


def _plain(raw: RawDataElement) -> str | int | None:
    """Convert the simplest values without pydicom's checks, which take most of the time; None for all others."""
    if raw.value is None:
        return None
    if raw.VR == "US" and len(raw.value) == _US_BYTES:
        return int.from_bytes(raw.value, "little" if raw.is_little_endian else "big")
    if raw.VR in _TEXT_VRS and raw.value.isascii() and _ESCAPE not in raw.value:
        return raw.value.decode("ascii")
    return None


def _values(header: Dataset, tag: str) -> tuple[object, ...]:
    value = _value(header, tag)
    if isinstance(value, str):
        return tuple(part.strip(" \0") for part in value.split("\\")) if value.strip(" \0") else ()
    if isinstance(value, Sequence):
        return tuple(value)
    return () if value is None else (value,)


def _texts(header: Dataset, tag: str) -> tuple[str, ...]:
    return tuple(str(value).strip() for value in _values(header, tag))


def _number(header: Dataset, tag: str) -> float | None:
    numbers = _numbers(header, tag, 1)
    return None if numbers is None else numbers[0]


def _numbers(header: Dataset, tag: str, count: int) -> tuple[float, ...] | None:
    try:
        numbers = tuple(float(cast("float", value)) for value in _values(header, tag))
    except (ValueError, TypeError, OverflowError):
        return None
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None


def _real_world(header: Dataset) -> RealWorldMapping | None:
    """Return the linear mapping; mappings that contradict each other get a unit that nobody accepts."""
    items = cast("tuple[Dataset, ...]", _values(header, "RealWorldValueMappingSequence"))
    mappings = {mapping for mapping in map(_one_mapping, items) if mapping is not None}
    if len(mappings) > 1:
        return RealWorldMapping(SEVERAL_MAPPINGS, 1.0, 0.0)
    return mappings.pop() if mappings else None


def _one_mapping(item: Dataset) -> RealWorldMapping | None:
    slope = _number(item, "RealWorldValueSlope")
    intercept = _number(item, "RealWorldValueIntercept")
    codes = cast("tuple[Dataset, ...]", _values(item, "MeasurementUnitsCodeSequence"))
    if slope is None or intercept is None or not codes:
        return None
    scheme, unit = text(codes[0], "CodingSchemeDesignator"), text(codes[0], "CodeValue")
    return RealWorldMapping(unit if scheme == "UCUM" else f"{unit} of {scheme or 'no scheme'}", slope, intercept)


def _patient_key(header: Dataset) -> str:
    """Digest of who the patient is: equal for equal patients, and nothing can be read from it."""
    parts = (text(header, keyword).rstrip("^ ").casefold() for keyword in _PATIENT_KEYWORDS)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
