"""Geometry of the image: the patient's rotation, EPI's distortion, and resampling to the scanner's matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
from scipy import ndimage

from simulation.anatomy.shapes import smooth_noise
from simulation.types import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.grid import Grid
    from simulation.planning.parameters import ExamParameters

Value = TypeVar("Value", bound=np.generic)
SUSCEPTIBILITY_MM: Final = 18.0
"""Reach of the field disturbance by air in lung and stomach."""
DENSITY_LIMITS: Final = (0.35, 2.2)
"""Limits of the relative signal density where EPI stretches or compresses the image."""


class Warp:
    """Map from each pixel of the image to the wave solver's grid.

    Attributes
    ----------
    rows, columns : (S, R, C) fractional indices into the solver's grid
    density : (S, R, C) relative signal density
    """

    def __init__(
        self, rng: np.random.Generator, grid: Grid, tissue: NDArray[np.uint8], parameters: ExamParameters, *, epi: bool
    ) -> None:
        pixel_mm = grid.pixel_mm[1]
        cosine, sine = np.cos(parameters.rotation_rad), np.sin(parameters.rotation_rad)
        x, y, _ = grid.axes()
        source_x = np.broadcast_to(x * cosine + y * sine, tissue.shape)
        source_y = np.broadcast_to(y * cosine - x * sine, tissue.shape)
        shift_mm = field_shift_mm(rng, grid, tissue, parameters.distortion_mm) if epi else np.zeros(tissue.shape)
        self.rows = (source_y + shift_mm - grid.y_mm[0]) / pixel_mm
        self.columns = (source_x - grid.x_mm[0]) / pixel_mm
        self.density = np.clip(np.abs(1.0 + np.gradient(shift_mm, pixel_mm, axis=1)), *DENSITY_LIMITS).astype(
            np.float32
        )

    def nearest(self, values: NDArray[Value]) -> NDArray[Value]:
        """Return labels (S, R, C) in image space, by the nearest pixel."""
        rows = np.clip(np.rint(self.rows), 0, values.shape[1] - 1).astype(np.intp)
        columns = np.clip(np.rint(self.columns), 0, values.shape[2] - 1).astype(np.intp)
        warped: NDArray[Value] = values[np.arange(len(values))[:, None, None], rows, columns]
        return warped

    def linear(self, values: NDArray[np.complex128]) -> NDArray[np.complex128]:
        """Return a complex field (S, R, C) in image space, by linear interpolation."""
        return np.stack(
            [
                ndimage.map_coordinates(level, (rows, columns), order=1, mode="nearest")
                for level, rows, columns in zip(values, self.rows, self.columns, strict=True)
            ]
        )


def field_shift_mm(
    rng: np.random.Generator, grid: Grid, tissue: NDArray[np.uint8], size_mm: float
) -> NDArray[np.float64]:
    """Return EPI's displacement in row direction, (S, R, C) mm: field inhomogeneity, and susceptibility of air.

    `size_mm` is the displacement near air; the SD elsewhere is a third of it.
    """
    pixel_mm = grid.pixel_mm[1]
    gas = np.isin(tissue, (Tissue.LUNG, Tissue.STOMACH)).astype(np.float32)
    sigma = 0.5 * SUSCEPTIBILITY_MM / pixel_mm
    near = ndimage.gaussian_filter(gas, (0.0, sigma, sigma))
    return np.asarray(size_mm * (near + smooth_noise(rng, grid, (110.0, 320.0)) / 3.0), np.float64)


def resampled(values: NDArray[Value], matrix: tuple[int, int]) -> NDArray[Value]:
    """Return values (S, R, C) on another matrix of the same field of view, by the nearest pixel."""
    rows, columns = (
        ((np.arange(new) + 0.5) * old / new).astype(np.intp) for new, old in zip(matrix, values.shape[1:], strict=True)
    )
    sampled: NDArray[Value] = values[:, rows[:, None], columns[None, :]]
    return sampled
