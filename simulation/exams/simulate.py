"""One simulated MRE exam, from a seed to images: the single entry of the simulator."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.anatomy.tissue import STAGES
from simulation.exams.outcome import judge
from simulation.out_of_domain.scenes import LEVELS_MM, SCENES, altered, at_level
from simulation.physics.confidence import ConfidenceRule, confidence_map
from simulation.physics.distortion import centred_grid
from simulation.physics.inversion import Inversion, first_harmonic, invert, phase_residual, unwrap
from simulation.physics.kspace import measure_phase
from simulation.physics.motion import motion_of
from simulation.physics.signal import PHASE_PER_UM, ideal_magnitude, t2_weighted
from simulation.planning.plan import draw_plan, open_streams
from simulation.planning.variety import STANDARD
from simulation.types import Failure, Protocol, SimulatedExam, Tissue, Truth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.anatomy.shapes import Grid
    from simulation.physics.motion import MovingPatient
    from simulation.physics.signal import ScanSettings
    from simulation.planning.plan import Plan, Streams
    from simulation.planning.variety import Variety

ROWS: Final = Protocol().rows
COLUMNS: Final = Protocol().columns
PIXEL_MM: Final = Protocol().pixel_mm
SLICE_THICKNESS_MM: Final = 5.0
FREQUENCY_HZ: Final = 60.0
WAVE_OFFSETS: Final = 8
SIGNAL_SHARE: Final = 0.3
"""Share of the body's median magnitude below which the phase counts less and less."""
HEART_MM: Final = (35.0, -45.0, 45.0)
"""Place of the heart from the trunk's centre: x, y and z."""
HEART_REACH_MM: Final = (50.0, 45.0, 28.0)


def simulate_exam(
    seed: int,
    *,
    stage: str | None = None,
    liver_stiffness_kpa: float | None = None,
    slices: int | None = None,
    variety: Variety = STANDARD,
    failure: Failure | str | None = None,
    unlike: str = "",
) -> SimulatedExam:
    """Return the simulated exam of a seed; equal arguments give equal exams.

    Slice 0 is the uppermost.

    Parameters
    ----------
    seed : not negative
    stage : METAVIR stage "F0" to "F4"; drawn when left out
    liver_stiffness_kpa : mean stiffness of the parenchyma; drawn for the stage when left out
    slices : number of slices; 4 or 5 when left out
    variety : what is varied, and how often; `STANDARD` or `WIDE`
    failure : cause of failure (`Failure`) of the whole exam, "" for none; drawn by the variety when left out
    unlike : what is scanned instead of a liver, one of `simulation.out_of_domain.scenes.KINDS`; "" is the usual exam

    Raises
    ------
    ValueError
        If the stage, the failure or the kind is unknown, the stiffness is not positive, or there is no slice.
    """
    _check(stage, liver_stiffness_kpa, slices)
    streams = open_streams(seed)
    plan = draw_plan(
        streams,
        at_level(variety, unlike),
        stage=stage,
        liver_stiffness_kpa=liver_stiffness_kpa,
        slices=slices,
        failure=None if failure is None else Failure(failure),
    )
    if unlike in SCENES:
        plan = replace(plan, scene=unlike)
    exam = _scan(seed, streams, plan, variety)
    if unlike in {"", *SCENES, *LEVELS_MM}:
        return replace(exam, facts={**exam.facts, "unlike": unlike})
    moved = altered(exam, unlike, np.random.default_rng(seed))
    return replace(moved, facts={**exam.facts, "unlike": unlike})


def _scan(seed: int, streams: Streams, plan: Plan, variety: Variety) -> SimulatedExam:
    patient = motion_of(streams, plan, variety, FREQUENCY_HZ)
    magnitude, phase = _acquire(streams.scanner, plan, patient)
    seen = patient.on_matrix((plan.protocol.rows, plan.protocol.columns))
    results = [
        _process(phase[:, level], magnitude[level], labels != Tissue.AIR, seen.scan, plan, variety)
        for level, labels in enumerate(seen.tissue)
    ]
    confidence = np.stack([rated for _, rated in results])
    outcome = judge(plan, seen, magnitude, confidence, PHASE_PER_UM)
    pixel_mm = plan.protocol.pixel_mm
    parenchyma = seen.true_kpa[seen.tissue == Tissue.LIVER]
    return SimulatedExam(
        seed=seed,
        pixel_spacing_mm=(pixel_mm, pixel_mm),
        slice_thickness_mm=SLICE_THICKNESS_MM,
        slice_spacing_mm=plan.slice_spacing_mm,
        frequency_hz=FREQUENCY_HZ,
        magnitude=_moved(magnitude, plan),
        phase_rad=phase,
        wave_um=_wave_movie(np.stack([result.wave_rad for result, _ in results])),
        stiffness_kpa=np.stack([result.stiffness_kpa for result, _ in results]),
        confidence=confidence,
        t2=t2_weighted(streams.anatomy_scan, _image_grid(plan), seen.tissue, plan.stage),
        truth=Truth(
            tissue=seen.tissue,
            liver=seen.liver,
            true_stiffness_kpa=seen.true_kpa,
            stage=plan.stage,
            liver_stiffness_kpa=float(parenchyma.mean()) if parenchyma.size else plan.liver_stiffness_kpa,
            measurable=outcome.measurable,
            failure=outcome.failure,
            slice_failures=outcome.slice_failures,
        ),
        protocol=plan.protocol,
        facts={"variety": variety.name, **outcome.facts},
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


def _image_grid(plan: Plan) -> Grid:
    return centred_grid(plan.protocol.rows, plan.protocol.columns, plan.protocol.pixel_mm, plan.grid.z_mm)


def _acquire(
    rng: np.random.Generator, plan: Plan, patient: MovingPatient
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return measured magnitude (S, R, C) and phase offsets (K, S, R, C) on the image's matrix."""
    grid, traits = plan.grid, plan.traits
    ideal = ideal_magnitude(
        rng,
        grid,
        patient.tissue,
        patient.scan.liver_t2_star_ms,
        plan.protocol,
        traits.fat_fraction,
        [each.liver_t2_star_ms for each in plan.slice_traits],
    )
    breathing_mm = np.array([each.breathing_mm for each in plan.slice_traits])
    return measure_phase(
        rng,
        ideal * patient.density,
        (patient.wave_um * PHASE_PER_UM).astype(np.complex64),
        patient.scan,
        (float(grid.y_mm[1] - grid.y_mm[0]), float(grid.x_mm[1] - grid.x_mm[0])),
        matrix=(plan.protocol.rows, plan.protocol.columns),
        breathing_mm=breathing_mm if breathing_mm.any() else None,
        disturbance_rad=_heartbeat(grid, traits.cardiac_rad) if traits.cardiac_rad > 0.0 else None,
    )


def _heartbeat(grid: Grid, size_rad: float) -> NDArray[np.float32]:
    """Return the SD (S, R, C) of the phase error by the heart, which moves the left lobe below it."""
    distance = [
        ((along - place) / reach) ** 2
        for along, place, reach in zip(grid.axes(), HEART_MM, HEART_REACH_MM, strict=True)
    ]
    return np.asarray(size_rad * np.exp(-sum(distance)), np.float32)


def _process(
    phase_rad: NDArray[np.float32],
    magnitude: NDArray[np.float32],
    inside: NDArray[np.bool_],
    scan: ScanSettings,
    plan: Plan,
    variety: Variety,
) -> tuple[Inversion, NDArray[np.float32]]:
    """Return the inversion and the confidence (R, C) of one slice."""
    traits, pixel_mm = plan.traits, plan.protocol.pixel_mm
    signal = magnitude / (SIGNAL_SHARE * np.median(magnitude[inside]))
    smooth = unwrap(phase_rad, inside & (signal > 1.0))
    weight = np.minimum(signal, 1.0) ** 2
    result = invert(first_harmonic(smooth) * weight, inside, pixel_mm, FREQUENCY_HZ, traits.fit_sigma_mm)
    confidence = confidence_map(
        result.fit,
        result.amplitude_rad,
        magnitude,
        scan.noise,
        inside,
        pixel_mm,
        ConfidenceRule(traits.misfit_gain, traits.noise_half),
        phase_residual(smooth) if variety.rates_residual else None,
    )
    return result, confidence


def _moved(magnitude: NDArray[np.float32], plan: Plan) -> NDArray[np.float32]:
    """Return the magnitude series (S, R, C) as shifted against the stiffness by breathing between the two."""
    shift_mm = (plan.traits.register_y_mm, plan.traits.register_x_mm)
    if shift_mm == (0.0, 0.0):
        return magnitude
    shift_px = [each / plan.protocol.pixel_mm for each in shift_mm]
    return np.asarray(ndimage.shift(magnitude, (0.0, *shift_px), order=1, mode="nearest"), np.float32)


def _wave_movie(wave_rad: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Return the displacement (K', S, R, C) in micrometres at K' offsets over one period."""
    turns = np.exp(2j * np.pi * np.arange(WAVE_OFFSETS) / WAVE_OFFSETS).astype(np.complex64)
    return np.stack([(wave_rad * turn).real for turn in turns]).astype(np.float32) / np.float32(PHASE_PER_UM)
