"""Organs of the upper abdomen, painted into the cavity of a random trunk.

Positions are fractions of the cavity's half width and half depth, so that organs scale with the patient;
every range below was chosen by looking at the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.anatomy.shapes import Grid, ellipsoid, smooth_noise, smooth_union
from simulation.anatomy.vessels import add_liver_vessels
from simulation.types import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.planning.variety import Traits

WITHOUT_GALLBLADDER: Final = 0.15
"""Share of patients whose gallbladder was removed."""


def paint_organs(
    rng: np.random.Generator,
    grid: Grid,
    tissue: NDArray[np.uint8],
    cavity: NDArray[np.bool_],
    cavity_mm: tuple[float, float],
    stage: str,
    traits: Traits,
) -> None:
    """Paint all organs into a label volume, in place; later organs push earlier ones aside.

    Parameters
    ----------
    grid : voxel centres relative to the trunk's centre
    tissue : (S, R, C) labels, changed in place
    cavity : (S, R, C) abdominal cavity
    cavity_mm : its half width and half depth
    stage : METAVIR stage
    traits : sizes relative to the standard, and surgery
    """
    scene = _Scene(rng, grid, tissue, cavity, cavity_mm, traits, cirrhotic=stage == "F4")
    scene.bowel()
    scene.stomach()
    scene.spleen()
    scene.liver()
    scene.kidneys()
    scene.back()
    cava_mm = scene.great_vessels()
    add_liver_vessels(rng, grid, tissue, cavity_mm, cava_mm, traits.vessel_scale)
    scene.gallbladder()
    scene.lungs()


class _Scene:
    """Label volume under construction."""

    def __init__(
        self,
        rng: np.random.Generator,
        grid: Grid,
        tissue: NDArray[np.uint8],
        cavity: NDArray[np.bool_],
        cavity_mm: tuple[float, float],
        traits: Traits,
        *,
        cirrhotic: bool,
    ) -> None:
        self.rng = rng
        self.grid = grid
        self.tissue = tissue
        self.cavity = cavity
        self.half_width, self.half_depth = cavity_mm
        self.traits = traits
        self.cirrhotic = cirrhotic

    def _uniform(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def _organ(
        self,
        centre: tuple[float, float, float],
        radii_mm: tuple[float, float, float],
        roughness: float = 0.08,
        tilt_rad: float = 0.0,
        lean: tuple[float, float] = (0.0, 0.0),
    ) -> NDArray[np.float32]:
        """Return a perturbed ellipsoid; `centre` is (fraction of width, fraction of depth, mm)."""
        centre_mm = (centre[0] * self.half_width, centre[1] * self.half_depth, centre[2])
        shape = ellipsoid(self.grid, centre_mm, radii_mm, tilt_rad, lean)
        scale = float(np.mean(radii_mm[:2]))
        bumps = smooth_noise(self.rng, self.grid, (0.9 * scale, 2.6 * scale))
        return shape + np.float32(roughness) * bumps

    def _paint(self, shape: NDArray[np.float32], label: Tissue, gap: float = 0.0) -> None:
        """Paint a shape inside the cavity, with a rim of fat `gap` wide (in units of the shape) around it."""
        if gap > 0.0:
            self.tissue[self.cavity & (shape > -gap)] = Tissue.VISCERAL_FAT
        self.tissue[self.cavity & (shape > 0.0)] = label

    def bowel(self) -> None:
        for _ in range(int(self.rng.integers(4, 9))):
            size = self._uniform(16.0, 30.0)
            loop = self._organ(
                (self._uniform(-0.35, 0.75), self._uniform(-0.6, 0.1), self._uniform(-75.0, -35.0)),
                (size * self._uniform(1.0, 1.8), size, size * 1.3),
                0.1,
                self._uniform(-1.0, 1.0),
            )
            self._paint(loop, Tissue.BOWEL, 0.12)

    def stomach(self) -> None:
        fundus = self._organ(
            (self._uniform(0.36, 0.52), self._uniform(-0.3, 0.05), self._uniform(5.0, 35.0)),
            (
                self.half_width * self._uniform(0.22, 0.36),
                self.half_depth * self._uniform(0.32, 0.52),
                self._uniform(40.0, 65.0),
            ),
            0.10,
            self._uniform(-0.5, 0.3),
        )
        antrum = self._organ(
            (self._uniform(0.1, 0.25), self._uniform(-0.5, -0.3), self._uniform(-35.0, -10.0)),
            (self.half_width * self._uniform(0.25, 0.4), self.half_depth * self._uniform(0.15, 0.28), 35.0),
            0.10,
            self._uniform(-0.3, 0.3),
        )
        self._paint(smooth_union(fundus, antrum, 0.2), Tissue.STOMACH, 0.06)

    def spleen(self) -> None:
        swelling = self._uniform(1.1, 1.4) if self.cirrhotic else self._uniform(0.8, 1.15)
        swelling *= self.traits.spleen_scale or 1.0
        outer = self._organ(
            (self._uniform(0.68, 0.80), self._uniform(0.28, 0.48), self._uniform(0.0, 30.0)),
            (
                self.half_width * 0.26 * swelling,
                self.half_depth * 0.48 * swelling,
                self._uniform(40.0, 60.0) * swelling,
            ),
            0.07,
            self._uniform(-0.1, 0.5),
        )
        hilum = self._organ(
            (self._uniform(0.34, 0.42), self._uniform(0.15, 0.35), 0.0),
            (self.half_width * 0.24, self.half_depth * 0.42, 120.0),
            0.06,
        )
        if self.traits.spleen_scale > 0.0:
            self._paint(np.minimum(outer, -hilum), Tissue.SPLEEN, 0.05)

    def liver(self) -> None:
        size = self._uniform(0.86, 1.12) * self.traits.liver_scale
        shrink = self._uniform(0.84, 0.96) if self.cirrhotic else 1.0
        top = self._uniform(15.0, 38.0)
        right = self._organ(
            (self._uniform(-0.58, -0.46), self._uniform(-0.10, 0.08), top),
            (
                self.half_width * self._uniform(0.52, 0.66) * size * shrink,
                self.half_depth * self._uniform(0.86, 1.08) * size * shrink,
                self._uniform(68.0, 98.0) * size,
            ),
            0.06,
            self._uniform(-0.25, 0.15),
            (self._uniform(0.0, 0.25), self._uniform(-0.1, 0.2)),
        )
        left = self._organ(
            (self._uniform(-0.15, 0.10), self._uniform(-0.56, -0.40), top + self._uniform(-12.0, 10.0)),
            (
                self.half_width * self._uniform(0.34, 0.68) * self.traits.left_lobe_scale,
                self.half_depth * self._uniform(0.26, 0.42),
                self._uniform(32.0, 62.0) * size,
            ),
            0.08,
            self._uniform(-0.15, 0.30),
        )
        swell = (1.3 if self.cirrhotic else 1.0) * self.traits.caudate_scale
        caudate = self._organ(
            (self._uniform(-0.24, -0.12), self._uniform(0.02, 0.18), self._uniform(5.0, 25.0)),
            (self._uniform(18.0, 30.0) * swell, self._uniform(15.0, 24.0) * swell, self._uniform(25.0, 40.0)),
        )
        shape = smooth_union(smooth_union(right, left, 0.16), 0.6 * caudate, 0.08)
        if self.cirrhotic:
            nodules = smooth_noise(self.rng, self.grid, (9.0, 18.0), waves=24)
            shape = shape + np.float32(self._uniform(0.008, 0.025)) * nodules
        shape = np.minimum(shape, -self._fissure())
        shape = np.minimum(shape, -self._posterior_limit())
        shape = self._altered(shape)
        self._paint(shape, Tissue.LIVER, self._uniform(0.0, 0.03))

    def _altered(self, shape: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the liver with a tongue, a second fissure or after surgery, as the traits say."""
        traits = self.traits
        if traits.riedel_mm > 0.0:
            tongue = self._organ(
                (self._uniform(-0.82, -0.70), self._uniform(-0.15, 0.1), -0.6 * traits.riedel_mm),
                (self._uniform(22.0, 34.0), self._uniform(40.0, 55.0), traits.riedel_mm),
            )
            shape = smooth_union(shape, tongue, 0.1)
        if traits.lobe_fissure > 0.0:
            cleft = self._organ(
                (self._uniform(-0.45, -0.25), self._uniform(-0.55, -0.35), self._uniform(-30.0, 10.0)),
                (traits.lobe_fissure * self._uniform(3.0, 7.0), self.half_depth * self._uniform(0.2, 0.4), 60.0),
                0.1,
                self._uniform(-0.6, 0.3),
            )
            shape = np.minimum(shape, -cleft)
        if traits.resection != 0.0:
            shape = np.minimum(shape, self._remnant(traits.resection))
        return shape

    def _remnant(self, resection: float) -> NDArray[np.float32]:
        """Return the side of a curved surgical plane on which liver is left.

        Parameters
        ----------
        resection : 0 to 1 removes from the right, 1 as far as the middle hepatic vein (right hepatectomy);
            negative removes the left lateral segments
        """
        x, y, _ = self.grid.axes()
        place = (0.02 if resection < 0.0 else -0.75 + 0.5 * resection) * self.half_width
        slope = self._uniform(-0.35, 0.1)
        uneven = np.float32(4.0) * smooth_noise(self.rng, self.grid, (60.0, 150.0))
        away = (x - np.float32(place) - np.float32(slope) * y + uneven) / np.float32(self.half_width)
        return np.asarray(-away if resection < 0.0 else away, np.float32)

    def _fissure(self) -> NDArray[np.float32]:
        """Return the fissure of the round ligament: a thin wedge of fat that opens downwards."""
        return self._organ(
            (self._uniform(-0.2, 0.02), self._uniform(-0.45, -0.2), self._uniform(-60.0, -15.0)),
            (
                self._uniform(4.0, 9.0) * self.traits.fissure_scale,
                self.half_depth * self._uniform(0.25, 0.45),
                self._uniform(35.0, 70.0),
            ),
            0.1,
            self._uniform(-0.5, 0.2),
        )

    def _posterior_limit(self) -> NDArray[np.float32]:
        """Return the room of spine and retroperitoneum, where no liver is."""
        return self._organ(
            (self._uniform(0.08, 0.18), self._uniform(0.75, 0.9), 0.0),
            (self.half_width * self._uniform(0.36, 0.46), self.half_depth * self._uniform(0.62, 0.78), 400.0),
            0.05,
        )

    def kidneys(self) -> None:
        for side in (-1.0, 1.0):
            kidney = self._organ(
                (
                    side * self._uniform(0.42, 0.54),
                    self._uniform(0.46, 0.62),
                    self._uniform(-62.0, -38.0) + 10.0 * (side > 0),
                ),
                (self._uniform(23.0, 30.0), self._uniform(26.0, 34.0), self._uniform(42.0, 56.0)),
                0.05,
                side * self._uniform(0.2, 0.7),
            )
            self._paint(kidney, Tissue.KIDNEY, self._uniform(0.06, 0.3))

    def back(self) -> None:
        inside = self.tissue != Tissue.AIR
        deep = ndimage.binary_erosion(inside, np.ones((1, 3, 3)), iterations=6)
        for side in (-1.0, 1.0):
            muscle = self._organ(
                (side * self._uniform(0.24, 0.30), self._uniform(0.86, 0.96), 0.0),
                (self._uniform(26.0, 36.0), self._uniform(22.0, 30.0), 400.0),
                0.05,
            )
            self.tissue[deep & (muscle > 0.0)] = Tissue.MUSCLE
            crus = self._organ(
                (side * self._uniform(0.16, 0.20), self._uniform(0.40, 0.52), 20.0),
                (self._uniform(6.0, 10.0), self._uniform(14.0, 24.0), 60.0),
            )
            self._paint(crus, Tissue.MUSCLE)
        centre_x, centre_y = self._uniform(-0.02, 0.02), self._uniform(0.64, 0.72)
        vertebra = self._organ(
            (centre_x, centre_y, 0.0), (self._uniform(20.0, 25.0), self._uniform(15.0, 19.0), 400.0), 0.03
        )
        process = self._organ((centre_x, centre_y + 0.38, 0.0), (self._uniform(6.0, 11.0), 26.0, 400.0), 0.06)
        self.tissue[deep & (np.maximum(vertebra, process) > 0.0)] = Tissue.SPINE

    def great_vessels(self) -> tuple[float, float]:
        """Paint aorta and vena cava; return (x, y) of the vena cava in mm."""
        aorta = self._organ(
            (self._uniform(0.06, 0.12), self._uniform(0.38, 0.46), 0.0),
            (self._uniform(9.0, 13.0), self._uniform(9.0, 13.0), 400.0),
            0.03,
        )
        self._paint(aorta, Tissue.AORTA, 0.35)
        place = (self._uniform(-0.22, -0.15), self._uniform(0.30, 0.40))
        cava = self._organ((*place, 0.0), (self._uniform(9.0, 15.0), self._uniform(7.0, 12.0), 400.0), 0.05)
        self._paint(cava, Tissue.VENA_CAVA, self._uniform(0.0, 0.3))
        return place[0] * self.half_width, place[1] * self.half_depth

    def gallbladder(self) -> None:
        if self.rng.random() < WITHOUT_GALLBLADDER:
            return
        size = self.traits.gallbladder_scale
        bladder = self._organ(
            (self._uniform(-0.40, -0.20), self._uniform(-0.42, -0.12), self._uniform(-45.0, -15.0)),
            (self._uniform(9.0, 16.0) * size, self._uniform(14.0, 26.0) * size, self._uniform(14.0, 28.0) * size),
            0.06,
            self._uniform(-0.7, 0.2),
        )
        self._paint(bladder, Tissue.GALLBLADDER, self._uniform(0.0, 0.3))

    def lungs(self) -> None:
        x, y, z = self.grid.axes()
        across = (x / self.half_width) ** 2 + (y / self.half_depth) ** 2
        dome_mm = self._uniform(62.0, 90.0) - self._uniform(30.0, 42.0) * across - 12.0 * y / self.half_depth
        surface = (z - dome_mm) / 40.0 + np.float32(0.06) * smooth_noise(self.rng, self.grid, (50.0, 120.0))
        room = self.cavity & (self.tissue != Tissue.SPINE) & (self.tissue != Tissue.MUSCLE)
        self.tissue[room & (surface > 0.0)] = Tissue.LUNG
