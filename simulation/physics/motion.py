"""Displacement of a patient under the driver's vibration, with EPI's distortion and the patient's rotation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.out_of_domain.scenes import paint_scene
from simulation.physics.distortion import Warp, resampled
from simulation.physics.modulus import draw_modulus, rescale_loss
from simulation.physics.scan_settings import at_resolution, draw_scan
from simulation.physics.waves import draw_driver, driver_force, solve_waves
from simulation.types import LIVER_TISSUES, Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.physics.modulus import ModulusMap
    from simulation.physics.scan_settings import ScanSettings
    from simulation.physics.waves import Driver
    from simulation.planning.plan import Plan, Streams
    from simulation.planning.variety import Variety

REACH_MM: Final = 120.0
"""Distance from the driver within which `ScanSettings.amplitude_um` is defined, body wall excluded."""
MAX_DISPLACEMENT_UM: Final = 65.0
"""Limit of the displacement's 99th percentile: drivers are turned down before the phase wraps often."""
FLUID_CONTACT_MM: Final = 8.0
"""Depth of liver in which pressure waves through ascites become shear waves."""


@dataclass(frozen=True, slots=True)
class VibratingPatient:
    """Noise-free state of the patient in the image plane."""

    tissue: NDArray[np.uint8]  # (S, R, C) labels
    true_kpa: NDArray[np.float32]  # (S, R, C) stiffness of the modulus in the wave equation
    wave_um: NDArray[np.complex128]  # (S, R, C) complex displacement
    density: NDArray[np.float32]  # (S, R, C) relative signal density where EPI stretches or compresses the image
    scan: ScanSettings
    driver_rad: float

    @property
    def liver(self) -> NDArray[np.bool_]:
        """(S, R, C) mask of the liver as a reader outlines it."""
        return np.isin(self.tissue, LIVER_TISSUES)

    def on_matrix(self, matrix: tuple[int, int]) -> VibratingPatient:
        """Return the patient at the pixels of the scanner's image."""
        if matrix == self.tissue.shape[1:]:
            return self
        return replace(
            self,
            tissue=resampled(self.tissue, matrix),
            true_kpa=resampled(self.true_kpa, matrix),
            wave_um=resampled(self.wave_um, matrix),
            density=resampled(self.density, matrix),
        )


def simulate_motion(streams: Streams, plan: Plan, variety: Variety, frequency_hz: float) -> VibratingPatient:
    """Return the vibrating patient of a plan, on the wave solver's grid."""
    parameters = plan.parameters
    tissue = paint_scene(streams.body, plan)
    modulus = draw_modulus(streams.tissue, plan, tissue)
    scan = draw_scan(streams.scanner, parameters)
    driver = draw_driver(streams.scanner, parameters)
    rng = streams.imaging
    second_contact_rad = float(rng.choice((-1.0, 1.0)) * rng.uniform(0.9, 2.4))
    contact = replace(driver, angle_rad=driver.angle_rad + second_contact_rad)
    wave_um = _displacement(modulus, tissue, plan, driver, contact, scan.amplitude_um, frequency_hz)
    if variety.protocols:
        scan = at_resolution(rng, scan, plan.protocol)
    patient = VibratingPatient(
        tissue, modulus.stiffness_kpa, wave_um, np.ones(tissue.shape, np.float32), scan, driver.angle_rad
    )
    epi = plan.protocol.sequence == "epi"
    if parameters.rotation_rad == 0.0 and not epi:
        return patient
    warp = Warp(rng, plan.grid, tissue, parameters, epi=epi)
    return replace(
        patient,
        tissue=warp.nearest(tissue),
        true_kpa=warp.nearest(modulus.stiffness_kpa),
        wave_um=warp.linear(wave_um),
        density=warp.density,
    )


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

    `amplitude_um` is its 90th percentile within `REACH_MM` of the driver, before `amplitude_scale` is applied.
    """
    pixel_mm = plan.grid.pixel_mm[1]
    wave = np.zeros(tissue.shape, np.complex128)
    near = np.zeros(tissue.shape, bool)
    for level, labels in enumerate(tissue):
        inside, wall = labels != Tissue.AIR, _shear_sources(labels, pixel_mm)
        level_mm = float(plan.grid.z_mm[level])
        force = driver_force(driver, inside, wall, pixel_mm, level_mm)
        rows, columns = np.nonzero(np.abs(force) > 0.5 * np.abs(force).max())
        if plan.parameters.second_contact > 0.0:
            force = force + plan.parameters.second_contact * driver_force(contact, inside, wall, pixel_mm, level_mm)
        slice_modulus = rescale_loss(modulus, level, plan.slice_parameters[level].loss_scale)
        wave[level] = solve_waves(slice_modulus, inside, force, pixel_mm, frequency_hz)
        y, x = np.ogrid[: labels.shape[0], : labels.shape[1]]
        distance_mm = pixel_mm * np.hypot(y - rows.mean(), x - columns.mean())
        deep = ~np.isin(labels, (Tissue.AIR, Tissue.SUBCUTANEOUS_FAT, Tissue.MUSCLE))
        near[level] = deep & (distance_mm < REACH_MM)
    strong = np.percentile(np.abs(wave[tissue != Tissue.AIR]), 99.0)
    usual = np.percentile(np.abs(wave[near]), 90.0)
    scale = np.array([each.amplitude_scale for each in plan.slice_parameters])[:, None, None]
    return np.asarray(wave * float(min(amplitude_um / usual, MAX_DISPLACEMENT_UM / strong)) * scale)


def _shear_sources(labels: NDArray[np.uint8], pixel_mm: float) -> NDArray[np.bool_]:
    """Return where the pad's pressure becomes shear: in the muscle wall, and in the liver behind ascites."""
    wall = np.asarray(labels == Tissue.MUSCLE)
    fluid = labels == Tissue.ASCITES
    if not fluid.any():
        return wall
    from_fluid_mm = pixel_mm * ndimage.distance_transform_edt(~fluid)
    return np.asarray(wall | ((labels == Tissue.LIVER) & (from_fluid_mm < FLUID_CONTACT_MM)))
