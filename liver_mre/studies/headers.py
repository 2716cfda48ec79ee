"""Turn one object's header into an `Instance` for each image; damaged or missing values become None."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from pydicom.datadict import keyword_for_tag

from liver_mre.studies.concatenation import CONCATENATION_KEYWORDS, concatenation_part
from liver_mre.studies.frames import Levels, frame_levels, is_enhanced, items_with
from liver_mre.studies.identifiers import LONGEST, sop_class_of, unusable_identifiers
from liver_mre.studies.pixel_format import FORMAT_KEYWORDS, LOSS_TAGS, MOST_FRAMES, evidence_of_loss, pixel_fault
from liver_mre.studies.private_elements import PrivateElement, private_text
from liver_mre.studies.study import Instance, Orientation, PatientKey, PixelFault, RealWorldMapping, Vector
from liver_mre.studies.values import (
    day_number,
    first_number,
    integer,
    is_filled,
    items,
    number,
    numbers,
    tag_of,
    text,
    texts,
    time_of_day_s,
)

if TYPE_CHECKING:
    from pydicom import Dataset

    from liver_mre.studies.dicom_file import Header

_GE_SEQUENCE_NAME: Final = PrivateElement(0x0019, "GEMS_ACQU_01", 0x9C, 0x10)  # internal pulse sequence name
_PATIENT_KEYWORDS: Final = ("PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate")
_DATE: Final = len("YYYYMMDD")
_MAPPINGS: Final = "RealWorldValueMappingSequence"
_LOOKUP_TABLE: Final = "ModalityLUTSequence"  # no scanner is known to write stiffness through one
_PER_FRAME: Final = "PerFrameFunctionalGroupsSequence"
_FIRST_STORED: Final = ("RealWorldValueFirstValueMapped", "DoubleFloatRealWorldValueFirstValueMapped")
_LAST_STORED: Final = ("RealWorldValueLastValueMapped", "DoubleFloatRealWorldValueLastValueMapped")
DIGEST_KEY_BYTES: Final = 32
"""Length of the secret key; without one, digests of names and birth dates could be guessed."""

_KEYWORDS: Final = (
    *dict.fromkeys((*_PATIENT_KEYWORDS, *LONGEST)),
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "SeriesNumber",
    "Modality",
    "BodyPartExamined",
    "Manufacturer",
    "ImageType",
    "SeriesDescription",
    "ProtocolName",
    "SequenceName",
    "PulseSequenceName",  # of enhanced objects
    "ComplexImageComponent",
    "ImageComments",
    "InstanceNumber",
    "AcquisitionNumber",
    "AcquisitionDateTime",
    "AcquisitionDate",
    "AcquisitionTime",
    "TemporalPositionIdentifier",
    "ReconstructionDiameter",
    "PhotometricInterpretation",
    *FORMAT_KEYWORDS,
    *CONCATENATION_KEYWORDS,
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices",
    "WindowCenter",
    "WindowWidth",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    _LOOKUP_TABLE,
    _MAPPINGS,
    "SharedFunctionalGroupsSequence",
    _PER_FRAME,
)
_ONCE: Final = frozenset(
    {*FORMAT_KEYWORDS, "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope"}
    | {"RescaleIntercept", "RescaleType", _MAPPINGS, _LOOKUP_TABLE}
)
HEADER_TAGS: Final = [*map(tag_of, _KEYWORDS), *_GE_SEQUENCE_NAME.possible_tags]
"""The elements that are read from each file."""


def to_instances(read: Header, source: str, digest_key: bytes) -> tuple[Instance, ...]:
    """Turn a header into `Instance`s: one for each frame of an enhanced MR object, one for any other object.

    Attributes of a frame come from its own functional groups, then the shared ones, then the top level. Other
    multi-frame objects (secondary captures), and enhanced ones that do not describe all their frames, give a single
    `Instance` without geometry.

    Parameters
    ----------
    read : at least the elements of `HEADER_TAGS` that the file has
    source : path of the file
    digest_key : secret key of the patient's digests
    """
    header = read.dataset
    common = replace(
        _common(header),
        source=source,
        patient_key=patient_key(header, digest_key),
        sop_class_uid=sop_class_of(header, read.storage_class),
        loss=_loss(header, read.transfer_syntax),
        pixel_fault=_doubled(read) or pixel_fault(header, read.transfer_syntax, read.pixels),
    )
    frames = integer(header, "NumberOfFrames") or 1
    if not is_enhanced(common.sop_class_uid):
        whole = _with_frame(common, Levels(header))
        return (whole if frames == 1 else _without_geometry(whole),)
    levels = frame_levels(header, frames) if frames <= MOST_FRAMES else None
    if levels is None:
        return (replace(_without_geometry(common), unusable_unit_elements=(_PER_FRAME,)),)
    common = replace(common, concatenation=concatenation_part(header, frames))
    images = [_with_frame(common, level, frame_number=n) for n, level in enumerate(levels, start=1)]
    return _numbered(tuple(images), levels)


def _doubled(read: Header) -> PixelFault | None:
    """Return the fault of a header in which an element of scale, place or pixels stands twice.

    Readers differ in which of the values they take.
    """
    name = "" if read.doubled is None else keyword_for_tag(read.doubled)
    return PixelFault(f"{name} stands in its header twice, with different values") if name in _ONCE else None


def _loss(header: Dataset, transfer_syntax: str) -> str:
    """Say what shows that pixels lost something: in the header, or in the functional groups of its frames."""
    found = evidence_of_loss(header, transfer_syntax)
    if found or not is_enhanced(text(header, "SOPClassUID")):
        return found
    return next((said for item in items_with(header, LOSS_TAGS) if (said := evidence_of_loss(item, ""))), "")


def _common(header: Dataset) -> Instance:
    """Read the attributes that all images of an object share."""
    return Instance(
        source="",
        sop_instance_uid=text(header, "SOPInstanceUID"),
        sop_class_uid="",
        series_instance_uid=text(header, "SeriesInstanceUID"),
        frame_of_reference_uid=text(header, "FrameOfReferenceUID"),
        modality=text(header, "Modality"),
        manufacturer=text(header, "Manufacturer"),
        series_description=text(header, "SeriesDescription"),
        protocol_name=text(header, "ProtocolName"),
        sequence_name=text(header, "SequenceName") or text(header, "PulseSequenceName"),
        private_sequence_name=private_text(header, _GE_SEQUENCE_NAME),
        image_comments=text(header, "ImageComments"),
        instance_number=integer(header, "InstanceNumber") or 0,
        rows=integer(header, "Rows") or 0,
        columns=integer(header, "Columns") or 0,
        samples_per_pixel=integer(header, "SamplesPerPixel") or 1,
        photometric_interpretation=text(header, "PhotometricInterpretation"),
        bits_stored=integer(header, "BitsStored"),
        body_part=text(header, "BodyPartExamined"),
        unusable_identifiers=unusable_identifiers(header),
    )


def _with_frame(common: Instance, levels: Levels, *, frame_number: int | None = None) -> Instance:
    """Add the attributes that may differ between frames."""
    at = levels.holder
    slope, intercept = _number(levels, "RescaleSlope"), _number(levels, "RescaleIntercept")
    rescale_type = _text(levels, "RescaleType") or None
    day, time_s = _acquired(levels)
    real_world = _real_world(at(_MAPPINGS))
    unit_elements = {
        "RescaleSlope": slope,
        "RescaleIntercept": intercept,
        "RescaleType": rescale_type,
        _MAPPINGS: real_world or None,
        _LOOKUP_TABLE: None,  # never usable
    }
    unusable = (tag for tag, value in unit_elements.items() if value is None and is_filled(at(tag), tag))
    return replace(
        common,
        frame_number=frame_number,
        image_type=texts(at("FrameType"), "FrameType") or texts(at("ImageType"), "ImageType"),
        image_comments=common.image_comments or _text(levels, "FrameComments"),
        position_mm=cast("Vector | None", _numbers(levels, "ImagePositionPatient", 3)),
        orientation=cast("Orientation | None", _numbers(levels, "ImageOrientationPatient", 6)),
        pixel_spacing_mm=cast("tuple[float, float] | None", _numbers(levels, "PixelSpacing", 2)),
        slice_thickness_mm=_number(levels, "SliceThickness"),
        spacing_between_slices_mm=_number(levels, "SpacingBetweenSlices"),
        rescale_slope=slope,
        rescale_intercept=intercept,
        rescale_type=rescale_type,
        real_world=real_world,
        complex_image_component=_text(levels, "ComplexImageComponent"),
        window=_window(levels),
        acquired_s=time_s,
        acquired_day=day,
        acquisition_number=_first_integer(levels, "FrameAcquisitionNumber", "AcquisitionNumber"),
        offset_number=_first_integer(levels, "TemporalPositionIndex", "TemporalPositionIdentifier"),
        field_of_view_mm=_number(levels, "ReconstructionDiameter"),
        unusable_unit_elements=tuple(unusable),
    )


def _text(levels: Levels, keyword: str) -> str:
    return text(levels.holder(keyword), keyword)


def _number(levels: Levels, keyword: str) -> float | None:
    return number(levels.holder(keyword), keyword)


def _numbers(levels: Levels, keyword: str, count: int) -> tuple[float, ...] | None:
    return numbers(levels.holder(keyword), keyword, count)


def _first_integer(levels: Levels, *keywords: str) -> int | None:
    """Return the first non-empty element as a whole number; None if there is none or it is unreadable."""
    filled = next(((holder, k) for k in keywords if is_filled(holder := levels.holder(k), k)), None)
    return None if filled is None else integer(*filled)


def _window(levels: Levels) -> tuple[float, float] | None:
    centre, width = (first_number(levels.holder(tag), tag) for tag in ("WindowCenter", "WindowWidth"))
    return None if centre is None or width is None else (centre, width)


def _acquired(levels: Levels) -> tuple[int | None, float | None]:
    """Return day and time of day of the acquisition, each None where it is not known."""
    for keyword in ("FrameAcquisitionDateTime", "AcquisitionDateTime"):
        if moment := _text(levels, keyword):
            return day_number(moment[:_DATE]), time_of_day_s(moment[_DATE:])
    return day_number(_text(levels, "AcquisitionDate")), time_of_day_s(_text(levels, "AcquisitionTime"))


def _numbered(images: tuple[Instance, ...], levels: tuple[Levels, ...]) -> tuple[Instance, ...]:
    """Set frame numbers to InStackPositionNumber if it tells them apart, otherwise by their order.

    The parts of a concatenation have one InstanceNumber, and their frames follow each other.
    """
    part = images[0].concatenation
    if len(images) == 1 and part is None:
        return images
    places = [integer(level.holder("InStackPositionNumber"), "InStackPositionNumber") for level in levels]
    if None in places or len(set(places)) < min(len(places), 2):
        before = (part.offset or 0) if part else 0
        return tuple(replace(image, instance_number=before + (image.frame_number or 0)) for image in images)
    return tuple(replace(image, instance_number=place or 0) for image, place in zip(images, places, strict=True))


def _without_geometry(instance: Instance) -> Instance:
    return replace(instance, position_mm=None, orientation=None, pixel_spacing_mm=None)


def _real_world(header: Dataset) -> tuple[RealWorldMapping, ...]:
    """Return the linear mappings, each once; none if one of them is unusable."""
    mappings = [_one_mapping(item) for item in items(header, _MAPPINGS)]
    usable = tuple(dict.fromkeys(mapping for mapping in mappings if mapping is not None))
    return usable if len(usable) == len(set(mappings)) else ()


def _one_mapping(item: Dataset) -> RealWorldMapping | None:
    slope = number(item, "RealWorldValueSlope")
    intercept = number(item, "RealWorldValueIntercept")
    first, last = _bound(item, _FIRST_STORED, -math.inf), _bound(item, _LAST_STORED, math.inf)
    codes = items(item, "MeasurementUnitsCodeSequence")
    if slope is None or intercept is None or first is None or last is None or not codes:
        return None
    scheme, unit = text(codes[0], "CodingSchemeDesignator"), text(codes[0], "CodeValue")
    name = unit if scheme == "UCUM" else f"{unit} of {scheme or 'no scheme'}"
    return RealWorldMapping(name, slope, intercept, first, last)


def _bound(item: Dataset, keywords: tuple[str, str], absent: float) -> float | None:
    """Return a bound of a mapping's range; `absent` if it is open, None if it is unreadable."""
    keyword = next((keyword for keyword in keywords if is_filled(item, keyword)), None)
    return absent if keyword is None else number(item, keyword)


def patient_key(header: Dataset, digest_key: bytes) -> PatientKey:
    """Return digests that identify the patient of a header; spelling of dates and case of letters do not count."""

    def digest(keyword: str) -> str:
        value = text(header, keyword).rstrip("^ ").casefold()
        if keyword == "PatientBirthDate":
            value = "".join(filter(str.isdecimal, value))  # 1970.02.03 is 19700203
        return hashlib.blake2b(value.encode(), key=digest_key, digest_size=32).hexdigest() if value else ""

    return PatientKey(*map(digest, _PATIENT_KEYWORDS))
