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
from simulation.physics.sources import further_force, normalised
from simulation.physics.waves import DENSITY_KG_M3, draw_driver, driver_force, solve_waves
from simulation.planning.physics import STANDARD_PHYSICS
from simulation.types import LIVER_TISSUES, Tissue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulation.physics.modulus import ModulusMap
    from simulation.physics.scan_settings import ScanSettings
    from simulation.physics.waves import Driver
    from simulation.planning.parameters import ExamParameters
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
    usual_um: NDArray[np.complex128]  # (S, R, C) the same without the exam's failure
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
            usual_um=resampled(self.usual_um, matrix),
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
    source_seed = int(streams.sources.integers(2**63))
    solver = WaveSolver(modulus, tissue, plan, second_contact_rad, frequency_hz, source_seed)
    wave_um = solver.displacement(driver, plan.slice_parameters, scan.amplitude_um)
    usual_um = wave_um
    if plan.physics != STANDARD_PHYSICS and any(each != plan.usual for each in plan.slice_parameters):
        usual = replace(driver, angle_rad=driver.angle_rad - parameters.driver_turn_rad + plan.usual.driver_turn_rad)
        usual_um = solver.displacement(usual, (plan.usual,) * len(tissue), scan.amplitude_um)
    if variety.protocols:
        scan = at_resolution(rng, scan, plan.protocol)
    patient = VibratingPatient(
        tissue, modulus.stiffness_kpa, wave_um, usual_um, np.ones(tissue.shape, np.float32), scan, driver.angle_rad
    )
    epi = plan.protocol.sequence == "epi"
    if parameters.rotation_rad == 0.0 and not epi:
        return patient
    warp = Warp(rng, plan.grid, tissue, parameters, epi=epi)
    moved_um = warp.linear(wave_um)
    return replace(
        patient,
        tissue=warp.nearest(tissue),
        true_kpa=warp.nearest(modulus.stiffness_kpa),
        wave_um=moved_um,
        usual_um=moved_um if usual_um is wave_um else warp.linear(usual_um),
        density=warp.density,
    )


@dataclass(frozen=True, slots=True)
class WaveSolver:
    """Waves of one patient under drivers and failures; sources beside the driver are drawn once."""

    modulus: ModulusMap
    tissue: NDArray[np.uint8]  # (S, R, C) labels
    plan: Plan
    second_contact_rad: float  # turn of the belt's contact against the driver
    frequency_hz: float
    source_seed: int  # of the sources beside the driver, the same under every driver and failure

    def displacement(
        self, driver: Driver, slice_parameters: Sequence[ExamParameters], amplitude_um: float
    ) -> NDArray[np.complex128]:
        """Return the complex displacement (S, R, C) in micrometres.

        `amplitude_um` is its 90th percentile within `REACH_MM` of the driver, before `amplitude_scale` is applied.
        """
        tissue, plan, physics = self.tissue, self.plan, self.plan.physics
        pixel_mm = plan.grid.pixel_mm[1]
        contact = replace(driver, angle_rad=driver.angle_rad + self.second_contact_rad)
        inside = tissue != Tissue.AIR
        walls = np.stack([_shear_sources(labels, pixel_mm) for labels in tissue])
        further = further_force(np.random.default_rng(self.source_seed), physics.waves, plan.grid, inside, walls)
        wave = np.zeros(tissue.shape, np.complex128)
        beside = np.zeros(tissue.shape, np.complex128)
        near = np.zeros(tissue.shape, bool)
        for level, labels in enumerate(tissue):
            level_mm = float(plan.grid.z_mm[level])
            force = driver_force(driver, inside[level], walls[level], pixel_mm, level_mm)
            rows, columns = np.nonzero(np.abs(force) > 0.5 * np.abs(force).max())
            if plan.parameters.second_contact > 0.0:
                belt = driver_force(contact, inside[level], walls[level], pixel_mm, level_mm)
                force = force + plan.parameters.second_contact * belt
            modulus = rescale_loss(self.modulus, level, slice_parameters[level].loss_scale)
            forces = force if further is None else np.stack([force, further[level]])
            solved = solve_waves(modulus, inside[level], forces, pixel_mm, self.frequency_hz)
            wave[level] = solved if further is None else solved[0]
            if further is not None:
                beside[level] = solved[1]
            elif physics.through_plane > 0.0:
                beside[level] = self._oblique(modulus, inside[level], force, pixel_mm)
            y, x = np.ogrid[: labels.shape[0], : labels.shape[1]]
            distance_mm = pixel_mm * np.hypot(y - rows.mean(), x - columns.mean())
            deep = ~np.isin(labels, (Tissue.AIR, Tissue.SUBCUTANEOUS_FAT, Tissue.MUSCLE))
            near[level] = deep & (distance_mm < REACH_MM)
        if physics.source_share > 0.0:
            organ = np.isin(tissue, LIVER_TISSUES)
            where = organ if organ.any() else inside
            wave = normalised(wave, where) + physics.source_share * normalised(beside, where)
        strong = np.percentile(np.abs(wave[inside]), 99.0)
        usual = np.percentile(np.abs(wave[near]), 90.0)
        scale = np.array([each.amplitude_scale for each in slice_parameters])[:, None, None]
        return np.asarray(wave * float(min(amplitude_um / usual, MAX_DISPLACEMENT_UM / strong)) * scale)

    def _oblique(
        self,
        modulus_pa: NDArray[np.complex128],
        inside: NDArray[np.bool_],
        force: NDArray[np.complex128],
        pixel_mm: float,
    ) -> NDArray[np.complex128]:
        """Return the waves (R, C) that leave the plane at an angle; of both directions, one phase is drawn."""
        usual_pa = float(np.median(np.abs(modulus_pa[inside])))
        wavenumber = 2.0 * np.pi * self.frequency_hz * np.sqrt(DENSITY_KG_M3 / usual_pa)
        return solve_waves(
            modulus_pa, inside, force, pixel_mm, self.frequency_hz, self.plan.physics.through_plane * wavenumber
        )


def _shear_sources(labels: NDArray[np.uint8], pixel_mm: float) -> NDArray[np.bool_]:
    """Return where the pad's pressure becomes shear: in the muscle wall, and in the liver behind ascites."""
    wall = np.asarray(labels == Tissue.MUSCLE)
    fluid = labels == Tissue.ASCITES
    if not fluid.any():
        return wall
    from_fluid_mm = pixel_mm * ndimage.distance_transform_edt(~fluid)
    return np.asarray(wall | ((labels == Tissue.LIVER) & (from_fluid_mm < FLUID_CONTACT_MM)))


def saturated(wave_rad: NDArray[np.complex64], limit_rad: float) -> NDArray[np.complex64]:
    """Return the wave with its amplitude bounded smoothly, as near a strong driver; a limit of 0 is none."""
    if limit_rad <= 0.0:
        return wave_rad
    return np.asarray(wave_rad / np.sqrt(1.0 + (np.abs(wave_rad) / limit_rad) ** 2), np.complex64)
