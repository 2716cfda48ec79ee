"""Where the image shows the patient: pose on the table, EPI's distortion, and the matrix of the scanner."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
from scipy import ndimage

from simulation.anatomy.shapes import Grid, smooth_noise
from simulation.types import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.planning.variety import Traits
    from simulation.types import Protocol

Value = TypeVar("Value", bound=np.generic)
SOLVER_PIXEL_MM: Final = 1.6
"""Pixel at which waves are solved, about: 9 pixels to the shortest wavelength of a healthy liver."""
SUSCEPTIBILITY_MM: Final = 18.0
"""Reach of the field of air in lung, stomach and bowel."""
PILE_UP: Final = (0.35, 2.2)


def solver_matrix(protocol: Protocol) -> tuple[int, int]:
    """Return rows and columns of the grid that waves are solved on: square pixels, the image's field of view."""
    shared = gcd(protocol.rows, protocol.columns)
    width = protocol.columns // shared
    parts = round(protocol.columns * protocol.pixel_mm / SOLVER_PIXEL_MM / width)
    return protocol.rows // shared * parts, width * parts


def centred_grid(rows: int, columns: int, pixel_mm: float, levels_mm: NDArray[np.floating]) -> Grid:
    """Return voxel centres of an image around the isocentre."""
    return Grid(
        ((np.arange(columns) - 0.5 * (columns - 1)) * pixel_mm).astype(np.float32),
        ((np.arange(rows) - 0.5 * (rows - 1)) * pixel_mm).astype(np.float32),
        levels_mm.astype(np.float32),
    )


class Warp:
    """Where each pixel of the image comes from on the solver's grid."""

    def __init__(
        self, rng: np.random.Generator, grid: Grid, tissue: NDArray[np.uint8], traits: Traits, *, epi: bool
    ) -> None:
        pixel_mm = float(grid.x_mm[1] - grid.x_mm[0])
        cosine, sine = np.cos(traits.rotation_rad), np.sin(traits.rotation_rad)
        x, y, _ = grid.axes()
        source_x = np.broadcast_to(x * cosine + y * sine, tissue.shape)
        source_y = np.broadcast_to(y * cosine - x * sine, tissue.shape)
        shift_mm = field_shift_mm(rng, grid, tissue, traits.distortion_mm) if epi else np.zeros(tissue.shape)
        self.rows = (source_y + shift_mm - grid.y_mm[0]) / pixel_mm
        self.columns = (source_x - grid.x_mm[0]) / pixel_mm
        # Where the image is stretched, the signal is thinner.
        self.density = np.clip(np.abs(1.0 + np.gradient(shift_mm, pixel_mm, axis=1)), *PILE_UP).astype(np.float32)

    def nearest(self, values: NDArray[Value]) -> NDArray[Value]:
        """Return labels (S, R, C) as the image shows them."""
        rows = np.clip(np.rint(self.rows), 0, values.shape[1] - 1).astype(np.intp)
        columns = np.clip(np.rint(self.columns), 0, values.shape[2] - 1).astype(np.intp)
        shown: NDArray[Value] = values[np.arange(len(values))[:, None, None], rows, columns]
        return shown

    def linear(self, values: NDArray[np.complex128]) -> NDArray[np.complex128]:
        """Return a complex field (S, R, C) as the image shows it."""
        return np.stack(
            [
                ndimage.map_coordinates(level, (rows, columns), order=1, mode="nearest")
                for level, rows, columns in zip(values, self.rows, self.columns, strict=True)
            ]
        )


def field_shift_mm(
    rng: np.random.Generator, grid: Grid, tissue: NDArray[np.uint8], size_mm: float
) -> NDArray[np.float64]:
    """Return EPI's displacement in row direction: the uneven field of the magnet, and air in the body.

    Parameters
    ----------
    size_mm : displacement near air and, in a third of it, the SD elsewhere

    Returns
    -------
    (S, R, C) mm
    """
    pixel_mm = float(grid.x_mm[1] - grid.x_mm[0])
    gas = np.isin(tissue, (Tissue.LUNG, Tissue.STOMACH)).astype(np.float32)
    sigma = 0.5 * SUSCEPTIBILITY_MM / pixel_mm
    near = ndimage.gaussian_filter(gas, (0.0, sigma, sigma))
    return np.asarray(size_mm * (near + smooth_noise(rng, grid, (110.0, 320.0)) / 3.0), np.float64)


def resampled(values: NDArray[Value], matrix: tuple[int, int]) -> NDArray[Value]:
    """Return (S, R, C) values at the pixels of another matrix of the same field of view, by the nearest pixel."""
    rows, columns = (
        ((np.arange(new) + 0.5) * old / new).astype(np.intp) for new, old in zip(matrix, values.shape[1:], strict=True)
    )
    taken: NDArray[Value] = values[:, rows[:, None], columns[None, :]]
    return taken
