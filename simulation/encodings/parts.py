"""Images and series common to all vendors: stacks of slices, phase offsets, localizer and T2-weighted series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.encodings.types import AXIAL, Image, Placement, PulseSequence, Rescale, SeriesKind, SeriesPlan, Survey

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.encodings.types import Scan
    from simulation.types import SimulatedExam

CORONAL: Final = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL: Final = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
MAX_12_BIT: Final = 4095
MIDDLE_12_BIT: Final = 2048
FULL_WINDOW: Final = (MIDDLE_12_BIT / 2, float(MIDDLE_12_BIT))
"""Window over all values of `scaled`."""
CONFIDENCE_THRESHOLD: Final = 0.95
LOCALIZER_STRIDE: Final = 2
LOCALIZER_SEQUENCE: Final = PulseSequence("*fl2d1", ("GR",), ("SP",), 7.0, 3.0, 20.0)
T2_SEQUENCE: Final = PulseSequence("*h2d1_128", ("SE",), ("SK", "SP", "OSP"), 1000.0, 90.0, 150.0, 128)
GRE_SEQUENCE: Final = PulseSequence("", ("GR",), ("SP",), 50.0, 22.7, 25.0)
"""TR, TE and flip angle of Su, Shih, Xu, JMIR Med Inform 2025;13:e80351."""
EPI_SEQUENCE: Final = PulseSequence("", ("SE", "EP"), ("SK", "SP"), 1000.0, 47.0, 90.0, 64)
"""Inferred: typical of spin-echo EPI."""
BREATH_HOLD_S: Final = 15.0
SCAN_S: Final = 600.0
SMALLEST_SLOPE: Final = 1e-8
"""Smallest slope that survives rounding to 8 digits, as decimal strings need."""
SIMULATED_EQUIPMENT: Final[dict[str, object]] = {
    "StationName": "SIMULATED",
    "DeviceSerialNumber": "SIMULATED",
    "MagneticFieldStrength": 1.5,
}


def slice_z_mm(exam: SimulatedExam) -> tuple[float, ...]:
    """Return z of every slice (S,): slice 0 is the uppermost, and the stack is centred at 0."""
    count = exam.stiffness_kpa.shape[0]
    return tuple(round(exam.slice_spacing_mm * ((count - 1) / 2 - s), 4) for s in range(count))


def axial_placement(exam: SimulatedExam, z_mm: float, *, stride: int = 1) -> Placement:
    """Return the image plane of an axial slice; `stride` is the pixel step of a coarser image."""
    rows, columns = exam.stiffness_kpa.shape[1:]
    row_mm, column_mm = exam.pixel_spacing_mm
    corner = (-(columns - 1) / 2 * column_mm, -(rows - 1) / 2 * row_mm, z_mm)
    return Placement(corner, AXIAL, (row_mm * stride, column_mm * stride), exam.slice_thickness_mm)


def acquired_s(scan: Scan, level: int) -> float:
    """Return when a slice was acquired, in seconds of the study: one breath-hold per slice, from the third minute on.

    Inferred: derived images carry the acquisition time of their slice.
    """
    return 180.0 + SCAN_S * (scan.number - 1) + BREATH_HOLD_S * level


def scaled(image: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return stored values scaled to the lower half of 12 bits, the range that scanners use."""
    peak = float(image.max()) or 1.0
    return counts(image / peak * MIDDLE_12_BIT, MAX_12_BIT)


def counts(values: NDArray[np.floating], largest: int) -> NDArray[np.uint16]:
    """Return values rounded and clipped to 0 to `largest`."""
    stored: NDArray[np.uint16] = np.clip(np.rint(values), 0, largest).astype(np.uint16)
    return stored


def confidence_counts(confidence: NDArray[np.float32], per_unit: int, largest: int) -> NDArray[np.uint16]:
    """Return stored confidence, rounded down so that no pixel passes a threshold that it did not reach."""
    # 1e-3: a threshold such as 0.95 is slightly less in float32.
    stored: NDArray[np.uint16] = np.clip(np.floor(confidence.astype(np.float64) * per_unit + 1e-3), 0, largest).astype(
        np.uint16
    )
    return stored


def confident(exam: SimulatedExam) -> NDArray[np.bool_]:
    """Return the pixels (S, R, C) at or above the usual threshold of 95 % confidence."""
    return np.asarray(exam.confidence >= CONFIDENCE_THRESHOLD)


def stiffness_kpa(exam: SimulatedExam, *, masked: bool) -> NDArray[np.float32]:
    """Return the stiffness (S, R, C); `masked` sets pixels of low confidence to 0."""
    return np.where(confident(exam), exam.stiffness_kpa, np.float32(0.0)) if masked else exam.stiffness_kpa


def stack(scan: Scan, stored: NDArray[np.integer], *, rescale: Rescale | None = None) -> tuple[Image, ...]:
    """Return one image per slice of `stored` (S, R, C), from the feet for odd seeds and from the head for even ones."""
    exam = scan.exam
    images = [
        Image(pixels, axial_placement(exam, z), acquired_s(scan, level), level, rescale=rescale)
        for level, (pixels, z) in enumerate(zip(stored, slice_z_mm(exam), strict=True))
    ]
    return tuple(reversed(images)) if exam.seed % 2 else tuple(images)


def offsets(scan: Scan, stored: NDArray[np.integer], *, rescale: Rescale | None = None) -> tuple[Image, ...]:
    """Return one image per slice and offset of `stored` (K, S, R, C), offsets varying fastest."""
    stacks = [stack(scan, pixels, rescale=rescale) for pixels in stored]
    return tuple(
        Image(image.stored, image.placement, image.acquired_s, image.level, offset, image.rescale)
        for of_slice in zip(*stacks, strict=True)
        for offset, image in enumerate(of_slice, start=1)
    )


def phase_counts(exam: SimulatedExam) -> NDArray[np.uint16]:
    """Return phase (K, S, R, C) in 12 bits over 2*pi."""
    return counts(exam.phase_rad / np.pi * MIDDLE_12_BIT + MIDDLE_12_BIT, MAX_12_BIT)


def wave_images(scan: Scan) -> tuple[tuple[Image, ...], tuple[float, float]]:
    """Return displacement as images in 12 bits around the middle, rescaled to micrometres, and their window."""
    exam = scan.exam
    peak_um = float(np.abs(exam.wave_um).max()) or 1.0
    slope_um = max(round(peak_um / (MIDDLE_12_BIT - 1), 8), SMALLEST_SLOPE)
    stored = counts(exam.wave_um / slope_um + MIDDLE_12_BIT, MAX_12_BIT)
    rescale = Rescale(slope_um, round(-MIDDLE_12_BIT * slope_um, 6), "um")
    return offsets(scan, stored, rescale=rescale), (0.0, round(2 * peak_um, 4))


def survey(scan: Scan, names: Survey) -> tuple[SeriesPlan, SeriesPlan]:
    """Plan the localizer and the T2-weighted series."""

    def series(
        kind: SeriesKind, number: int, description: str, sequence: PulseSequence, images: tuple[Image, ...]
    ) -> SeriesPlan:
        timed = tuple(
            Image(image.stored, image.placement, 60.0 * number + 0.2 * place, image.level)
            for place, image in enumerate(images, start=1)
        )
        return SeriesPlan(kind, number, description, description, names.image_type, sequence, timed, FULL_WINDOW)

    return (
        series(SeriesKind.LOCALIZER, 1, names.localizer, LOCALIZER_SEQUENCE, _three_planes(scan)),
        series(SeriesKind.ANATOMY, 2, names.anatomy, T2_SEQUENCE, stack(scan, scaled(scan.exam.t2))),
    )


def _three_planes(scan: Scan) -> tuple[Image, Image, Image]:
    """Return one coarse axial, coronal and sagittal image through the middle of the stack."""
    exam = scan.exam
    stored = scaled(exam.t2)
    step = LOCALIZER_STRIDE
    slices, rows, columns = stored.shape
    z = slice_z_mm(exam)
    axial = axial_placement(exam, z[slices // 2], stride=step)
    x0, y0, _ = axial.position_mm
    row_mm, column_mm = exam.pixel_spacing_mm
    # Slices become rows of the upright planes from head to feet, each repeated to fill the slice spacing.
    repeat = max(1, round(exam.slice_spacing_mm / (step * row_mm)))
    upright = np.repeat(stored, repeat, axis=0)
    height_mm = exam.slice_spacing_mm / repeat
    top = z[0] + exam.slice_spacing_mm / 2 - height_mm / 2
    thickness = exam.slice_thickness_mm
    coronal = Placement((x0, y0 + (rows // 2) * row_mm, top), CORONAL, (height_mm, step * column_mm), thickness)
    sagittal = Placement((x0 + (columns // 2) * column_mm, y0, top), SAGITTAL, (height_mm, step * row_mm), thickness)
    return (
        Image(stored[slices // 2, ::step, ::step], axial),
        Image(upright[:, rows // 2, ::step], coronal),
        Image(upright[:, ::step, columns // 2], sagittal),
    )
