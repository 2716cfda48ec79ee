"""Organs of the upper abdomen. All ranges were chosen by looking at the result; none is a reference value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.anatomy.liver import paint_liver
from simulation.anatomy.shapes import smooth_noise, smooth_union
from simulation.anatomy.vessels import add_liver_vessels
from simulation.types import Tissue

if TYPE_CHECKING:
    from simulation.anatomy.painter import Painter

CHOLECYSTECTOMY_SHARE: Final = 0.15


def paint_organs(p: Painter) -> None:
    """Paint all organs, in place."""
    _bowel(p)
    _stomach(p)
    _spleen(p)
    paint_liver(p)
    _kidneys(p)
    _back(p)
    add_liver_vessels(p, _great_vessels(p))
    _gallbladder(p)
    _lungs(p)


def _bowel(p: Painter) -> None:
    for _ in range(int(p.rng.integers(4, 9))):
        size = p.uniform(16.0, 30.0)
        loop = p.ellipsoid(
            (p.uniform(-0.35, 0.75), p.uniform(-0.6, 0.1), p.uniform(-75.0, -35.0)),
            (size * p.uniform(1.0, 1.8), size, size * 1.3),
            0.1,
            p.uniform(-1.0, 1.0),
        )
        p.paint(loop, Tissue.BOWEL, 0.12)


def _stomach(p: Painter) -> None:
    fundus = p.ellipsoid(
        (p.uniform(0.36, 0.52), p.uniform(-0.3, 0.05), p.uniform(5.0, 35.0)),
        (p.half_width * p.uniform(0.22, 0.36), p.half_depth * p.uniform(0.32, 0.52), p.uniform(40.0, 65.0)),
        0.10,
        p.uniform(-0.5, 0.3),
    )
    antrum = p.ellipsoid(
        (p.uniform(0.1, 0.25), p.uniform(-0.5, -0.3), p.uniform(-35.0, -10.0)),
        (p.half_width * p.uniform(0.25, 0.4), p.half_depth * p.uniform(0.15, 0.28), 35.0),
        0.10,
        p.uniform(-0.3, 0.3),
    )
    p.paint(smooth_union(fundus, antrum, 0.2), Tissue.STOMACH, 0.06)


def _spleen(p: Painter) -> None:
    swelling = p.uniform(1.1, 1.4) if p.cirrhotic else p.uniform(0.8, 1.15)
    swelling *= p.parameters.spleen_scale or 1.0
    outer = p.ellipsoid(
        (p.uniform(0.68, 0.80), p.uniform(0.28, 0.48), p.uniform(0.0, 30.0)),
        (p.half_width * 0.26 * swelling, p.half_depth * 0.48 * swelling, p.uniform(40.0, 60.0) * swelling),
        0.07,
        p.uniform(-0.1, 0.5),
    )
    hilum = p.ellipsoid(
        (p.uniform(0.34, 0.42), p.uniform(0.15, 0.35), 0.0), (p.half_width * 0.24, p.half_depth * 0.42, 120.0), 0.06
    )
    if p.parameters.spleen_scale > 0.0:
        p.paint(np.minimum(outer, -hilum), Tissue.SPLEEN, 0.05)


def _kidneys(p: Painter) -> None:
    for side in (-1.0, 1.0):
        kidney = p.ellipsoid(
            (side * p.uniform(0.42, 0.54), p.uniform(0.46, 0.62), p.uniform(-62.0, -38.0) + 10.0 * (side > 0)),
            (p.uniform(23.0, 30.0), p.uniform(26.0, 34.0), p.uniform(42.0, 56.0)),
            0.05,
            side * p.uniform(0.2, 0.7),
        )
        p.paint(kidney, Tissue.KIDNEY, p.uniform(0.06, 0.3))


def _back(p: Painter) -> None:
    inside = p.tissue != Tissue.AIR
    deep = ndimage.binary_erosion(inside, np.ones((1, 3, 3)), iterations=6)
    for side in (-1.0, 1.0):
        muscle = p.ellipsoid(
            (side * p.uniform(0.24, 0.30), p.uniform(0.86, 0.96), 0.0),
            (p.uniform(26.0, 36.0), p.uniform(22.0, 30.0), 400.0),
            0.05,
        )
        p.tissue[deep & (muscle > 0.0)] = Tissue.MUSCLE
        crus = p.ellipsoid(
            (side * p.uniform(0.16, 0.20), p.uniform(0.40, 0.52), 20.0),
            (p.uniform(6.0, 10.0), p.uniform(14.0, 24.0), 60.0),
        )
        p.paint(crus, Tissue.MUSCLE)
    centre_x, centre_y = p.uniform(-0.02, 0.02), p.uniform(0.64, 0.72)
    vertebra = p.ellipsoid((centre_x, centre_y, 0.0), (p.uniform(20.0, 25.0), p.uniform(15.0, 19.0), 400.0), 0.03)
    process = p.ellipsoid((centre_x, centre_y + 0.38, 0.0), (p.uniform(6.0, 11.0), 26.0, 400.0), 0.06)
    p.tissue[deep & (np.maximum(vertebra, process) > 0.0)] = Tissue.SPINE


def _great_vessels(p: Painter) -> tuple[float, float]:
    """Paint aorta and vena cava; return (x, y) of the vena cava, mm."""
    aorta = p.ellipsoid(
        (p.uniform(0.06, 0.12), p.uniform(0.38, 0.46), 0.0), (p.uniform(9.0, 13.0), p.uniform(9.0, 13.0), 400.0), 0.03
    )
    p.paint(aorta, Tissue.AORTA, 0.35)
    place = (p.uniform(-0.22, -0.15), p.uniform(0.30, 0.40))
    cava = p.ellipsoid((*place, 0.0), (p.uniform(9.0, 15.0), p.uniform(7.0, 12.0), 400.0), 0.05)
    p.paint(cava, Tissue.VENA_CAVA, p.uniform(0.0, 0.3))
    return place[0] * p.half_width, place[1] * p.half_depth


def _gallbladder(p: Painter) -> None:
    if p.rng.random() < CHOLECYSTECTOMY_SHARE:
        return
    size = p.parameters.gallbladder_scale
    bladder = p.ellipsoid(
        (p.uniform(-0.40, -0.20), p.uniform(-0.42, -0.12), p.uniform(-45.0, -15.0)),
        (p.uniform(9.0, 16.0) * size, p.uniform(14.0, 26.0) * size, p.uniform(14.0, 28.0) * size),
        0.06,
        p.uniform(-0.7, 0.2),
    )
    p.paint(bladder, Tissue.GALLBLADDER, p.uniform(0.0, 0.3))


def _lungs(p: Painter) -> None:
    x, y, z = p.grid.axes()
    across = (x / p.half_width) ** 2 + (y / p.half_depth) ** 2
    dome_mm = p.uniform(62.0, 90.0) - p.uniform(30.0, 42.0) * across - 12.0 * y / p.half_depth
    surface = (z - dome_mm) / 40.0 + np.float32(0.06) * smooth_noise(p.rng, p.grid, (50.0, 120.0))
    room = p.cavity & (p.tissue != Tissue.SPINE) & (p.tissue != Tissue.MUSCLE)
    p.tissue[room & (surface > 0.0)] = Tissue.LUNG
