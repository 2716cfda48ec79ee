"""A small exam made of formulas: slices differ in outline, stiffness, confidence and vessels, as a patient's do.

Large enough that one wrong pixel in range changes the mean by less than 0.5 %, small enough for thousands of studies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.types import SimulatedExam, Tissue, Truth

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS, COLUMNS, PIXEL_MM = 96, 112, 3.5
OFFSETS: Final = 2
ORGANS: Final = (
    ((92.0, 15.0), (36.0, 46.0), 4.6, 640.0),  # spleen
    ((48.0, -48.0), (38.0, 30.0), 1.2, 240.0),  # stomach
    ((6.0, 66.0), (24.0, 26.0), 1.3, 130.0),  # spine
)
"""Centre and half axes (x, y) in mm, stiffness in kPa and magnitude: what tells how an image lies, as in a patient."""
LIVER_MAGNITUDE, OTHER_MAGNITUDE, FAT_MAGNITUDE = 420.0, 330.0, 560.0
FAT_SHARE: Final = 0.8
"""Part of the body's outline, in square, that is not fat under the skin."""


def make_phantom(seed: int = 1, *, slices: int = 4, stiff: bool = False) -> SimulatedExam:
    """Return the exam of a seed: 336 x 392 mm, a liver of 3 to 4 kPa, or `stiff`, about two thirds of it confident."""
    rng = np.random.default_rng(seed)
    shape = (slices, ROWS, COLUMNS)
    y, x = np.meshgrid(
        (np.arange(ROWS) - ROWS / 2) * PIXEL_MM, (np.arange(COLUMNS) - COLUMNS / 2) * PIXEL_MM, indexing="ij"
    )
    body, liver = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    stiffness, confidence = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    magnitude = np.zeros(shape, np.float32)
    base_kpa = rng.uniform(2.8, 3.6) * (2.8 if stiff else 1.0)
    for s in range(slices):
        wide, high = 165.0 - 6.0 * s, 115.0 - 3.0 * s
        # Wider on the patient's right and flatter at the back: no mirror image or turn of it fits as well.
        across = np.where(x < 0.0, x / wide, x / (wide - 22.0))
        along = np.where(y < 2.0 * s, (y - 2.0 * s) / high, (y - 2.0 * s) / (high - 20.0))
        outward = across**2 + along**2
        body[s] = outward < 1.0
        liver[s] = (((x + 65.0 - 5.0 * s) / (75.0 - 4.0 * s)) ** 2 + ((y + 12.0) / (72.0 - 3.0 * s)) ** 2 < 1.0) & body[
            s
        ]
        soft = 1.9 + 0.35 * _texture(rng, 5.0)
        stiff = base_kpa * (1.0 + 0.12 * (s - 1.5)) + 0.0035 * y + 0.35 * _texture(rng, 4.0)
        tissue_kpa = np.where(outward > FAT_SHARE, 0.7 * soft, soft)
        plain = np.where(outward > FAT_SHARE, FAT_MAGNITUDE, OTHER_MAGNITUDE)
        for (right, down), (half_width, half_height), kpa, brightness in ORGANS:
            inside = ((x - right - 2.0 * s) / half_width) ** 2 + ((y - down) / half_height) ** 2 < 1.0
            tissue_kpa, plain = (
                np.where(inside, tissue_kpa - 1.9 + kpa, tissue_kpa),
                np.where(inside, brightness, plain),
            )
        plain = np.where(liver[s], LIVER_MAGNITUDE, plain)
        stiffness[s] = np.where(body[s], np.where(liver[s], stiff, tissue_kpa), 0.0)
        confidence[s] = np.clip(0.955 + 0.03 * _texture(rng, 3.0) + np.where(liver[s], 0.008, -0.03), 0.3, 0.999)
        vessels = ndimage.gaussian_filter(rng.random((ROWS, COLUMNS)) > 0.985, 1.2) > 0.06
        grey = plain + 30.0 * _texture(rng, 6.0) + 260.0 * (vessels & liver[s])
        magnitude[s] = np.where(body[s], grey, 0.0) + rng.rayleigh(6.0, (ROWS, COLUMNS))
    confidence *= body
    tissue = np.where(body, Tissue.MUSCLE, Tissue.AIR).astype(np.uint8)
    tissue[liver] = Tissue.LIVER
    turns = np.linspace(0.0, 2.0 * np.pi, OFFSETS, endpoint=False)
    phase = np.stack([np.sin(turn + 0.05 * x) * body for turn in turns]).astype(np.float32)
    return SimulatedExam(
        seed=seed,
        pixel_spacing_mm=(PIXEL_MM, PIXEL_MM),
        slice_thickness_mm=5.0,
        slice_spacing_mm=10.0,
        frequency_hz=60.0,
        magnitude=magnitude,
        phase_rad=phase,
        wave_um=20.0 * phase,
        stiffness_kpa=np.maximum(stiffness, 0.3 * body).astype(np.float32),
        confidence=confidence,
        t2=magnitude,
        truth=Truth(tissue, liver, stiffness, "F1", float(base_kpa)),
    )


def _texture(rng: np.random.Generator, sigma_px: float) -> NDArray[np.float64]:
    """Return smooth noise (R, C) of mean 0 and SD 1."""
    noise = ndimage.gaussian_filter(rng.normal(size=(ROWS, COLUMNS)), sigma_px, mode="wrap")
    return noise / noise.std()
