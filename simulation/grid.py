"""Voxel grids: of the scanner's image and of the wave solver, with the same field of view."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.types import Protocol

SOLVER_PIXEL_MM: Final = 1.6
"""Approximate pixel size of the wave solver: 9 pixels per shortest wavelength of a healthy liver."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Voxel centres in mm: x to the patient's left, y to the back, z to the head."""

    x_mm: NDArray[np.float32]  # (C,)
    y_mm: NDArray[np.float32]  # (R,)
    z_mm: NDArray[np.float32]  # (S,)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(S, R, C)."""
        return self.z_mm.size, self.y_mm.size, self.x_mm.size

    @property
    def pixel_mm(self) -> tuple[float, float]:
        """(row, column) spacing."""
        return float(self.y_mm[1] - self.y_mm[0]), float(self.x_mm[1] - self.x_mm[0])

    def axes(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Return x, y, z in shapes that broadcast to (S, R, C)."""
        return self.x_mm[None, None, :], self.y_mm[None, :, None], self.z_mm[:, None, None]


def solver_matrix(protocol: Protocol) -> tuple[int, int]:
    """Return (rows, columns) of the wave solver: square pixels over the image's field of view."""
    divisor = gcd(protocol.rows, protocol.columns)
    width = protocol.columns // divisor
    parts = round(protocol.columns * protocol.pixel_mm / SOLVER_PIXEL_MM / width)
    return protocol.rows // divisor * parts, width * parts


def centred_grid(rows: int, columns: int, pixel_mm: float, levels_mm: NDArray[np.floating]) -> Grid:
    """Return the voxel centres of an image centred at the isocentre; `levels_mm` (S,) is z of the slices."""
    return Grid(
        ((np.arange(columns) - 0.5 * (columns - 1)) * pixel_mm).astype(np.float32),
        ((np.arange(rows) - 0.5 * (rows - 1)) * pixel_mm).astype(np.float32),
        levels_mm.astype(np.float32),
    )
