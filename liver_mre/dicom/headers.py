"""One instance's header as an `Instance`: damaged or missing values become None, never a guess."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag, Tag

from liver_mre.core.study import Instance, Orientation, PatientKey, RealWorldMapping, Vector

if TYPE_CHECKING:
    from pydicom import Dataset

_GE_SEQUENCE_NAME: Final = Tag(0x0019, 0x109C)  # GE: internal pulse sequence name
_PATIENT_KEYWORDS: Final = ("PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate")
_TEXT_VRS: Final = frozenset({"AE", "AS", "CS", "DA", "DS", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UI"})
_US_BYTES: Final = 2
_ESCAPE: Final = b"\x1b"  # starts a change of character set
SEVERAL_MAPPINGS: Final = "several units or scales"
_FIRST_STORED: Final = ("RealWorldValueFirstValueMapped", "DoubleFloatRealWorldValueFirstValueMapped")
_LAST_STORED: Final = ("RealWorldValueLastValueMapped", "DoubleFloatRealWorldValueLastValueMapped")
# Digests of birth dates could be guessed; with a key that ends with the process they cannot.
_DIGEST_KEY: Final = secrets.token_bytes(32)

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
    "PixelRepresentation",  # the type of the range of a real world value mapping depends on it
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
    units: dict[str, float | str | RealWorldMapping | None] = {
        "RescaleSlope": (slope := _number(header, "RescaleSlope")),
        "RescaleIntercept": (intercept := _number(header, "RescaleIntercept")),
        "RescaleType": (rescale_type := text(header, "RescaleType") or None),
        "RealWorldValueMappingSequence": (real_world := _real_world(header)),
    }
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
        rescale_slope=slope,
        rescale_intercept=intercept,
        rescale_type=rescale_type,
        real_world=real_world,
        complex_image_component=text(header, "ComplexImageComponent"),
        unusable_unit_elements=tuple(tag for tag, value in units.items() if value is None and _is_filled(header, tag)),
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


def _is_filled(header: Dataset, tag: str) -> bool:
    """Tell whether an element is there and not empty, readable or not."""
    element = header.get_item(_TAGS.get(tag) or Tag(tag))
    if element is None:
        return False
    value = element.value
    return bool(value.strip(b" ")) if isinstance(value, bytes) else value is not None and bool(str(value).strip())


def _real_world(header: Dataset) -> RealWorldMapping | None:
    """Return the linear mapping, None if there is none or one cannot be used.

    Mappings that contradict each other get a unit that nobody accepts.
    """
    items = cast("tuple[Dataset, ...]", _values(header, "RealWorldValueMappingSequence"))
    mappings = {_one_mapping(item) for item in items}
    if not mappings or None in mappings:
        return None
    return RealWorldMapping(SEVERAL_MAPPINGS, 1.0, 0.0) if len(mappings) > 1 else mappings.pop()


def _one_mapping(item: Dataset) -> RealWorldMapping | None:
    slope = _number(item, "RealWorldValueSlope")
    intercept = _number(item, "RealWorldValueIntercept")
    first, last = _bound(item, _FIRST_STORED, -math.inf), _bound(item, _LAST_STORED, math.inf)
    codes = cast("tuple[Dataset, ...]", _values(item, "MeasurementUnitsCodeSequence"))
    if slope is None or intercept is None or first is None or last is None or not codes:
        return None
    scheme, unit = text(codes[0], "CodingSchemeDesignator"), text(codes[0], "CodeValue")
    name = unit if scheme == "UCUM" else f"{unit} of {scheme or 'no scheme'}"
    return RealWorldMapping(name, slope, intercept, first, last)


def _bound(item: Dataset, keywords: tuple[str, str], absent: float) -> float | None:
    """Return an end of a mapping's range; `absent` where it is open, None where it cannot be read."""
    keyword = next((keyword for keyword in keywords if _is_filled(item, keyword)), None)
    return absent if keyword is None else _number(item, keyword)


def _patient_key(header: Dataset) -> PatientKey:
    return PatientKey(*(_digest(text(header, keyword).rstrip("^ ").casefold()) for keyword in _PATIENT_KEYWORDS))


def _digest(value: str) -> str:
    return hashlib.blake2b(value.encode(), key=_DIGEST_KEY, digest_size=32).hexdigest() if value else ""
