"""Enhanced MR objects made in a test: all that differs by frame in functional groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRLittleEndian, generate_uid

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

DERIVED = ["DERIVED", "PRIMARY", "OTHER", "NONE"]
Groups = dict[str, dict[str, object]]


@dataclass(frozen=True)
class Frame:
    """One frame: stored values (R, C), height, and its own functional groups besides."""

    stored: NDArray[np.integer]
    z_mm: float
    groups: Groups = field(default_factory=dict)


def item(values: dict[str, object]) -> Dataset:
    """Return a data set; lists of dicts become sequences."""
    ds = Dataset()
    for keyword, value in values.items():
        is_items = isinstance(value, list) and value and isinstance(value[0], dict)
        setattr(ds, keyword, Sequence(map(item, value)) if is_items else value)
    return ds


def functional_groups(groups: Groups) -> Dataset:
    """Return an item of functional groups, each with one item."""
    return item({name: [values] for name, values in groups.items()})


SHARED: Groups = {
    "PlaneOrientationSequence": {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]},
    "PixelMeasuresSequence": {"PixelSpacing": [8.0, 8.0], "SliceThickness": 5.0},
    "MRImageFrameTypeSequence": {"FrameType": DERIVED, "ComplexImageComponent": "MAGNITUDE"},
}


def in_kpa(slope: float, intercept: float = 0.0) -> Groups:
    """Return a frame's real world value mapping in kPa."""
    code = {"CodeValue": "kPa", "CodingSchemeDesignator": "UCUM", "CodeMeaning": "kPa"}
    mapping = {
        "RealWorldValueSlope": slope,
        "RealWorldValueIntercept": intercept,
        "MeasurementUnitsCodeSequence": [code],
    }
    return {"RealWorldValueMappingSequence": mapping}


def enhanced(frames: list[Frame], *, shared: Groups | None = None, **top: object) -> Dataset:
    """Return an Enhanced MR object with a group item for every frame."""
    stored = np.stack([frame.stored for frame in frames])
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = EnhancedMRImageStorage, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.1", "1.2.1.6"
    ds.PatientID, ds.PatientName, ds.Modality = "SIM", "Simulated^Phantom", "MR"
    ds.Manufacturer, ds.SeriesNumber, ds.InstanceNumber = "SIEMENS", 6, 1
    ds.ImageType, ds.SeriesDescription, ds.PulseSequenceName = DERIVED, "greMRE_P_StiffC95", "greMR"
    ds.NumberOfFrames, ds.Rows, ds.Columns = stored.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 8 * stored.dtype.itemsize
    ds.HighBit, ds.PixelRepresentation = ds.BitsStored - 1, int(stored.dtype.kind == "i")
    ds.SharedFunctionalGroupsSequence = Sequence([functional_groups(SHARED if shared is None else shared)])
    ds.PerFrameFunctionalGroupsSequence = Sequence(
        functional_groups(
            {"PlanePositionSequence": {"ImagePositionPatient": [-160.0, -128.0, frame.z_mm]}, **frame.groups}
        )
        for frame in frames
    )
    ds.PixelData = stored.tobytes()
    for keyword, value in top.items():
        setattr(ds, keyword, value)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds


def save(ds: Dataset, path: Path) -> Path:
    """Write an object as a DICOM file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return path
