"""Series and images of a study as data, before they are written, and what was written.

Vendors make a `StudyPlan`, modifiers change it, and writers (`classic`, `enhanced`) write it as files.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from simulation.types import SimulatedExam

AXIAL: Final = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


class SeriesKind(StrEnum):
    """Content of a series."""

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
    """Form in which a series is written."""

    CLASSIC = "classic"
    ENHANCED = "enhanced"
    SECONDARY_CAPTURE = "secondary_capture"


@dataclass(frozen=True, slots=True)
class Placement:
    """Image plane: centre of the first pixel, and directions of rows and columns, in patient coordinates (LPS), mm."""

    position_mm: tuple[float, float, float]
    orientation: tuple[float, ...]
    pixel_spacing_mm: tuple[float, float]
    slice_thickness_mm: float


def unknown_placement(slice_thickness_mm: float) -> Placement:
    """Return the image plane that some scanners write where they lost the geometry: origin 0, spacing 1."""
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
    """Pulse sequence, with the values of the DICOM attributes of similar names."""

    name: str
    scanning: tuple[str, ...]
    variant: tuple[str, ...]
    repetition_ms: float
    echo_ms: float
    flip_deg: float
    echo_train: int = 1


@dataclass(frozen=True, slots=True)
class Image:
    """One image to write."""

    stored: NDArray[np.integer]  # (R, C), or (R, C, 3) uint8 for a colour picture
    placement: Placement
    acquired_s: float = 0.0  # time of acquisition, in seconds from the start of the study
    level: int | None = None  # slice of the exam, None for an image across slices
    offset: int | None = None  # phase offset, from 1
    rescale: Rescale | None = None
    real_world: RealWorld | None = None
    contour: NDArray[np.bool_] | None = None  # (R, C), drawn as overlay


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """One series to write, with its images in the order of their numbers."""

    kind: SeriesKind
    number: int
    description: str
    protocol: str
    image_type: tuple[str, ...]
    sequence: PulseSequence
    images: tuple[Image, ...]
    window: tuple[float, float] | None  # (centre, width), of rescaled values
    bits: int = 12  # BitsStored; BitsAllocated is 8 for 8, otherwise 16
    signed: bool = False  # PixelRepresentation
    acquisition: int = 0  # AcquisitionNumber; 0 for series other than elastography
    private_name: str = ""  # GE's internal sequence name, (0019,109C)
    comments: str = ""  # ImageComments, where the scanner uses them; otherwise they say that the image is simulated
    form: Form = Form.CLASSIC
    order_matters: bool = False  # whether only the order of the images distinguishes them

    @property
    def component(self) -> str:
        """ComplexImageComponent."""
        return "PHASE" if self.kind in {SeriesKind.PHASE, SeriesKind.WAVE} else "MAGNITUDE"


@dataclass(frozen=True, slots=True)
class Survey:
    """Descriptions of localizer and T2-weighted series, and their ImageType."""

    localizer: str
    anatomy: str
    image_type: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """One study to write."""

    equipment: Mapping[str, object]  # attributes of every image: manufacturer, model, station, field strength
    series: tuple[SeriesPlan, ...]  # by number
    description: str
    file_name: str  # pattern with `patient`, `series` and `image`
    exam: SimulatedExam
    patient_position: str = "HFS"
    shuffled_names: bool = False  # whether file names are in random order
    anonymised: bool = False  # whether descriptions of patient, study and series were removed


@dataclass(frozen=True, slots=True)
class Scan:
    """One acquisition: an exam, the sequence ("gre" or "epi"), and its number in the study, from 1."""

    exam: SimulatedExam
    sequence: str = "gre"
    number: int = 1


@dataclass(frozen=True, slots=True)
class WrittenSeries:
    """One written series: `files` in the order of their instance numbers, `images` the number of images or frames."""

    description: str
    number: int
    series_instance_uid: str
    files: tuple[Path, ...]
    kind: str
    images: int


@dataclass(frozen=True, slots=True)
class WrittenStudy:
    """One written study."""

    folder: Path  # of its files
    study_instance_uid: str
    series: tuple[WrittenSeries, ...]  # by number
    slice_z_mm: tuple[float, ...]  # (S,), slice 0 uppermost; a reader that sorts along the normal reverses them
