"""What a study holds, as its headers tell it: instances, series, studies, and the roles given to series."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

Vector = tuple[float, float, float]
Orientation = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class RealWorldMapping:
    """RealWorldValueMappingSequence of an instance: value = slope * stored + intercept, in a UCUM unit.

    It holds for stored values from `first_stored` to `last_stored` only.
    """

    unit: str
    slope: float
    intercept: float
    first_stored: float = -math.inf
    last_stored: float = math.inf


@dataclass(frozen=True, slots=True)
class PatientKey:
    """Who the patient is, as digests that tell patients apart without naming them; "" where the header says nothing."""

    patient_id: str = ""
    issuer: str = ""
    name: str = ""
    birth_date: str = ""

    def conflicts(self, other: PatientKey) -> bool:
        """Tell whether the two cannot be one patient.

        What one of them leaves empty says nothing. PatientID, with its issuer, decides where both have it, because
        names are often spelled in more than one way; otherwise name and birth date do.
        """
        if self.patient_id and other.patient_id:
            return self.patient_id != other.patient_id or _differ(self.issuer, other.issuer)
        return _differ(self.name, other.name) or _differ(self.birth_date, other.birth_date)


def _differ(one: str, other: str) -> bool:
    return bool(one and other) and one != other


@dataclass(frozen=True, slots=True)
class Instance:
    """Header of one image instance: what selection, units and geometry need, without its pixels.

    Attributes
    ----------
    source : where its reader finds it (a path); never logged or reported
    patient_key : tells patients apart without naming them
    position_mm, orientation : ImagePositionPatient and ImageOrientationPatient, None where absent
    pixel_spacing_mm : (row spacing, column spacing)
    rescale_slope, rescale_intercept, rescale_type : modality LUT as written, None where absent
    unusable_unit_elements : keywords of the elements about the unit that are there and cannot be used
    conflicting : True if another file with the same SOPInstanceUID has other content
    """

    source: str
    sop_instance_uid: str
    sop_class_uid: str
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
    frames: int = 1
    samples_per_pixel: int = 1
    photometric_interpretation: str = "MONOCHROME2"
    position_mm: Vector | None = None
    orientation: Orientation | None = None
    pixel_spacing_mm: tuple[float, float] | None = None
    slice_thickness_mm: float | None = None
    rescale_slope: float | None = None
    rescale_intercept: float | None = None
    rescale_type: str | None = None
    real_world: RealWorldMapping | None = None
    complex_image_component: str = ""
    unusable_unit_elements: tuple[str, ...] = ()
    conflicting: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """One series: at least one instance, in the order of their slice position (else InstanceNumber)."""

    series_instance_uid: str
    series_number: int
    instances: tuple[Instance, ...]

    @property
    def first(self) -> Instance:
        """The first instance: series-wide attributes are read from it."""
        return self.instances[0]


@dataclass(frozen=True, slots=True)
class Study:
    """One study of one patient: at least one series, by series number."""

    study_instance_uid: str
    series: tuple[Series, ...]


class Role(StrEnum):
    """What a series is, in an MRE study."""

    STIFFNESS = "stiffness"
    STIFFNESS_MASKED = "stiffness_masked"
    CONFIDENCE = "confidence"
    MAGNITUDE = "magnitude"
    PHASE = "phase"
    WAVE = "wave"
    COLOUR = "colour"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class SeriesDecision:
    """The role given to one series, whether it is used, and why, in words for a person."""

    series_instance_uid: str
    series_number: int
    description: str
    instances: int
    role: Role
    used: bool
    reason: str


@dataclass(frozen=True, slots=True)
class UnitEvidence:
    """How stored values become kPa: stiffness_kpa = stored * kpa_per_count + offset_kpa, and where that is known from.

    `source` is "real_world_mapping", "rescale_type", "vendor_rule" or "override"; `detail` says which in words.
    """

    kpa_per_count: float
    offset_kpa: float
    source: str
    detail: str


@dataclass(frozen=True, slots=True)
class Selection:
    """The series to measure and every decision that led there.

    Attributes
    ----------
    stiffness : the series whose pixels are measured and to which SEG, SR and overlay refer
    masked : True if pixels under 95 % confidence are already zero in it
    confidence : the separate confidence map, or None
    magnitude : the magnitude series of the same slices, or None
    unit : how its pixels become kPa
    decisions : one for every series of the study
    confidence_per_count : scale of the confidence map (confidence 0 to 1 = stored * scale), None without one
    """

    stiffness: Series
    masked: bool
    confidence: Series | None
    magnitude: Series | None
    unit: UnitEvidence
    decisions: tuple[SeriesDecision, ...]
    confidence_per_count: float | None = None
