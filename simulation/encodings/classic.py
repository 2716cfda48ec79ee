"""Writes series as classic DICOM, one file per image: MR Image Storage, or Secondary Capture for colour pictures."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage, SecondaryCaptureImageStorage

from simulation.encodings.headers import STUDY_DATE, clock, content_time, describe_series, save, written_series
from simulation.encodings.types import AXIAL, Form

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from simulation.encodings.headers import Identity
    from simulation.encodings.types import Image, Placement, RealWorld, SeriesPlan, WrittenSeries

BYTE: Final = 8
UNIT_MEANINGS: Final = {"kPa": "kilopascal", "Pa": "pascal", "1": "no units", "%": "percent"}


def write_series(series: SeriesPlan, common: Dataset, identity: Identity, files: Sequence[Path]) -> WrittenSeries:
    """Write a series, one image to each of `files`; `common` holds the attributes of every instance of the study."""
    shared = copy.deepcopy(common)
    describe_series(shared, series, identity)
    colour = series.form is Form.SECONDARY_CAPTURE
    if colour:
        _screenshot(shared)
    else:
        _sequence(shared, series)
    if series.window is not None:
        shared.WindowCenter, shared.WindowWidth = series.window
    phases = max((image.offset or 0 for image in series.images), default=0)
    for number, (image, path) in enumerate(zip(series.images, files, strict=True), start=1):
        ds = copy.copy(shared)
        ds.SOPInstanceUID = identity.uid("image", series.number, number)
        _number(ds, series, image, number)
        if image.offset is not None and not colour:
            ds.TemporalPositionIdentifier = image.offset
            ds.NumberOfTemporalPositions = phases
        _place(ds, image.placement)
        set_pixels(ds, image.stored, bits=series.bits, signed=series.signed, colour=colour)
        _scale(ds, series, image)
        if image.contour is not None:
            _draw(ds, image.contour)
        save(ds, path, SecondaryCaptureImageStorage if colour else MRImageStorage)
    return written_series(series, str(shared.SeriesInstanceUID), files)


def _sequence(ds: Dataset, series: SeriesPlan) -> None:
    sequence = series.sequence
    ds.MRAcquisitionType = "2D"
    ds.NumberOfAverages = 1
    ds.EchoNumbers = 1
    ds.ImagedNucleus = "1H"
    ds.ImagingFrequency = 63.6
    ds.BodyPartExamined = "ABDOMEN"
    ds.ScanningSequence = list(sequence.scanning)
    ds.SequenceVariant = list(sequence.variant)
    ds.ScanOptions = ""
    if sequence.name:
        ds.SequenceName = sequence.name
    ds.RepetitionTime = sequence.repetition_ms
    ds.EchoTime = sequence.echo_ms
    ds.FlipAngle = sequence.flip_deg
    ds.EchoTrainLength = sequence.echo_train


def _screenshot(ds: Dataset) -> None:
    ds.ConversionType = "WSD"
    ds.BurnedInAnnotation = "YES"
    ds.Laterality = ds.PatientOrientation = ""
    ds.pop("MagneticFieldStrength", None)


def _number(ds: Dataset, series: SeriesPlan, image: Image, number: int) -> None:
    ds.InstanceNumber = number
    ds.AcquisitionDate = STUDY_DATE
    ds.AcquisitionNumber = max(series.acquisition, 1)
    ds.AcquisitionTime = clock(image.acquired_s)
    ds.ContentTime = content_time(series.number, number)


def _place(ds: Dataset, placement: Placement) -> None:
    """Set the image plane attributes."""
    ds.ImagePositionPatient = [round(value, 6) for value in placement.position_mm]
    ds.ImageOrientationPatient = [round(value, 8) for value in placement.orientation]
    ds.PixelSpacing = [round(value, 6) for value in placement.pixel_spacing_mm]
    ds.SliceThickness = round(placement.slice_thickness_mm, 6)
    if placement.orientation == AXIAL:
        ds.SliceLocation = round(placement.position_mm[2], 6)


def set_pixels(
    ds: Dataset, stored: NDArray[np.integer], *, bits: int, signed: bool = False, colour: bool = False
) -> None:
    """Set the image pixel attributes for one image (R, C), several (N, R, C), or a colour picture (R, C, 3).

    `bits` is BitsStored; BitsAllocated is 8 for 8, otherwise 16.
    """
    ds.Rows, ds.Columns = stored.shape[:2] if colour else stored.shape[-2:]
    ds.SamplesPerPixel = 3 if colour else 1
    ds.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        ds.PlanarConfiguration = 0
    ds.BitsStored = bits
    ds.BitsAllocated = BYTE if bits <= BYTE else 2 * BYTE
    ds.HighBit = bits - 1
    ds.PixelRepresentation = int(signed)
    if not colour:
        vr = "SS" if signed else "US"
        ds.add_new("SmallestImagePixelValue", vr, int(stored.min()))
        ds.add_new("LargestImagePixelValue", vr, int(stored.max()))
    kind = "i" if signed else "u"
    data = np.ascontiguousarray(stored, dtype=f"<{kind}{ds.BitsAllocated // BYTE}").tobytes()
    ds.add_new("PixelData", "OB" if ds.BitsAllocated == BYTE else "OW", data + b"\0" * (len(data) % 2))


def _scale(ds: Dataset, series: SeriesPlan, image: Image) -> None:
    if image.rescale is not None:
        ds.RescaleSlope = image.rescale.slope
        ds.RescaleIntercept = image.rescale.intercept
        ds.RescaleType = image.rescale.unit
    if image.real_world is not None:
        ds.RealWorldValueMappingSequence = [real_world_item(image.real_world, image.stored, signed=series.signed)]


def real_world_item(mapping: RealWorld, stored: NDArray[np.integer], *, signed: bool) -> Dataset:
    """Return an item of RealWorldValueMappingSequence whose range covers all values of the image."""
    unit = Dataset()
    unit.CodeValue = mapping.unit
    unit.CodingSchemeDesignator = "UCUM"
    unit.CodeMeaning = UNIT_MEANINGS[mapping.unit]
    item = Dataset()
    vr = "SS" if signed else "US"
    item.add_new("RealWorldValueFirstValueMapped", vr, int(min(0, stored.min())))
    item.add_new("RealWorldValueLastValueMapped", vr, int(max(1, stored.max())))
    item.RealWorldValueSlope = mapping.slope
    item.RealWorldValueIntercept = 0.0
    item.LUTExplanation = "SIMULATED"
    item.LUTLabel = mapping.unit
    item.MeasurementUnitsCodeSequence = [unit]
    return item


def _draw(ds: Dataset, contour: NDArray[np.bool_]) -> None:
    """Add a line (R, C) to the image as overlay group 6000."""
    rows, columns = contour.shape
    bits = np.packbits(contour.ravel(), bitorder="little").tobytes()
    for element, vr, value in (
        (0x0010, "US", rows),
        (0x0011, "US", columns),
        (0x0022, "LO", "SIMULATED liver contour"),
        (0x0040, "CS", "G"),
        (0x0050, "SS", [1, 1]),
        (0x0100, "US", 1),
        (0x0102, "US", 0),
        (0x1500, "LO", "Liver"),
        (0x3000, "OW", bits + b"\0" * (len(bits) % 2)),
    ):
        ds.add_new((0x6000, element), vr, value)
