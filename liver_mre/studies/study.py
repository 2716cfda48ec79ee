"""A study as its headers describe it: instances, series, study, and structured reports in the input."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Parsed = TypeVar("Parsed")

Vector = tuple[float, float, float]
Orientation = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class RealWorldMapping:
    """One item of a RealWorldValueMappingSequence: value = slope * stored + intercept, in a UCUM unit.

    Valid for stored values from `first_stored` to `last_stored`.
    """

    unit: str
    slope: float
    intercept: float
    first_stored: float = -math.inf
    last_stored: float = math.inf


@dataclass(frozen=True, slots=True)
class PatientKey:
    """Digests that tell patients apart without naming them; "" for elements that are absent."""

    patient_id: str = ""
    issuer: str = ""
    name: str = ""
    birth_date: str = ""

    def conflicts(self, other: PatientKey) -> bool:
        """Tell whether the two cannot be the same patient.

        Empty values are ignored. If both have a PatientID, it decides with its issuer, because names are often spelled
        differently and dates of birth corrected; but hospitals number their patients alike, so that another name with
        another date of birth is another patient. Without PatientID, either of them tells.
        """
        name, birth_date = _differ(self.name, other.name), _differ(self.birth_date, other.birth_date)
        if self.patient_id and other.patient_id:
            another_id = self.patient_id != other.patient_id or _differ(self.issuer, other.issuer)
            return another_id or (name and birth_date)
        return name or birth_date


def _differ(one: str, other: str) -> bool:
    return bool(one and other) and one != other


@dataclass(frozen=True, slots=True)
class PixelFault:
    """Why the pixels of an object cannot be used, as a clause; `truncated` where its file ends too early."""

    why: str
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class ConcatenationPart:
    """One of the objects in which a multi-frame object is stored.

    Attributes
    ----------
    uid : ConcatenationUID, "" where absent
    number : InConcatenationNumber, from 1; 0 where absent
    frames : number of its frames
    total : InConcatenationTotalNumber, None where absent
    offset : ConcatenationFrameOffsetNumber, the number of frames in the parts before; None where absent
    """

    uid: str
    number: int
    frames: int
    total: int | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """Header of one image: a single-frame SOP instance, or one frame of a multi-frame one.

    Attributes
    ----------
    source : path of the file; never logged or reported
    sop_class_uid : SOPClassUID, or the class in the file meta information where that is no UID; "" without either
    unusable_identifiers : keywords of identifiers that results could not carry unchanged; their values are not kept
    frame_number : frame of a multi-frame object, from 1; None for a single-frame object
    private_sequence_name : GE's internal pulse sequence name, (0019,109C)
    window : (WindowCenter, WindowWidth), the first of several, None where absent
    acquired_s : time of acquisition in seconds from midnight, None where absent
    acquired_day : number of the day of acquisition, None where absent: scanners date only some of their series
    acquisition_number : AcquisitionNumber, None where absent
    offset_number : phase offset (temporal position), from 1; None where absent
    field_of_view_mm : ReconstructionDiameter, None where absent
    loss : what shows that the pixels were compressed with loss at any time, as a clause; "" where nothing does
    pixel_fault : why the pixels cannot be used, as far as the header shows; None where it shows nothing wrong
    bits_stored : BitsStored, None where absent
    body_part : BodyPartExamined, "" where absent
    position_mm, orientation : ImagePositionPatient and ImageOrientationPatient, None where absent
    pixel_spacing_mm : (row spacing, column spacing)
    slice_thickness_mm, spacing_between_slices_mm : None where absent
    rescale_slope, rescale_intercept, rescale_type : modality LUT (or the frame's pixel value transformation) as
        written, None where absent
    real_world : every mapping of its RealWorldValueMappingSequence, in that order; empty where one is unusable
    unusable_unit_elements : keywords of elements about the unit that are present but unusable
    conflicting : True if another file with the same SOPInstanceUID has different content
    concatenation : which part of a multi-frame object its object is, None where it is a whole one
    """

    source: str
    sop_instance_uid: str
    sop_class_uid: str
    series_instance_uid: str = ""
    frame_of_reference_uid: str = ""
    patient_key: PatientKey = PatientKey()
    modality: str = ""
    manufacturer: str = ""
    image_type: tuple[str, ...] = ()
    series_description: str = ""
    protocol_name: str = ""
    sequence_name: str = ""
    private_sequence_name: str = ""
    image_comments: str = ""
    instance_number: int = 0
    rows: int = 0
    columns: int = 0
    frame_number: int | None = None
    samples_per_pixel: int = 1
    photometric_interpretation: str = "MONOCHROME2"
    position_mm: Vector | None = None
    orientation: Orientation | None = None
    pixel_spacing_mm: tuple[float, float] | None = None
    slice_thickness_mm: float | None = None
    spacing_between_slices_mm: float | None = None
    rescale_slope: float | None = None
    rescale_intercept: float | None = None
    rescale_type: str | None = None
    real_world: tuple[RealWorldMapping, ...] = ()
    complex_image_component: str = ""
    window: tuple[float, float] | None = None
    acquired_s: float | None = None
    acquired_day: int | None = None
    acquisition_number: int | None = None
    offset_number: int | None = None
    field_of_view_mm: float | None = None
    loss: str = ""
    pixel_fault: PixelFault | None = None
    bits_stored: int | None = None
    body_part: str = ""
    unusable_unit_elements: tuple[str, ...] = ()
    conflicting: bool = False
    unusable_identifiers: tuple[str, ...] = ()
    concatenation: ConcatenationPart | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """One series, or the part of one with a single role: at least one image, by slice position (else InstanceNumber).

    Series that belong together (breath-holds of one slice each, parts into which an archive split a series) are joined
    under the UID and number of the first; each image keeps its own SeriesInstanceUID. `parts` are those of a split one.
    """

    series_instance_uid: str
    series_number: int
    instances: tuple[Instance, ...]
    parts: tuple[Series, ...] = ()

    @property
    def first(self) -> Instance:
        """The first instance, for series-wide attributes."""
        return self.instances[0]


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """The structured reports of an input, shared by its studies; each is parsed once."""

    paths: tuple[str, ...] = ()
    _parsed: dict[object, tuple[object, ...]] = field(default_factory=dict, repr=False, compare=False)

    def parsed(self, parse: Callable[[str], Parsed]) -> tuple[Parsed, ...]:
        """Parse every report; cached for each function."""
        if parse not in self._parsed:
            self._parsed[parse] = tuple(map(parse, self.paths))
        return cast("tuple[Parsed, ...]", self._parsed[parse])


@dataclass(frozen=True, slots=True)
class Study:
    """One study of one patient: at least one series, by series number.

    `reports` are all structured reports in the input, which may include earlier ones of the patient;
    `shares_exam_with` is the number of other studies in the input that show the patient in the same frame of reference.
    """

    study_instance_uid: str
    series: tuple[Series, ...]
    reports: ReportFiles = field(default_factory=ReportFiles)
    shares_exam_with: int = 0
