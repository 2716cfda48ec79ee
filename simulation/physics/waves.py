"""Harmonic shear waves, div(G grad u) + rho*omega^2 u = -f, in 2-D slice by slice.

Finite differences on the pixel grid, with the harmonic mean of the modulus on each face, so that stress is continuous
across organ borders. The skin is traction-free: no face crosses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import linalg

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.planning.parameters import ExamParameters

DENSITY_KG_M3: Final = 1000.0
PAD_LAYER_MM: Final = 7.0
"""Depth below the skin that moves with the pad of the passive driver."""


@dataclass(frozen=True, slots=True)
class Driver:
    """Passive driver on the body wall."""

    angle_rad: float  # position on the skin from the trunk's centre; 0 is anterior, positive to the right
    half_width_mm: float  # half width of the pad along the skin
    level_mm: float  # z of the pad's centre
    tilt_rad: float  # phase lag across the pad's half width


def draw_driver(rng: np.random.Generator, parameters: ExamParameters) -> Driver:
    """Return a driver at the right anterior body wall, displaced as parameterised."""
    return Driver(
        angle_rad=float(np.deg2rad(rng.uniform(22.0, 68.0))) + parameters.driver_turn_rad,
        half_width_mm=float(rng.uniform(30.0, 75.0)),
        level_mm=float(rng.uniform(-20.0, 30.0)) + parameters.driver_level_mm,
        tilt_rad=float(rng.normal(0.0, 0.7)),
    )


def driver_force(
    driver: Driver, inside: NDArray[np.bool_], wall: NDArray[np.bool_], spacing_mm: float, level_mm: float
) -> NDArray[np.complex128]:
    """Return the driver's force in one slice, (R, C) complex, arbitrary units, zero away from the pad.

    The pad's longitudinal motion crosses the fat and becomes shear at the rib cage: most of the force acts in the
    muscle wall facing the pad, some directly below the pad.

    Parameters
    ----------
    inside : (R, C) body
    wall : (R, C) muscle and ribs of the body wall
    spacing_mm : pixel size
    level_mm : z of the slice
    """
    rows, columns = np.nonzero(inside)
    centre_row, centre_column = rows.mean(), columns.mean()
    direction = np.array((-np.cos(driver.angle_rad), -np.sin(driver.angle_rad)))
    y, x = (rows - centre_row) * spacing_mm, (columns - centre_column) * spacing_mm
    angle = np.arctan2(-x, -y)
    facing = np.abs(np.angle(np.exp(1j * (angle - driver.angle_rad)))) < np.pi / 2.0
    along = x * direction[0] - y * direction[1]
    depth_mm = ndimage.distance_transform_edt(inside)[rows, columns] * spacing_mm
    reach = np.exp(-((along / driver.half_width_mm) ** 2) - ((level_mm - driver.level_mm) / 70.0) ** 2)
    lag = np.exp(1j * driver.tilt_rad * along / driver.half_width_mm)
    force = np.zeros(inside.shape, np.complex128)
    share = np.where(wall[rows, columns], 1.0, 0.15 * (depth_mm < PAD_LAYER_MM))
    force[rows, columns] = np.where(facing, share * reach * lag, 0.0)
    return force


def solve_waves(
    modulus_pa: NDArray[np.complex128],
    inside: NDArray[np.bool_],
    force: NDArray[np.complex128],
    spacing_mm: float,
    frequency_hz: float,
    through_plane_per_m: float = 0.0,
) -> NDArray[np.complex128]:
    """Return the steady-state displacement of one slice in units of force * m^2 / Pa, complex128, shaped as the force.

    Parameters
    ----------
    modulus_pa : (R, C) complex shear modulus, non-zero inside the body
    inside : (R, C) body; the displacement is zero elsewhere
    force : (R, C) body force, or (N, R, C) several, solved with one factorisation
    spacing_mm : pixel size, square
    frequency_hz : driver frequency
    through_plane_per_m : wave number along the slice normal, for waves that leave the plane: G * k^2 * u is lost to it
    """
    matrix = _wave_operator(modulus_pa, inside, spacing_mm * 1e-3, frequency_hz)
    if through_plane_per_m != 0.0:
        matrix = matrix - sparse.diags_array(through_plane_per_m**2 * modulus_pa[inside], format="csc")
    # Minimum degree on A + A^T in symmetric mode is three times as fast here as COLAMD, the default.
    factors = linalg.splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.01, options={"SymmetricMode": True})
    wave = np.zeros(force.shape, np.complex128)
    wave[..., inside] = factors.solve(np.ascontiguousarray(-force[..., inside].T)).T
    return wave


def _wave_operator(
    modulus_pa: NDArray[np.complex128], inside: NDArray[np.bool_], spacing_m: float, frequency_hz: float
) -> sparse.csc_array:
    """Return the operator div(G grad) + rho*omega^2 on the pixels inside, in Pa/m^2."""
    count = int(inside.sum())
    index = np.full(inside.shape, -1, np.int32)
    index[inside] = np.arange(count, dtype=np.int32)
    diagonal = np.full(count, DENSITY_KG_M3 * (2.0 * np.pi * frequency_hz) ** 2, np.complex128)
    rows, columns, values = [], [], []
    for axis in (0, 1):
        near = np.take(index, np.arange(inside.shape[axis] - 1), axis)
        far = np.take(index, np.arange(1, inside.shape[axis]), axis)
        joined = (near >= 0) & (far >= 0)
        first, second = near[joined], far[joined]
        soft, stiff = modulus_pa[inside][first], modulus_pa[inside][second]
        face = 2.0 * soft * stiff / (soft + stiff) / spacing_m**2
        rows += [first, second]
        columns += [second, first]
        values += [face, face]
        diagonal -= np.bincount(first, face.real, count) + 1j * np.bincount(first, face.imag, count)
        diagonal -= np.bincount(second, face.real, count) + 1j * np.bincount(second, face.imag, count)
    every = np.arange(count, dtype=np.int32)
    entries = np.concatenate([*values, diagonal])
    places = (np.concatenate([*rows, every]), np.concatenate([*columns, every]))
    return sparse.csc_array((entries, places), shape=(count, count))
