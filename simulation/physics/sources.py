"""Where shear waves come from: the driver, the vibrating rib cage, motion through the plane, oblique waves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.physics.modulus import smoothed_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.grid import Grid

RIB_CAGE: Final = "rib cage"
THROUGH_PLANE: Final = "through plane"
OBLIQUE: Final = "oblique"
SOURCES: Final = ("driver", RIB_CAGE, THROUGH_PLANE, OBLIQUE)
_RIB_MM: Final = (25.0, 60.0)
_INSIDE_MM: Final = (14.0, 32.0)
_LEVEL_MM: Final = 12.0
"""Distance of slices for the smoothness of sources across them."""


def further_force(
    rng: np.random.Generator, kind: str, grid: Grid, inside: NDArray[np.bool_], wall: NDArray[np.bool_]
) -> NDArray[np.complex128] | None:
    """Return the force (S, R, C) that is not the driver's, smooth and of random phase; None if there is none.

    The rib cage vibrates as a whole: force acts in the muscle wall all around. Motion through the plane enters a slice
    from its neighbours, and looks like a force inside. Oblique waves leave the plane (`solve_waves`).

    Parameters
    ----------
    inside, wall : (S, R, C) body, and muscle and ribs of its wall
    """
    if kind not in {RIB_CAGE, THROUGH_PLANE}:
        return None
    reach_mm = float(rng.uniform(*(_RIB_MM if kind == RIB_CAGE else _INSIDE_MM)))
    spacing = (_LEVEL_MM, *grid.pixel_mm)
    real, imaginary = (smoothed_noise(rng, grid.shape, spacing, reach_mm) for _ in range(2))
    return np.where(wall if kind == RIB_CAGE else inside, real + 1j * imaginary, 0.0)


def normalised(wave: NDArray[np.complex128], where: NDArray[np.bool_]) -> NDArray[np.complex128]:
    """Return a wave (S, R, C) scaled to a root mean square of 1 where it is measured."""
    return wave / max(float(np.sqrt(np.mean(np.abs(wave[where]) ** 2))), 1e-30)
