"""Paints organs into the label volume of one patient.

Positions are fractions of the abdominal cavity's half width and half depth, so that organs scale with the patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulation.anatomy.shapes import ellipsoid, smooth_noise
from simulation.types import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.grid import Grid
    from simulation.planning.parameters import ExamParameters


@dataclass(frozen=True, slots=True)
class Painter:
    """Label volume under construction."""

    rng: np.random.Generator
    grid: Grid  # voxel centres relative to the trunk's centre
    tissue: NDArray[np.uint8]  # (S, R, C) labels, changed in place; later organs replace earlier ones
    cavity: NDArray[np.bool_]  # (S, R, C), abdominal cavity
    half_width: float  # of the cavity, mm
    half_depth: float  # of the cavity, mm
    parameters: ExamParameters  # sizes of organs relative to the standard, and surgery
    cirrhotic: bool  # whether the stage is F4

    def uniform(self, low: float, high: float) -> float:
        """Return a uniform random number."""
        return float(self.rng.uniform(low, high))

    def ellipsoid(
        self,
        centre: tuple[float, float, float],
        radii_mm: tuple[float, float, float],
        roughness: float = 0.08,
        tilt_rad: float = 0.0,
        lean: tuple[float, float] = (0.0, 0.0),
    ) -> NDArray[np.float32]:
        """Return an implicit ellipsoid with a rough surface, (S, R, C).

        Parameters
        ----------
        centre : (fraction of half width, fraction of half depth, mm)
        roughness : SD of the surface, in units of the radii
        tilt_rad, lean : as in `shapes.ellipsoid`
        """
        centre_mm = (centre[0] * self.half_width, centre[1] * self.half_depth, centre[2])
        shape = ellipsoid(self.grid, centre_mm, radii_mm, tilt_rad, lean)
        scale = float(np.mean(radii_mm[:2]))
        bumps = smooth_noise(self.rng, self.grid, (0.9 * scale, 2.6 * scale))
        return shape + np.float32(roughness) * bumps

    def paint(self, shape: NDArray[np.float32], label: Tissue, fat_rim: float = 0.0) -> None:
        """Label the inside of an implicit shape within the cavity; `fat_rim` is in units of the shape."""
        if fat_rim > 0.0:
            self.tissue[self.cavity & (shape > -fat_rim)] = Tissue.VISCERAL_FAT
        self.tissue[self.cavity & (shape > 0.0)] = label
