"""Images that plans of all vendors are made of: stacks of slices, phase offsets, anatomy and localizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.encodings.types import AXIAL, Image, Kind, Placement, PulseSequence, Rescale, SeriesPlan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.encodings.types import Scan
    from simulation.types import SimulatedExam

CORONAL: Final = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL: Final = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
MAX_12_BIT: Final = 4095
MIDDLE_12_BIT: Final = 2048
CONFIDENCE_THRESHOLD: Final = 0.95
LOCALIZER_STRIDE: Final = 2
LOCALIZER_SEQUENCE: Final = PulseSequence("*fl2d1", ("GR",), ("SP",), 7.0, 3.0, 20.0)
T2_SEQUENCE: Final = PulseSequence("*h2d1_128", ("SE",), ("SK", "SP", "OSP"), 1000.0, 90.0, 150.0, 128)
GRE_SEQUENCE: Final = PulseSequence("", ("GR",), ("SP",), 50.0, 22.7, 25.0)
"""TR, TE and flip angle of Su, Shih, Xu, JMIR Med Inform 2025;13:e80351."""
EPI_SEQUENCE: Final = PulseSequence("", ("SE", "EP"), ("SK", "SP"), 1000.0, 47.0, 90.0, 64)
"""Inferred: a usual spin-echo EPI; no source was read for its times."""
BREATH_HOLD_S: Final = 15.0
SCAN_S: Final = 600.0
SMALLEST_SLOPE: Final = 1e-8
"""What rounding to 8 digits leaves; a decimal string has no room for more."""


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


def acquired_s(scan: Scan, level: int) -> float:
    """Return when a slice was acquired: one breath-hold a slice, from the third minute of the study on.

    Inferred: everything that is computed from a slice carries the time of its acquisition; so vendors' derived images
    are taken to do.
    """
    return 180.0 + SCAN_S * (scan.number - 1) + BREATH_HOLD_S * level


def scaled(image: NDArray[np.float32]) -> tuple[NDArray[np.uint16], float]:
    """Return stored values in the lower half of 12 bits, where scanners leave them, and their peak."""
    peak = float(image.max()) or 1.0
    return counts(image / peak * MIDDLE_12_BIT, MAX_12_BIT), float(MIDDLE_12_BIT)


def counts(values: NDArray[np.floating], largest: int) -> NDArray[np.uint16]:
    """Round to stored values, and clip them to 0 to `largest`."""
    stored: NDArray[np.uint16] = np.clip(np.rint(values), 0, largest).astype(np.uint16)
    return stored


def confidence_counts(confidence: NDArray[np.float32], per_unit: int, largest: int) -> NDArray[np.uint16]:
    """Return stored confidences; they are rounded down, so that none passes a threshold that it did not reach."""
    # float32 holds the thresholds themselves a little below their value.
    stored: NDArray[np.uint16] = np.clip(np.floor(confidence.astype(np.float64) * per_unit + 1e-3), 0, largest).astype(
        np.uint16
    )
    return stored


def confident(exam: SimulatedExam) -> NDArray[np.bool_]:
    """Return the pixels that reach the usual threshold of 95 % confidence, (S, R, C)."""
    reached: NDArray[np.bool_] = exam.confidence >= CONFIDENCE_THRESHOLD
    return reached


def stack(scan: Scan, stored: NDArray[np.integer], *, rescale: Rescale | None = None) -> tuple[Image, ...]:
    """One image a slice, (S, R, C), numbered from the feet for odd seeds and from the head for even ones."""
    exam = scan.exam
    images = [
        Image(pixels, axial_placement(exam, z), acquired_s(scan, level), level, rescale=rescale)
        for level, (pixels, z) in enumerate(zip(stored, slice_z_mm(exam), strict=True))
    ]
    return tuple(reversed(images)) if exam.seed % 2 else tuple(images)


def offsets(scan: Scan, stored: NDArray[np.integer], *, rescale: Rescale | None = None) -> tuple[Image, ...]:
    """One image for each offset and slice, (K, S, R, C): every offset of a slice before the next slice."""
    stacks = [stack(scan, pixels, rescale=rescale) for pixels in stored]
    return tuple(
        Image(image.stored, image.placement, image.acquired_s, image.level, offset, image.rescale)
        for of_slice in zip(*stacks, strict=True)
        for offset, image in enumerate(of_slice, start=1)
    )


def phase_counts(exam: SimulatedExam) -> NDArray[np.uint16]:
    """Return phase in 12 bits over one turn, (K, S, R, C)."""
    return counts(exam.phase_rad / np.pi * MIDDLE_12_BIT + MIDDLE_12_BIT, MAX_12_BIT)


def displacement(exam: SimulatedExam) -> tuple[NDArray[np.uint16], Rescale, float]:
    """Return displacement in 12 bits around the middle, (K', S, R, C), its scale in micrometres, and its peak."""
    peak_um = float(np.abs(exam.wave_um).max()) or 1.0
    slope_um = max(round(peak_um / (MIDDLE_12_BIT - 1), 8), SMALLEST_SLOPE)
    stored = counts(exam.wave_um / slope_um + MIDDLE_12_BIT, MAX_12_BIT)
    return stored, Rescale(slope_um, round(-MIDDLE_12_BIT * slope_um, 6), "um"), peak_um


def anatomy(scan: Scan, *, description: str, image_type: tuple[str, ...]) -> SeriesPlan:
    """Plan the T2-weighted series."""
    stored, peak = scaled(scan.exam.t2)
    return SeriesPlan(
        kind=Kind.ANATOMY,
        number=2,
        description=description,
        protocol=description,
        image_type=image_type,
        sequence=T2_SEQUENCE,
        images=_at(stack(scan, stored), 120.0),
        window=(peak / 2, peak),
    )


def localizer(scan: Scan, *, description: str, image_type: tuple[str, ...]) -> SeriesPlan:
    """Plan one coarse axial, coronal and sagittal plane through the middle of the stack."""
    exam = scan.exam
    stored, peak = scaled(exam.t2)
    step = LOCALIZER_STRIDE
    slices, rows, columns = stored.shape
    z = slice_z_mm(exam)
    axial = axial_placement(exam, z[slices // 2], stride=step)
    x0, y0, _ = axial.position_mm
    row_mm, column_mm = exam.pixel_spacing_mm
    # Slice 0 is the uppermost, so rows of the upright planes run down the slices, one slice spacing in several rows.
    repeat = max(1, round(exam.slice_spacing_mm / (step * row_mm)))
    upright = np.repeat(stored, repeat, axis=0)
    height_mm = exam.slice_spacing_mm / repeat
    top = z[0] + exam.slice_spacing_mm / 2 - height_mm / 2
    thickness = exam.slice_thickness_mm
    coronal = Placement((x0, y0 + (rows // 2) * row_mm, top), CORONAL, (height_mm, step * column_mm), thickness)
    sagittal = Placement((x0 + (columns // 2) * column_mm, y0, top), SAGITTAL, (height_mm, step * row_mm), thickness)
    images = (
        Image(stored[slices // 2, ::step, ::step], axial),
        Image(upright[:, rows // 2, ::step], coronal),
        Image(upright[:, ::step, columns // 2], sagittal),
    )
    return SeriesPlan(
        kind=Kind.LOCALIZER,
        number=1,
        description=description,
        protocol=description,
        image_type=image_type,
        sequence=LOCALIZER_SEQUENCE,
        images=_at(images, 60.0),
        window=(peak / 2, peak),
    )


def _at(images: tuple[Image, ...], seconds: float) -> tuple[Image, ...]:
    return tuple(
        Image(image.stored, image.placement, seconds + 0.2 * number, image.level)
        for number, image in enumerate(images, start=1)
    )
