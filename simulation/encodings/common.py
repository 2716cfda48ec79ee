"""What every scanner's encoding shares: patient, study and geometry of a simulated exam as DICOM, and file writing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from simulation.types import SimulatedExam

SIMULATED: Final = "SIMULATED DATA, no patient. Research use only."
AXIAL: Final = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL: Final = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL: Final = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
STUDY_DATE: Final = "20240115"
STUDY_TIME: Final = "093000"
MAX_12_BIT: Final = 4095
MIDDLE_12_BIT: Final = 2048


@dataclass(frozen=True, slots=True)
class WrittenSeries:
    """One series as written: `files` in the order of their instance numbers."""

    description: str
    number: int
    series_instance_uid: str
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class WrittenStudy:
    """One study as written.

    Attributes
    ----------
    folder : where its files are
    series : every series, by number
    slice_z_mm : z of the centre of slice s of the exam, towards the head; a reader that orders slices along their
        normal finds the exam's slices in reverse, because slice 0 is the uppermost
    """

    folder: Path
    study_instance_uid: str
    series: tuple[WrittenSeries, ...]
    slice_z_mm: tuple[float, ...]


class StudyWriter(Protocol):
    """An encoding: writes a simulated exam as one scanner would."""

    def __call__(self, exam: SimulatedExam, out: Path, *, patient_id: str = "SIM-0001") -> WrittenStudy:
        """Write the exam into the folder `out`, which is created."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an image lies: centre of its first pixel and directions in patient coordinates (LPS), in mm."""

    position_mm: tuple[float, float, float]
    orientation: tuple[float, ...]
    pixel_spacing_mm: tuple[float, float]
    slice_thickness_mm: float


@dataclass(frozen=True, slots=True)
class Identity:
    """Names and UIDs of a study, the same for the same seed and patient ID."""

    seed: int
    patient_id: str

    def uid(self, *parts: object) -> str:
        """Return the UID of a part of the study."""
        return generate_uid(entropy_srcs=["simulated MRE", self.patient_id, str(self.seed), *map(str, parts)])


def slice_z_mm(exam: SimulatedExam) -> tuple[float, ...]:
    """Return z of every slice: slice 0 is the uppermost, and the stack is centred at 0."""
    count = exam.stiffness_kpa.shape[0]
    return tuple(round(exam.slice_spacing_mm * ((count - 1) / 2 - s), 4) for s in range(count))


def axial_placement(exam: SimulatedExam, z_mm: float, *, stride: int = 1) -> Placement:
    """Return where an axial slice lies; `stride` is the step over pixels of a coarser image."""
    rows, columns = exam.stiffness_kpa.shape[1:]
    row_mm, column_mm = exam.pixel_spacing_mm
    corner = (-(columns - 1) / 2 * column_mm, -(rows - 1) / 2 * row_mm, z_mm)
    return Placement(corner, AXIAL, (row_mm * stride, column_mm * stride), exam.slice_thickness_mm)


def patient_and_study(identity: Identity, *, description: str) -> Dataset:
    """Return the patient, study, frame of reference and equipment attributes that every instance carries."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.PatientName = "Simulated^Phantom"
    ds.PatientID = identity.patient_id
    ds.PatientBirthDate = "19640115"
    ds.PatientSex = "O"
    ds.PatientAge = "060Y"
    ds.PatientWeight = "75"
    ds.PatientComments = SIMULATED
    ds.StudyInstanceUID = identity.uid("study")
    ds.StudyID = str(identity.seed)
    ds.StudyDate = STUDY_DATE
    ds.StudyTime = STUDY_TIME
    ds.StudyDescription = f"SIMULATED {description}"
    ds.AccessionNumber = f"SIM{identity.seed:06d}"
    ds.ReferringPhysicianName = ""
    ds.InstitutionName = "SIMULATED"
    ds.FrameOfReferenceUID = identity.uid("frame of reference")
    ds.PositionReferenceIndicator = ""
    ds.PatientPosition = "HFS"
    return ds


def place(ds: Dataset, placement: Placement) -> None:
    """Set the image plane attributes."""
    ds.ImagePositionPatient = [round(value, 6) for value in placement.position_mm]
    ds.ImageOrientationPatient = list(placement.orientation)
    ds.PixelSpacing = [round(value, 6) for value in placement.pixel_spacing_mm]
    ds.SliceThickness = round(placement.slice_thickness_mm, 6)


def scaled(image: NDArray[np.float32]) -> tuple[NDArray[np.uint16], float]:
    """Return stored values in the lower half of 12 bits, where scanners leave them, and their peak."""
    peak = float(image.max()) or 1.0
    return counts(image / peak * MIDDLE_12_BIT, MAX_12_BIT), float(MIDDLE_12_BIT)


def counts(values: NDArray[np.floating], largest: int) -> NDArray[np.uint16]:
    """Round to stored values, and clip them to 0 to `largest`."""
    stored: NDArray[np.uint16] = np.clip(np.rint(values), 0, largest).astype(np.uint16)
    return stored


def set_pixels(ds: Dataset, stored: NDArray[np.uint16], *, bits: int) -> None:
    """Set the image pixel attributes for unsigned values of `bits` bits, (R, C)."""
    ds.Rows, ds.Columns = stored.shape
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated = 16
    ds.BitsStored = bits
    ds.HighBit = bits - 1
    ds.PixelRepresentation = 0
    ds.SmallestImagePixelValue = int(stored.min())
    ds.LargestImagePixelValue = int(stored.max())
    ds.PixelData = np.ascontiguousarray(stored, dtype="<u2").tobytes()


def save(ds: Dataset, path: Path) -> None:
    """Write an MR image as a DICOM file, Explicit VR Little Endian."""
    ds.SOPClassUID = MRImageStorage
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = MRImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(path, enforce_file_format=True)
