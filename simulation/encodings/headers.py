"""Attributes that all writers share: UIDs, times, patient, study and series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from simulation.encodings.types import WrittenSeries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pydicom.uid import UID

    from simulation.encodings.types import SeriesPlan, StudyPlan

SIMULATED: Final = "SIMULATED DATA, no patient. Research use only."
STUDY_DATE: Final = "20240115"
STUDY_TIME: Final = "093000"
_START_S: Final = 9 * 3600 + 30 * 60
_PRIVATE_NAME: Final = (0x0019, "GEMS_ACQU_01", 0x9C)
"""Group, private creator and element of GE's internal sequence name."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Source of a study's UIDs, which depend on these attributes alone.

    `variant` names the encoding, and `recipe` is the exam's; both are empty for the example in the documentation.
    """

    seed: int
    patient_id: str
    variant: str = ""
    recipe: str = ""

    def uid(self, *parts: object) -> str:
        """Return the UID of a part of the study."""
        chosen = [part for part in (self.variant, self.recipe) if part]
        sources = ["simulated MRE", self.patient_id, str(self.seed), *chosen, *map(str, parts)]
        return generate_uid(entropy_srcs=sources)


def clock(seconds: float) -> str:
    """Return the DICOM time (TM) of a moment, in seconds from the start of the study."""
    minutes, rest = divmod(_START_S + seconds, 60.0)
    return f"{int(minutes) // 60 % 24:02d}{int(minutes) % 60:02d}{rest:09.6f}"


def content_time(series_number: int, image_number: int) -> str:
    """Return the content time of an image: one minute per series, 0.2 s per image."""
    return clock(60.0 * (series_number % 600) + 0.2 * image_number)


def patient_and_study(plan: StudyPlan, identity: Identity) -> Dataset:
    """Return the attributes of patient, study, frame of reference and equipment."""
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
    ds.StudyDescription = f"SIMULATED {plan.description}".strip()
    ds.AccessionNumber = f"SIM{identity.seed:06d}"
    ds.ReferringPhysicianName = ""
    ds.InstitutionName = "SIMULATED"
    ds.FrameOfReferenceUID = identity.uid("frame of reference")
    ds.PositionReferenceIndicator = ""
    ds.PatientPosition = plan.patient_position
    if any(not series.description.isascii() for series in plan.series):
        ds.SpecificCharacterSet = "ISO_IR 192"
    if plan.anonymised:
        _anonymise(ds)
    for keyword, value in plan.equipment.items():
        setattr(ds, keyword, value)
    return ds


def _anonymise(ds: Dataset) -> None:
    ds.PatientIdentityRemoved = "YES"
    ds.DeidentificationMethod = "SIMULATED: descriptions and private elements removed"
    for keyword in ("PatientComments", "PatientAge", "PatientWeight", "InstitutionName", "StudyDescription"):
        delattr(ds, keyword)
    for keyword in ("PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID"):
        setattr(ds, keyword, "")


def describe_series(ds: Dataset, series: SeriesPlan, identity: Identity) -> None:
    """Set the attributes that all images of a series share, in any form."""
    ds.Modality = "MR"
    ds.SeriesInstanceUID = identity.uid("series", series.number)
    ds.SeriesNumber = series.number
    if series.description:
        ds.SeriesDescription = series.description
    if series.protocol:
        ds.ProtocolName = series.protocol
    ds.SeriesDate = ds.ContentDate = STUDY_DATE
    ds.SeriesTime = content_time(series.number, 0)
    ds.ImageType = list(series.image_type)
    ds.ImageComments = series.comments or SIMULATED
    if series.comments:
        ds.SyntheticData = "YES"  # in place of the comments, which this scanner uses
    if series.private_name:
        group, creator, element = _PRIVATE_NAME
        ds.private_block(group, creator, create=True).add_new(element, "LO", series.private_name)


def written_series(series: SeriesPlan, series_instance_uid: str, files: Sequence[Path]) -> WrittenSeries:
    """Return the record of a series just written."""
    return WrittenSeries(
        series.description, series.number, series_instance_uid, tuple(files), series.kind, len(series.images)
    )


def save(ds: Dataset, path: Path, sop_class_uid: UID) -> None:
    """Write a DICOM file in Explicit VR Little Endian."""
    ds.SOPClassUID = sop_class_uid
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = sop_class_uid
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(path, enforce_file_format=True)
