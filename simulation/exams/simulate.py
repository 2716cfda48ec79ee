"""One simulated MRE exam, from a seed to images: the simulator's entry point."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.exams.outcome import assess
from simulation.exams.reading import FREQUENCY_HZ, noise_free_harmonic, read_standard, read_with_physics
from simulation.grid import centred_grid
from simulation.out_of_domain import LEVELS_MM, OUT_OF_DOMAIN
from simulation.out_of_domain.alterations import ALTERATIONS
from simulation.out_of_domain.scenes import SCENES
from simulation.physics.kspace import measure_phase
from simulation.physics.magnitude_kinds import KINDS
from simulation.physics.motion import saturated, simulate_motion
from simulation.physics.signal import PHASE_PER_UM, ideal_magnitude, t2_weighted
from simulation.planning.physics import STANDARD_PHYSICS
from simulation.planning.plan import draw_plan, open_streams
from simulation.planning.stages import STAGES
from simulation.planning.variety import STANDARD, at_level
from simulation.types import Failure, SimulatedExam

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.grid import Grid
    from simulation.physics.motion import VibratingPatient
    from simulation.planning.plan import Plan, Streams
    from simulation.planning.variety import Variety

SLICE_THICKNESS_MM: Final = 5.0
WAVE_OFFSETS: Final = 8
HEART_MM: Final = (35.0, -45.0, 45.0)
"""Position of the heart from the trunk's centre: x, y and z."""
HEART_REACH_MM: Final = (50.0, 45.0, 28.0)


def simulate_exam(
    seed: int,
    *,
    stage: str | None = None,
    liver_stiffness_kpa: float | None = None,
    slices: int | None = None,
    variety: Variety = STANDARD,
    failure: Failure | str | None = None,
    out_of_domain: str = "",
) -> SimulatedExam:
    """Return the simulated exam of a seed; equal arguments give bit-identical exams.

    Raises `ValueError` if the stage, the failure or the kind is unknown, the stiffness is not positive, or there is no
    slice.

    Parameters
    ----------
    seed : not negative
    stage : METAVIR stage "F0" to "F4"; random by default
    liver_stiffness_kpa : mean stiffness of the parenchyma; random for the stage by default
    slices : number of slices; 4 or 5 by default
    variety : which parameters vary, and how; `STANDARD` or `WIDE`
    failure : cause of failure (`Failure`) of the whole exam, "" for none; random for the variety by default
    out_of_domain : one of `simulation.out_of_domain.OUT_OF_DOMAIN`; "" for an axial elastogram of a liver
    """
    _check(stage, liver_stiffness_kpa, slices, out_of_domain)
    streams = open_streams(seed)
    if out_of_domain:
        variety = replace(variety, label_map_share=0.0)  # label maps end with the liver
    plan = draw_plan(
        streams,
        at_level(variety, LEVELS_MM[out_of_domain]) if out_of_domain in LEVELS_MM else variety,
        stage=stage,
        liver_stiffness_kpa=liver_stiffness_kpa,
        slices=slices,
        failure=None if failure is None else Failure(failure),
    )
    if out_of_domain in SCENES:
        plan = replace(plan, scene=out_of_domain)
    exam = _scan(seed, streams, plan, variety)
    if out_of_domain in ALTERATIONS:
        exam = ALTERATIONS[out_of_domain](exam, np.random.default_rng(seed))
    recipe = recipe_of(
        stage=stage,
        liver_stiffness_kpa=liver_stiffness_kpa,
        slices=slices,
        variety=None if variety == STANDARD else variety,
        failure=None if failure is None else str(Failure(failure)),
        out_of_domain=out_of_domain or None,
    )
    # "unlike" means out of domain: the key stays, because published cohorts hold it.
    return replace(exam, facts={**exam.facts, "unlike": out_of_domain}, recipe=recipe)


def recipe_of(**asked: object) -> str:
    """Return what was asked for beside the seed, None being the default, as one text.

    Two exams of one seed that differ in it are two exams, whose UIDs must differ.
    """
    return ", ".join(f"{name}={value!r}" for name, value in asked.items() if value is not None)


def _check(stage: str | None, liver_stiffness_kpa: float | None, slices: int | None, out_of_domain: str) -> None:
    message = ""
    if stage is not None and stage not in STAGES:
        message = f"unknown stage {stage!r}: choose one of {', '.join(STAGES)}"
    elif liver_stiffness_kpa is not None and not liver_stiffness_kpa > 0.0:
        message = f"liver stiffness is {liver_stiffness_kpa} kPa: give a positive value"
    elif slices is not None and slices < 1:
        message = f"{slices} slices requested: give at least one"
    elif out_of_domain and out_of_domain not in OUT_OF_DOMAIN:
        message = f"unknown kind {out_of_domain!r}: choose one of {', '.join(OUT_OF_DOMAIN)}"
    if message:
        raise ValueError(message)


def _scan(seed: int, streams: Streams, plan: Plan, variety: Variety) -> SimulatedExam:
    patient = simulate_motion(streams, plan, variety, FREQUENCY_HZ)
    ideal = ideal_magnitude(streams.scanner, plan, patient.tissue, patient.scan.liver_t2_star_ms)
    magnitude, phase = _acquire(streams.scanner, plan, patient, ideal)
    imaged = patient.on_matrix(plan.protocol.matrix)
    image_grid = centred_grid(*plan.protocol.matrix, plan.protocol.pixel_mm, plan.grid.z_mm)
    if plan.physics == STANDARD_PHYSICS:
        reading = read_standard(phase, magnitude, imaged, plan, rates_residual=variety.rates_residual)
    else:
        reference = noise_free_harmonic(patient, ideal, plan)
        reading = read_with_physics(phase, magnitude, imaged, plan, reference)
        changed = KINDS[plan.physics.magnitude](streams.sources, magnitude, imaged.tissue, image_grid)
        magnitude = np.maximum(changed, np.float32(0))
    truth, facts = assess(plan, imaged, magnitude, reading.confidence, PHASE_PER_UM)
    return SimulatedExam(
        seed=seed,
        pixel_spacing_mm=(plan.protocol.pixel_mm, plan.protocol.pixel_mm),
        slice_thickness_mm=SLICE_THICKNESS_MM,
        slice_spacing_mm=plan.slice_spacing_mm,
        frequency_hz=FREQUENCY_HZ,
        magnitude=_shifted(magnitude, plan),
        phase_rad=phase,
        wave_um=_wave_images(reading.wave_rad),
        stiffness_kpa=reading.stiffness_kpa,
        confidence=reading.confidence,
        t2=t2_weighted(streams.anatomy_scan, image_grid, imaged.tissue, plan.stage),
        truth=replace(truth, reference_kpa=reading.reference_kpa),
        protocol=plan.protocol,
        facts={"variety": variety.name, **facts},
    )


def _acquire(
    rng: np.random.Generator, plan: Plan, patient: VibratingPatient, ideal: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return measured magnitude (S, R, C) and phase offsets (K, S, R, C) on the image's matrix."""
    cardiac_rad = plan.parameters.cardiac_rad
    breathing_mm = np.array([each.breathing_mm for each in plan.slice_parameters])
    return measure_phase(
        rng,
        ideal * patient.density,
        saturated((patient.wave_um * PHASE_PER_UM).astype(np.complex64), plan.physics.saturation_rad),
        patient.scan,
        plan.grid.pixel_mm,
        matrix=plan.protocol.matrix,
        breathing_mm=breathing_mm if breathing_mm.any() else None,
        phase_error_rad=_cardiac_motion(plan.grid, cardiac_rad) if cardiac_rad > 0.0 else None,
    )


def _cardiac_motion(grid: Grid, size_rad: float) -> NDArray[np.float32]:
    """Return the SD (S, R, C) of the phase error from the heart, which moves the left lobe below it."""
    distance = [
        ((along - place) / reach) ** 2
        for along, place, reach in zip(grid.axes(), HEART_MM, HEART_REACH_MM, strict=True)
    ]
    return np.asarray(size_rad * np.exp(-sum(distance)), np.float32)


def _shifted(magnitude: NDArray[np.float32], plan: Plan) -> NDArray[np.float32]:
    """Return the magnitude (S, R, C) shifted against the stiffness, as by breathing between the two series."""
    shift_mm = (plan.parameters.register_y_mm, plan.parameters.register_x_mm)
    if shift_mm == (0.0, 0.0):
        return magnitude
    shift_px = [each / plan.protocol.pixel_mm for each in shift_mm]
    return np.asarray(ndimage.shift(magnitude, (0.0, *shift_px), order=1, mode="nearest"), np.float32)


def _wave_images(wave_rad: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Return the displacement (K', S, R, C) in micrometres at K' offsets over one period."""
    turns = np.exp(2j * np.pi * np.arange(WAVE_OFFSETS) / WAVE_OFFSETS).astype(np.complex64)
    return np.stack([(wave_rad * turn).real for turn in turns]).astype(np.float32) / np.float32(PHASE_PER_UM)
