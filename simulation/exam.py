"""One simulated MRE exam, from a seed to images: the single entry of the simulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.acquisition import (
    PHASE_PER_UM,
    ScanSettings,
    draw_scan,
    ideal_magnitude,
    measure_phase,
    t2_weighted,
)
from simulation.anatomy import build_anatomy
from simulation.confidence import confidence_map
from simulation.inversion import Inversion, first_harmonic, invert, unwrap
from simulation.modulus import draw_modulus
from simulation.shapes import Grid
from simulation.tissue import STAGES, draw_liver_stiffness_kpa, draw_stage
from simulation.types import SimulatedExam, Tissue, Truth
from simulation.waves import draw_driver, driver_force, solve_waves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.modulus import ModulusMap
    from simulation.waves import Driver

ROWS: Final = 204
COLUMNS: Final = 256
PIXEL_MM: Final = 1.5625
SLICE_THICKNESS_MM: Final = 5.0
FREQUENCY_HZ: Final = 60.0
WAVE_OFFSETS: Final = 8
REACH_MM: Final = 120.0
"""Distance from the driver , inside the body wall, within which the amplitude of the motion is set."""
MAX_DISPLACEMENT_UM: Final = 65.0
"""Displacement that one in a hundred pixels may exceed: drivers are turned down before the phase wraps often."""
SIGNAL_SHARE: Final = 0.3
"""Share of the body's median magnitude below which the phase counts less and less."""


def simulate_exam(
    seed: int,
    *,
    stage: str | None = None,
    liver_stiffness_kpa: float | None = None,
    slices: int | None = None,
) -> SimulatedExam:
    """Return the simulated exam of a seed; equal arguments give equal exams.

    Slice 0 is the uppermost.

    Parameters
    ----------
    seed : not negative
    stage : METAVIR stage "F0" to "F4"; drawn when left out
    liver_stiffness_kpa : mean stiffness of the parenchyma; drawn for the stage when left out
    slices : number of slices; 4 or 5 when left out

    Raises
    ------
    ValueError
        If the stage is unknown, the stiffness is not positive, or there is no slice.
    """
    _check(stage, liver_stiffness_kpa, slices)
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(5)]
    patient, body, tissue_values, scanner, anatomy_scan = streams
    # Everything is drawn even where it is then overruled, so that one option does not change the others.
    drawn_stage = draw_stage(patient)
    metavir = drawn_stage if stage is None else stage
    drawn_kpa = draw_liver_stiffness_kpa(patient, metavir)
    stiffness = drawn_kpa if liver_stiffness_kpa is None else liver_stiffness_kpa
    drawn_slices = int(patient.integers(4, 6))
    spacing_mm = float(patient.uniform(9.0, 11.0))
    grid = _grid(drawn_slices if slices is None else slices, spacing_mm, float(patient.uniform(-10.0, 14.0)))

    tissue = build_anatomy(body, grid, metavir).tissue
    modulus = draw_modulus(tissue_values, grid, tissue, stiffness, metavir)
    scan = draw_scan(scanner)
    wave_um = _displacement(modulus, tissue, grid, draw_driver(scanner), scan)
    magnitude, phase = measure_phase(
        scanner,
        ideal_magnitude(scanner, grid, tissue, scan.liver_t2_star_ms),
        (wave_um * PHASE_PER_UM).astype(np.complex64),
        scan,
        (PIXEL_MM, PIXEL_MM),
    )
    inside = tissue != Tissue.AIR
    results = [_process(phase[:, level], magnitude[level], inside[level]) for level in range(len(tissue))]
    liver = (tissue == Tissue.LIVER) | (tissue == Tissue.LIVER_VESSEL)
    parenchyma = modulus.stiffness_kpa[tissue == Tissue.LIVER]
    return SimulatedExam(
        seed=seed,
        pixel_spacing_mm=(PIXEL_MM, PIXEL_MM),
        slice_thickness_mm=SLICE_THICKNESS_MM,
        slice_spacing_mm=spacing_mm,
        frequency_hz=FREQUENCY_HZ,
        magnitude=magnitude,
        phase_rad=phase,
        wave_um=_wave_movie(np.stack([result.wave_rad for result in results])),
        stiffness_kpa=np.stack([result.stiffness_kpa for result in results]),
        confidence=np.stack(
            [
                confidence_map(result.fit, result.amplitude_rad, magnitude[level], scan.noise, inside[level])
                for level, result in enumerate(results)
            ]
        ),
        t2=t2_weighted(anatomy_scan, grid, tissue, metavir),
        truth=Truth(tissue, liver, modulus.stiffness_kpa, metavir, float(parenchyma.mean())),
    )


def _check(stage: str | None, liver_stiffness_kpa: float | None, slices: int | None) -> None:
    if stage is not None and stage not in STAGES:
        message = f"unknown stage {stage!r}: choose one of {', '.join(STAGES)}"
        raise ValueError(message)
    if liver_stiffness_kpa is not None and not liver_stiffness_kpa > 0.0:
        message = f"liver stiffness is {liver_stiffness_kpa} kPa: give a positive value"
        raise ValueError(message)
    if slices is not None and slices < 1:
        message = f"{slices} slices asked for: give at least one"
        raise ValueError(message)


def _grid(slices: int, spacing_mm: float, offset_mm: float) -> Grid:
    levels = offset_mm + spacing_mm * (0.5 * (slices - 1) - np.arange(slices))
    return Grid(
        ((np.arange(COLUMNS) - 0.5 * (COLUMNS - 1)) * PIXEL_MM).astype(np.float32),
        ((np.arange(ROWS) - 0.5 * (ROWS - 1)) * PIXEL_MM).astype(np.float32),
        levels.astype(np.float32),
    )


def _displacement(
    modulus: ModulusMap, tissue: NDArray[np.uint8], grid: Grid, driver: Driver, scan: ScanSettings
) -> NDArray[np.complex128]:
    """Return the complex displacement (S, R, C) in micrometres."""
    wave = np.zeros(tissue.shape, np.complex128)
    near = np.zeros(tissue.shape, bool)
    for level, labels in enumerate(tissue):
        inside = labels != Tissue.AIR
        force = driver_force(driver, inside, labels == Tissue.MUSCLE, PIXEL_MM, float(grid.z_mm[level]))
        wave[level] = solve_waves(modulus.modulus_pa[level], inside, force, PIXEL_MM, FREQUENCY_HZ)
        rows, columns = np.nonzero(np.abs(force) > 0.5 * np.abs(force).max())
        y, x = np.ogrid[: labels.shape[0], : labels.shape[1]]
        distance_mm = PIXEL_MM * np.hypot(y - rows.mean(), x - columns.mean())
        deep = ~np.isin(labels, (Tissue.AIR, Tissue.SUBCUTANEOUS_FAT, Tissue.MUSCLE))
        near[level] = deep & (distance_mm < REACH_MM)
    strong = np.percentile(np.abs(wave[tissue != Tissue.AIR]), 99.0)
    usual = np.percentile(np.abs(wave[near]), 90.0)
    return wave * float(min(scan.amplitude_um / usual, MAX_DISPLACEMENT_UM / strong))


def _process(phase_rad: NDArray[np.float32], magnitude: NDArray[np.float32], inside: NDArray[np.bool_]) -> Inversion:
    signal = magnitude / (SIGNAL_SHARE * np.median(magnitude[inside]))
    harmonic = first_harmonic(unwrap(phase_rad, inside & (signal > 1.0)))
    weight = np.minimum(signal, 1.0) ** 2
    return invert(harmonic * weight, inside, PIXEL_MM, FREQUENCY_HZ)


def _wave_movie(wave_rad: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Return the displacement (K', S, R, C) in micrometres at K' offsets over one period."""
    turns = np.exp(2j * np.pi * np.arange(WAVE_OFFSETS) / WAVE_OFFSETS).astype(np.complex64)
    return np.stack([(wave_rad * turn).real for turn in turns]).astype(np.float32) / np.float32(PHASE_PER_UM)
