"""The patient while the driver shakes: labels, true stiffness and displacement, as an ideal image shows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.anatomy.abdomen import build_anatomy
from simulation.out_of_domain.scenes import paint_scene
from simulation.physics.distortion import Warp, resampled
from simulation.physics.modulus import draw_modulus, rescale_loss
from simulation.physics.signal import at_resolution, draw_scan, vary_scan
from simulation.physics.waves import displaced, draw_driver, driver_force, solve_waves
from simulation.types import LIVER_TISSUES, Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.physics.modulus import ModulusMap
    from simulation.physics.signal import ScanSettings
    from simulation.physics.waves import Driver
    from simulation.planning.plan import Plan, Streams
    from simulation.planning.variety import Variety

REACH_MM: Final = 120.0
"""Distance from the driver, inside the body wall, within which the amplitude of the motion is set."""
MAX_DISPLACEMENT_UM: Final = 65.0
"""Displacement that one in a hundred pixels may exceed: drivers are turned down before the phase wraps often."""
FLUID_CONTACT_MM: Final = 8.0
"""Depth of liver that pressure waves through ascites shake."""


@dataclass(frozen=True, slots=True)
class MovingPatient:
    """What an ideal image would show.

    Attributes
    ----------
    tissue : (S, R, C) labels
    true_kpa : (S, R, C) stiffness of the modulus in the wave equation
    wave_um : (S, R, C) complex displacement
    density : (S, R, C) signal density where the image is stretched or squeezed
    scan : settings of the scan
    driver_rad : place of the driver
    """

    tissue: NDArray[np.uint8]
    true_kpa: NDArray[np.float32]
    wave_um: NDArray[np.complex128]
    density: NDArray[np.float32]
    scan: ScanSettings
    driver_rad: float

    @property
    def liver(self) -> NDArray[np.bool_]:
        """(S, R, C) what a reader outlines."""
        return np.isin(self.tissue, LIVER_TISSUES)

    def on_matrix(self, matrix: tuple[int, int]) -> MovingPatient:
        """Return the same at the pixels of the scanner's image."""
        if matrix == self.tissue.shape[1:]:
            return self
        return replace(
            self,
            tissue=resampled(self.tissue, matrix),
            true_kpa=resampled(self.true_kpa, matrix),
            wave_um=resampled(self.wave_um, matrix),
            density=resampled(self.density, matrix),
        )


def motion_of(streams: Streams, plan: Plan, variety: Variety, frequency_hz: float) -> MovingPatient:
    """Return the moving patient of a plan, on the solver's grid."""
    grid, traits = plan.grid, plan.traits
    tissue = (
        paint_scene(streams.body, plan)
        if plan.scene
        else build_anatomy(streams.body, grid, plan.body, plan.stage, traits).tissue
    )
    modulus = draw_modulus(streams.tissue, grid, tissue, plan.liver_stiffness_kpa, plan.stage, traits)
    scan = vary_scan(draw_scan(streams.scanner), traits)
    driver = displaced(draw_driver(streams.scanner), traits)
    contact = replace(driver, angle_rad=driver.angle_rad + _elsewhere(streams.imaging))
    wave_um = _displacement(modulus, tissue, plan, driver, contact, scan.amplitude_um, frequency_hz)
    if variety.protocols:
        scan = at_resolution(streams.imaging, scan, plan.protocol)
    patient = MovingPatient(
        tissue, modulus.stiffness_kpa, wave_um, np.ones(tissue.shape, np.float32), scan, driver.angle_rad
    )
    epi = plan.protocol.sequence == "epi"
    if traits.rotation_rad == 0.0 and not epi:
        return patient
    warp = Warp(streams.imaging, grid, tissue, traits, epi=epi)
    return replace(
        patient,
        tissue=warp.nearest(tissue),
        true_kpa=warp.nearest(modulus.stiffness_kpa),
        wave_um=warp.linear(wave_um),
        density=warp.density,
    )


def _elsewhere(rng: np.random.Generator) -> float:
    """Return an angle to another place of the body wall."""
    return float(rng.choice((-1.0, 1.0)) * rng.uniform(0.9, 2.4))


def _displacement(
    modulus: ModulusMap,
    tissue: NDArray[np.uint8],
    plan: Plan,
    driver: Driver,
    contact: Driver,
    amplitude_um: float,
    frequency_hz: float,
) -> NDArray[np.complex128]:
    """Return the complex displacement (S, R, C) in micrometres.

    `amplitude_um` is its 90th percentile within `REACH_MM` of the driver, before the traits scale it.
    """
    pixel_mm = float(plan.grid.x_mm[1] - plan.grid.x_mm[0])
    wave = np.zeros(tissue.shape, np.complex128)
    near = np.zeros(tissue.shape, bool)
    for level, labels in enumerate(tissue):
        inside, wall = labels != Tissue.AIR, _shaken(labels, pixel_mm)
        level_mm = float(plan.grid.z_mm[level])
        force = driver_force(driver, inside, wall, pixel_mm, level_mm)
        rows, columns = np.nonzero(np.abs(force) > 0.5 * np.abs(force).max())
        if plan.traits.second_contact > 0.0:
            force = force + plan.traits.second_contact * driver_force(contact, inside, wall, pixel_mm, level_mm)
        slice_modulus = rescale_loss(modulus, level, plan.slice_traits[level].loss_scale)
        wave[level] = solve_waves(slice_modulus, inside, force, pixel_mm, frequency_hz)
        y, x = np.ogrid[: labels.shape[0], : labels.shape[1]]
        distance_mm = pixel_mm * np.hypot(y - rows.mean(), x - columns.mean())
        deep = ~np.isin(labels, (Tissue.AIR, Tissue.SUBCUTANEOUS_FAT, Tissue.MUSCLE))
        near[level] = deep & (distance_mm < REACH_MM)
    strong = np.percentile(np.abs(wave[tissue != Tissue.AIR]), 99.0)
    usual = np.percentile(np.abs(wave[near]), 90.0)
    scale = np.array([each.amplitude_scale for each in plan.slice_traits])[:, None, None]
    return np.asarray(wave * float(min(amplitude_um / usual, MAX_DISPLACEMENT_UM / strong)) * scale)


def _shaken(labels: NDArray[np.uint8], pixel_mm: float) -> NDArray[np.bool_]:
    """Return where the pad's pressure turns into shear: the muscle wall, and the liver behind ascites."""
    wall = np.asarray(labels == Tissue.MUSCLE)
    fluid = labels == Tissue.ASCITES
    if not fluid.any():
        return wall
    from_fluid_mm = pixel_mm * ndimage.distance_transform_edt(~fluid)
    return np.asarray(wall | ((labels == Tissue.LIVER) & (from_fluid_mm < FLUID_CONTACT_MM)))
