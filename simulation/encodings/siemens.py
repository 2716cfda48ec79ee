"""A simulated exam as a Siemens 1.5 T scanner (Aera, software VE) writes a 2-D GRE MR elastography.

Names, sequence and image types follow the public facts about such series: SequenceName with `greMR`, suffixes `__Mag`,
`_P`, `_P_Wave`, `_P_Stiff`, `_P_StiffC95`, ImageType `M`, `P` and `WV`, 0.01 kPa a count under a window of 400/800.
TR, TE and flip angle are those of Su, Shih, Xu, JMIR Med Inform 2025;13:e80351. Patient, study and every image say that
they are simulated.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.encodings.common import (
    AXIAL,
    CORONAL,
    MAX_12_BIT,
    MIDDLE_12_BIT,
    SAGITTAL,
    SIMULATED,
    STUDY_DATE,
    Identity,
    Placement,
    WrittenSeries,
    WrittenStudy,
    axial_placement,
    counts,
    patient_and_study,
    place,
    save,
    scaled,
    set_pixels,
    slice_z_mm,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom import Dataset

    from simulation.types import SimulatedExam

PROTOCOL: Final = "greMRE_tra_p2_bh_128"
KPA_PER_COUNT: Final = 0.01
CONFIDENCE_THRESHOLD: Final = 0.95
MAX_16_BIT: Final = 65535
MRE_SEQUENCE: Final[dict[str, object]] = {
    "ScanningSequence": "GR",
    "SequenceVariant": "SP",
    "ScanOptions": "",
    "SequenceName": "greMR",
    "RepetitionTime": 50.0,
    "EchoTime": 22.7,
    "FlipAngle": 25.0,
    "EchoTrainLength": 1,
}
T2_SEQUENCE: Final[dict[str, object]] = {
    "ScanningSequence": "SE",
    "SequenceVariant": ["SK", "SP", "OSP"],
    "ScanOptions": "",
    "SequenceName": "*h2d1_128",
    "RepetitionTime": 1000.0,
    "EchoTime": 90.0,
    "FlipAngle": 150.0,
    "EchoTrainLength": 128,
}
LOCALIZER_SEQUENCE: Final[dict[str, object]] = {
    "ScanningSequence": "GR",
    "SequenceVariant": "SP",
    "ScanOptions": "",
    "SequenceName": "*fl2d1",
    "RepetitionTime": 7.0,
    "EchoTime": 3.0,
    "FlipAngle": 20.0,
    "EchoTrainLength": 1,
}
LOCALIZER_STRIDE: Final = 2


@dataclass(frozen=True, slots=True)
class _Image:
    """One image to write: stored values (R, C) and where they lie; `offset` is the phase offset, from 1."""

    stored: NDArray[np.uint16]
    placement: Placement
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class _Series:
    """One series to write: what its images share, and the images in the order of their numbers."""

    number: int
    description: str
    protocol: str
    image_type: tuple[str, ...]
    sequence: dict[str, object]
    images: tuple[_Image, ...]
    window: tuple[float, float]
    bits: int = 12
    rescale: dict[str, object] = field(default_factory=dict)


def write_study(exam: SimulatedExam, out: Path, *, patient_id: str = "SIM-0001") -> WrittenStudy:
    """Write a simulated exam as a Siemens study of classic MR images, one file an image.

    The series are a localizer, T2-weighted anatomy, magnitude, phase, wave, stiffness and stiffness masked at 95 %
    confidence. InstanceNumber runs from the feet to the head for odd seeds and from the head to the feet for even ones.

    Parameters
    ----------
    exam : what to write
    out : folder for the study's files, created where needed
    patient_id : the simulated patient's ID, also the start of every file name

    Returns
    -------
    WrittenStudy
        UIDs and files; the same for the same exam and patient ID.
    """
    out.mkdir(parents=True, exist_ok=True)
    identity = Identity(exam.seed, patient_id)
    common = _scanner(patient_and_study(identity, description="liver MR elastography"))
    written = tuple(_write_series(series, common, identity, out) for series in _all_series(exam))
    return WrittenStudy(out, str(common.StudyInstanceUID), written, slice_z_mm(exam))


def _all_series(exam: SimulatedExam) -> Iterable[_Series]:
    yield _localizer(exam)
    t2, t2_peak = scaled(exam.t2)
    yield _Series(
        number=2,
        description="t2_haste_tra_bh",
        protocol="t2_haste_tra_bh",
        image_type=("ORIGINAL", "PRIMARY", "M", "ND"),
        sequence=T2_SEQUENCE,
        images=_stack(exam, t2),
        window=(t2_peak / 2, t2_peak),
    )
    magnitude, peak = scaled(exam.magnitude)
    yield _mre(3, "__Mag", ("ORIGINAL", "PRIMARY", "M", "ND"), _stack(exam, magnitude), (peak / 2, peak))
    yield _phase(exam)
    yield _wave(exam)
    stiffness = counts(exam.stiffness_kpa / KPA_PER_COUNT, MAX_16_BIT)
    masked = np.where(exam.confidence >= CONFIDENCE_THRESHOLD, stiffness, 0).astype(np.uint16)
    # No source tells ImageType of the stiffness series beyond DERIVED; OTHER promises nothing.
    for number, suffix, stored in ((6, "_P_Stiff", stiffness), (7, "_P_StiffC95", masked)):
        image_type = ("DERIVED", "PRIMARY", "OTHER", "ND")
        yield _mre(number, suffix, image_type, _stack(exam, stored), (400.0, 800.0), bits=16)


def _phase(exam: SimulatedExam) -> _Series:
    """Encode phase: 12 bits over one turn, with the vendor's usual rescale to -4096..4094."""
    stored = counts(exam.phase_rad / np.pi * MIDDLE_12_BIT + MIDDLE_12_BIT, MAX_12_BIT)
    rescale: dict[str, object] = {"RescaleSlope": 2.0, "RescaleIntercept": -4096.0, "RescaleType": "US"}
    image_type = ("ORIGINAL", "PRIMARY", "P", "ND")
    return _mre(4, "_P", image_type, _offsets(exam, stored), (0.0, 8192.0), rescale=rescale)


def _wave(exam: SimulatedExam) -> _Series:
    """Encode displacement: 12 bits around the middle, scaled to the exam's largest displacement, in micrometres."""
    peak_um = float(np.abs(exam.wave_um).max()) or 1.0
    slope_um = round(peak_um / (MIDDLE_12_BIT - 1), 8)
    stored = counts(exam.wave_um / slope_um + MIDDLE_12_BIT, MAX_12_BIT)
    rescale: dict[str, object] = {
        "RescaleSlope": slope_um,
        "RescaleIntercept": round(-MIDDLE_12_BIT * slope_um, 6),
        "RescaleType": "um",
    }
    image_type = ("DERIVED", "PRIMARY", "P", "WV", "ND")
    window = (0.0, round(2 * peak_um, 4))
    return _mre(5, "_P_Wave", image_type, _offsets(exam, stored), window, rescale=rescale)


def _mre(
    number: int,
    suffix: str,
    image_type: tuple[str, ...],
    images: tuple[_Image, ...],
    window: tuple[float, float],
    *,
    bits: int = 12,
    rescale: dict[str, object] | None = None,
) -> _Series:
    return _Series(
        number=number,
        description=PROTOCOL + suffix,
        protocol=PROTOCOL,
        image_type=image_type,
        sequence=MRE_SEQUENCE,
        images=images,
        window=window,
        bits=bits,
        rescale=rescale or {},
    )


def _stack(exam: SimulatedExam, stored: NDArray[np.uint16]) -> tuple[_Image, ...]:
    """One image a slice, (S, R, C), numbered from either end of the stack."""
    images = [_Image(pixels, axial_placement(exam, z)) for pixels, z in zip(stored, slice_z_mm(exam), strict=True)]
    return tuple(reversed(images)) if exam.seed % 2 else tuple(images)


def _offsets(exam: SimulatedExam, stored: NDArray[np.uint16]) -> tuple[_Image, ...]:
    """One image for each offset and slice, (K, S, R, C): every offset of a slice before the next slice."""
    stacks = [_stack(exam, pixels) for pixels in stored]
    return tuple(
        _Image(image.stored, image.placement, offset)
        for of_slice in zip(*stacks, strict=True)
        for offset, image in enumerate(of_slice, start=1)
    )


def _localizer(exam: SimulatedExam) -> _Series:
    """Encode one coarse axial, coronal and sagittal plane through the middle of the stack."""
    anatomy, peak = scaled(exam.t2)
    step = LOCALIZER_STRIDE
    slices, rows, columns = anatomy.shape
    z = slice_z_mm(exam)
    axial = axial_placement(exam, z[slices // 2], stride=step)
    x0, y0, _ = axial.position_mm
    row_mm, column_mm = exam.pixel_spacing_mm
    # Slice 0 is the uppermost, so rows of the upright planes run down the slices, one slice spacing in several rows.
    repeat = max(1, round(exam.slice_spacing_mm / (step * row_mm)))
    upright = np.repeat(anatomy, repeat, axis=0)
    height_mm = exam.slice_spacing_mm / repeat
    top = z[0] + exam.slice_spacing_mm / 2 - height_mm / 2
    coronal = Placement(
        (x0, y0 + (rows // 2) * row_mm, top), CORONAL, (height_mm, step * column_mm), exam.slice_thickness_mm
    )
    sagittal = Placement(
        (x0 + (columns // 2) * column_mm, y0, top),
        SAGITTAL,
        (height_mm, step * row_mm),
        exam.slice_thickness_mm,
    )
    return _Series(
        number=1,
        description="localizer",
        protocol="localizer",
        image_type=("ORIGINAL", "PRIMARY", "M", "ND"),
        sequence=LOCALIZER_SEQUENCE,
        images=(
            _Image(anatomy[slices // 2, ::step, ::step], axial),
            _Image(upright[:, rows // 2, ::step], coronal),
            _Image(upright[:, ::step, columns // 2], sagittal),
        ),
        window=(peak / 2, peak),
    )


def _scanner(ds: Dataset) -> Dataset:
    ds.Modality = "MR"
    ds.Manufacturer = "SIEMENS"
    ds.ManufacturerModelName = "Aera"
    ds.StationName = "SIMULATED"
    ds.DeviceSerialNumber = "SIMULATED"
    ds.SoftwareVersions = "syngo MR E11"
    ds.MagneticFieldStrength = 1.5
    ds.ImagingFrequency = 63.6
    ds.ImagedNucleus = "1H"
    ds.BodyPartExamined = "ABDOMEN"
    ds.MRAcquisitionType = "2D"
    ds.NumberOfAverages = 1
    ds.EchoNumbers = 1
    ds.ImageComments = SIMULATED
    return ds


def _write_series(series: _Series, common: Dataset, identity: Identity, out: Path) -> WrittenSeries:
    shared = copy.deepcopy(common)
    shared.SeriesInstanceUID = identity.uid("series", series.number)
    shared.SeriesNumber = series.number
    shared.SeriesDescription = series.description
    shared.ProtocolName = series.protocol
    shared.SeriesDate = shared.AcquisitionDate = shared.ContentDate = STUDY_DATE
    shared.SeriesTime = _time(series.number, 0)
    shared.ImageType = list(series.image_type)
    shared.WindowCenter, shared.WindowWidth = series.window
    for keyword, value in (series.sequence | series.rescale).items():
        setattr(shared, keyword, value)
    files = tuple(
        _write_image(series, image, shared, number, identity.uid("image", series.number, number), out)
        for number, image in enumerate(series.images, start=1)
    )
    return WrittenSeries(series.description, series.number, str(shared.SeriesInstanceUID), files)


def _write_image(series: _Series, image: _Image, shared: Dataset, number: int, uid: str, out: Path) -> Path:
    ds = copy.copy(shared)
    ds.SOPInstanceUID = uid
    ds.InstanceNumber = number
    ds.AcquisitionNumber = 1
    ds.AcquisitionTime = ds.ContentTime = _time(series.number, number)
    if image.offset is not None:
        ds.TemporalPositionIdentifier = image.offset
        ds.NumberOfTemporalPositions = max(other.offset or 1 for other in series.images)
    place(ds, image.placement)
    if image.placement.orientation == AXIAL:
        ds.SliceLocation = round(image.placement.position_mm[2], 6)
    set_pixels(ds, image.stored, bits=series.bits)
    path = out / f"{ds.PatientID}.MR.LIVER_MRE.{series.number:04d}.{number:04d}.{STUDY_DATE}.IMA"
    save(ds, path)
    return path


def _time(series_number: int, instance_number: int) -> str:
    """Return a time of day: a minute a series, 0.2 s an image."""
    return f"09{30 + series_number:02d}{instance_number * 0.2:09.6f}"
