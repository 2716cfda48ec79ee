"""The liver's shape: lobes, fissures, Riedel's lobe, cirrhosis and resections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulation.anatomy.shapes import smooth_noise, smooth_union
from simulation.types import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.anatomy.painter import Painter


def paint_liver(p: Painter) -> None:
    """Paint the liver: right and left lobe, caudate lobe, fissures, and what surgery left."""
    size = p.uniform(0.86, 1.12) * p.parameters.liver_scale
    shrink = p.uniform(0.84, 0.96) if p.cirrhotic else 1.0
    top = p.uniform(15.0, 38.0)
    right = p.ellipsoid(
        (p.uniform(-0.58, -0.46), p.uniform(-0.10, 0.08), top),
        (
            p.half_width * p.uniform(0.52, 0.66) * size * shrink,
            p.half_depth * p.uniform(0.86, 1.08) * size * shrink,
            p.uniform(68.0, 98.0) * size,
        ),
        0.06,
        p.uniform(-0.25, 0.15),
        (p.uniform(0.0, 0.25), p.uniform(-0.1, 0.2)),
    )
    left = p.ellipsoid(
        (p.uniform(-0.15, 0.10), p.uniform(-0.56, -0.40), top + p.uniform(-12.0, 10.0)),
        (
            p.half_width * p.uniform(0.34, 0.68) * p.parameters.left_lobe_scale,
            p.half_depth * p.uniform(0.26, 0.42),
            p.uniform(32.0, 62.0) * size,
        ),
        0.08,
        p.uniform(-0.15, 0.30),
    )
    swell = (1.3 if p.cirrhotic else 1.0) * p.parameters.caudate_scale
    caudate = p.ellipsoid(
        (p.uniform(-0.24, -0.12), p.uniform(0.02, 0.18), p.uniform(5.0, 25.0)),
        (p.uniform(18.0, 30.0) * swell, p.uniform(15.0, 24.0) * swell, p.uniform(25.0, 40.0)),
    )
    shape = smooth_union(smooth_union(right, left, 0.16), 0.6 * caudate, 0.08)
    if p.cirrhotic:
        nodules = smooth_noise(p.rng, p.grid, (9.0, 18.0), waves=24)
        shape = shape + np.float32(p.uniform(0.008, 0.025)) * nodules
    shape = np.minimum(shape, -_fissure(p))
    shape = np.minimum(shape, -_posterior_limit(p))
    shape = _with_variants(p, shape)
    p.paint(shape, Tissue.LIVER, p.uniform(0.0, 0.03))


def _with_variants(p: Painter, shape: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the liver with Riedel's lobe, a second fissure, or after a resection."""
    parameters = p.parameters
    if parameters.riedel_mm > 0.0:
        tongue = p.ellipsoid(
            (p.uniform(-0.82, -0.70), p.uniform(-0.15, 0.1), -0.6 * parameters.riedel_mm),
            (p.uniform(22.0, 34.0), p.uniform(40.0, 55.0), parameters.riedel_mm),
        )
        shape = smooth_union(shape, tongue, 0.1)
    if parameters.lobe_fissure > 0.0:
        cleft = p.ellipsoid(
            (p.uniform(-0.45, -0.25), p.uniform(-0.55, -0.35), p.uniform(-30.0, 10.0)),
            (parameters.lobe_fissure * p.uniform(3.0, 7.0), p.half_depth * p.uniform(0.2, 0.4), 60.0),
            0.1,
            p.uniform(-0.6, 0.3),
        )
        shape = np.minimum(shape, -cleft)
    if parameters.resection != 0.0:
        shape = np.minimum(shape, _remnant(p, parameters.resection))
    return shape


def _remnant(p: Painter, resection: float) -> NDArray[np.float32]:
    """Return the half-space beyond a curved resection plane.

    Parameters
    ----------
    resection : 0 to 1 removes liver from the right, 1 up to the middle hepatic vein (right hepatectomy);
        negative removes the left lateral segments
    """
    x, y, _ = p.grid.axes()
    place = (0.02 if resection < 0.0 else -0.75 + 0.5 * resection) * p.half_width
    slope = p.uniform(-0.35, 0.1)
    uneven = np.float32(4.0) * smooth_noise(p.rng, p.grid, (60.0, 150.0))
    away = (x - np.float32(place) - np.float32(slope) * y + uneven) / np.float32(p.half_width)
    return np.asarray(-away if resection < 0.0 else away, np.float32)


def _fissure(p: Painter) -> NDArray[np.float32]:
    """Return the fissure of the round ligament: a thin wedge of fat, wider towards the feet."""
    return p.ellipsoid(
        (p.uniform(-0.2, 0.02), p.uniform(-0.45, -0.2), p.uniform(-60.0, -15.0)),
        (p.uniform(4.0, 9.0) * p.parameters.fissure_scale, p.half_depth * p.uniform(0.25, 0.45), p.uniform(35.0, 70.0)),
        0.1,
        p.uniform(-0.5, 0.2),
    )


def _posterior_limit(p: Painter) -> NDArray[np.float32]:
    """Return the space of spine and retroperitoneum."""
    return p.ellipsoid(
        (p.uniform(0.08, 0.18), p.uniform(0.75, 0.9), 0.0),
        (p.half_width * p.uniform(0.36, 0.46), p.half_depth * p.uniform(0.62, 0.78), 400.0),
        0.05,
    )
