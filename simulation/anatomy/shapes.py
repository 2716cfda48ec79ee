"""Implicit shapes on a voxel grid (positive inside, zero at the surface) and smooth random fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.grid import Grid


def smooth_noise(
    rng: np.random.Generator, grid: Grid, wavelength_mm: tuple[float, float], waves: int = 5
) -> NDArray[np.float32]:
    """Return a smooth 3-D random field of unit variance, continuous across slices, (S, R, C) float32.

    A sum of plane waves of random direction, phase and wavelength, each computed as the product of its three
    one-dimensional factors.
    """
    directions = rng.normal(size=(waves, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    wavenumbers = directions * (2.0 * np.pi / rng.uniform(*wavelength_mm, size=(waves, 1)))
    field = np.zeros(grid.shape, np.float32)
    for wavenumber, phase in zip(wavenumbers, rng.uniform(0.0, 2.0 * np.pi, waves), strict=True):
        along_x = np.exp(1j * wavenumber[0] * grid.x_mm)
        along_y = np.exp(1j * wavenumber[1] * grid.y_mm)
        along_z = np.exp(1j * (wavenumber[2] * grid.z_mm + phase))
        left = (along_z[:, None] * along_y[None, :])[:, :, None]
        field += (left.real * along_x.real - left.imag * along_x.imag).astype(np.float32)
    return field * np.float32(np.sqrt(2.0 / waves))


def ellipsoid(
    grid: Grid,
    centre_mm: tuple[float, float, float],
    radii_mm: tuple[float, float, float],
    tilt_rad: float = 0.0,
    lean: tuple[float, float] = (0.0, 0.0),
) -> NDArray[np.float32]:
    """Return 1 - |q|, q the position in units of the ellipsoid's radii, (S, R, C) float32.

    Parameters
    ----------
    centre_mm, radii_mm : along (x, y, z)
    tilt_rad : rotation in the axial plane, from x towards y
    lean : shift of the centre in (x, y) per mm of z
    """
    x, y, z = grid.axes()
    along_z = z - np.float32(centre_mm[2])
    dx = x - np.float32(centre_mm[0]) - np.float32(lean[0]) * along_z
    dy = y - np.float32(centre_mm[1]) - np.float32(lean[1]) * along_z
    cosine, sine = np.float32(np.cos(tilt_rad)), np.float32(np.sin(tilt_rad))
    first = (dx * cosine + dy * sine) / np.float32(radii_mm[0])
    second = (dy * cosine - dx * sine) / np.float32(radii_mm[1])
    third = along_z / np.float32(radii_mm[2])
    return np.float32(1.0) - np.sqrt(first * first + second * second + third * third)


def smooth_union(first: NDArray[np.float32], second: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    """Return the union of two implicit shapes, its seam rounded over `width` (polynomial smooth maximum)."""
    blend = np.maximum(np.float32(width) - np.abs(first - second), np.float32(0.0)) / np.float32(width)
    return np.asarray(np.maximum(first, second) + blend * blend * np.float32(width * 0.25))


def tube_mask(
    points_mm: NDArray[np.float32],
    start_mm: NDArray[np.float64],
    end_mm: NDArray[np.float64],
    radius_mm: tuple[float, float],
) -> NDArray[np.bool_]:
    """Return which points lie in a tapering tube, (P,) bool.

    Parameters
    ----------
    points_mm : (P, 3) positions (x, y, z)
    start_mm, end_mm : (3,) ends of the tube's axis
    radius_mm : at the start and at the end
    """
    axis = (end_mm - start_mm).astype(np.float32)
    offset = points_mm - start_mm.astype(np.float32)
    along = np.clip(offset @ axis / np.float32(axis @ axis), 0.0, 1.0)
    away = offset - along[:, None] * axis
    radius = radius_mm[0] + along * (radius_mm[1] - radius_mm[0])
    return np.asarray(np.einsum("pi,pi->p", away, away) < radius * radius)
