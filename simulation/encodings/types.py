"""What a scanner would write of an exam, before it is written: series and images as data.

Vendors make plans, modifiers change plans, and writers (`classic`, `enhanced`) turn a plan into files.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from simulation.types import SimulatedExam

AXIAL: Final = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


class Kind(StrEnum):
    """What a series shows; its name in other languages follows from it."""

    LOCALIZER = "localizer"
    ANATOMY = "anatomy"
    MAGNITUDE = "magnitude"
    PHASE = "phase"
    RAW = "raw"
    WAVE = "wave"
    STIFFNESS = "stiffness"
    STIFFNESS_MASKED = "stiffness_masked"
    CONFIDENCE = "confidence"
    COLOUR = "colour"
    UNRELATED = "unrelated"


class Form(StrEnum):
    """How a series is written."""

    CLASSIC = "classic"
    ENHANCED = "enhanced"
    SECONDARY_CAPTURE = "secondary_capture"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an image lies: centre of its first pixel and directions in patient coordinates (LPS), in mm."""

    position_mm: tuple[float, float, float]
    orientation: tuple[float, ...]
    pixel_spacing_mm: tuple[float, float]
    slice_thickness_mm: float


def nowhere(slice_thickness_mm: float) -> Placement:
    """Return what some scanners write into images whose geometry they do not know: origin 0, spacing 1."""
    return Placement((0.0, 0.0, 0.0), AXIAL, (1.0, 1.0), slice_thickness_mm)


@dataclass(frozen=True, slots=True)
class Rescale:
    """Modality LUT: value = slope * stored + intercept, in `unit` (RescaleType)."""

    slope: float
    intercept: float
    unit: str


@dataclass(frozen=True, slots=True)
class RealWorld:
    """Real world value mapping: value = slope * stored, in a UCUM unit."""

    slope: float
    unit: str


@dataclass(frozen=True, slots=True)
class PulseSequence:
    """Pulse sequence: names as in the attributes of the same names, times in ms, angle in degrees."""

    name: str
    scanning: tuple[str, ...]
    variant: tuple[str, ...]
    repetition_ms: float
    echo_ms: float
    flip_deg: float
    echo_train: int = 1


@dataclass(frozen=True, slots=True)
class Image:
    """One image to write.

    Attributes
    ----------
    stored : (R, C) integers, or (R, C, 3) uint8 for a colour picture
    placement : where it lies
    acquired_s : when the images from which it comes were acquired, in seconds after the start of the study
    level : slice s of the exam, None for an image across slices
    offset : phase offset, from 1
    rescale : its modality LUT
    real_world : its real world value mapping
    contour : (R, C) bool, what is drawn on it
    """

    stored: NDArray[np.integer]
    placement: Placement
    acquired_s: float = 0.0
    level: int | None = None
    offset: int | None = None
    rescale: Rescale | None = None
    real_world: RealWorld | None = None
    contour: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """One series to write: what its images share, and the images in the order of their numbers.

    Attributes
    ----------
    window : (centre, width), of rescaled values
    bits : BitsStored; stored values take 8 bits for 8, otherwise 16
    signed : PixelRepresentation
    acquisition : AcquisitionNumber; 0 for what is no elastography
    private_name : GE's internal sequence name, (0019,109C)
    comments : ImageComments, where the scanner uses them; otherwise they say that the image is simulated
    component : ComplexImageComponent
    order_matters : True if the order of the images carries meaning that nothing else tells
    """

    kind: Kind
    number: int
    description: str
    protocol: str
    image_type: tuple[str, ...]
    sequence: PulseSequence
    images: tuple[Image, ...]
    window: tuple[float, float] | None
    bits: int = 12
    signed: bool = False
    acquisition: int = 0
    private_name: str = ""
    comments: str = ""
    component: str = "MAGNITUDE"
    form: Form = Form.CLASSIC
    order_matters: bool = False


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """One study to write.

    Attributes
    ----------
    equipment : attributes that every image shares: manufacturer, model, station, field strength
    series : by number
    description : StudyDescription
    file_name : pattern with `patient`, `series` and `image`
    seed : of the exam; what modifiers draw follows from it
    shuffled_names : True if names of files say nothing about their order
    anonymised : True if somebody removed what describes the patient, the study and its series
    """

    equipment: Mapping[str, object]
    series: tuple[SeriesPlan, ...]
    description: str
    file_name: str
    seed: int
    patient_position: str = "HFS"
    shuffled_names: bool = False
    anonymised: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """One run of the elastography: an exam, the sequence ("gre" or "epi"), and its number in the study, from 1."""

    exam: SimulatedExam
    sequence: str = "gre"
    number: int = 1
