"""The plan of an exam: patient, stage, parameters, failure, protocol and slices, before any physics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.grid import centred_grid, solver_matrix
from simulation.planning.body import draw_body
from simulation.planning.failures import WHOLE_EXAM, affected_parameters, draw_failure
from simulation.planning.physics import STANDARD_PHYSICS, draw_physics
from simulation.planning.stages import draw_liver_stiffness_kpa, draw_stage
from simulation.planning.variety import draw_parameters, draw_protocol
from simulation.types import Failure

if TYPE_CHECKING:
    from simulation.grid import Grid
    from simulation.planning.body import Body
    from simulation.planning.parameters import ExamParameters
    from simulation.planning.physics import Physics
    from simulation.planning.variety import Variety
    from simulation.types import Protocol

STREAMS: Final = 10


@dataclass(frozen=True, slots=True)
class Streams:
    """Independent random streams of one exam, so that one option does not change what others draw."""

    patient: np.random.Generator
    body: np.random.Generator
    tissue: np.random.Generator
    scanner: np.random.Generator
    anatomy_scan: np.random.Generator
    parameters: np.random.Generator
    failure: np.random.Generator
    imaging: np.random.Generator
    physics: np.random.Generator
    sources: np.random.Generator


@dataclass(frozen=True, slots=True)
class Plan:
    """Plan of one exam."""

    stage: str  # METAVIR
    liver_stiffness_kpa: float  # mean of the parenchyma
    slice_spacing_mm: float  # distance of slice centres
    body: Body  # the trunk
    protocol: Protocol  # settings of the sequence
    grid: Grid  # voxel centres of the wave solver, with the image's field of view
    parameters: ExamParameters  # of the exam
    slice_parameters: tuple[ExamParameters, ...]  # (S,) of each slice; they differ where a failure affects it
    failure: Failure  # simulated cause of failure
    affected: tuple[bool, ...]  # (S,) slices affected by it
    usual: ExamParameters  # of the exam without its failure
    physics: Physics = STANDARD_PHYSICS  # how waves arise and the scanner reads them
    label_maps: str = ""  # folder of label maps, for an anatomy that is not painted
    scene: str = ""  # key of `simulation.out_of_domain.scenes.SCENES`, or "" for the upper abdomen of a patient


def open_streams(seed: int) -> Streams:
    """Return the random streams of a seed."""
    return Streams(*(np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(STREAMS)))


def draw_plan(
    streams: Streams,
    variety: Variety,
    *,
    stage: str | None,
    liver_stiffness_kpa: float | None,
    slices: int | None,
    failure: Failure | None,
) -> Plan:
    """Return an exam's plan. Every value is drawn, even where an argument replaces it, so that streams stay aligned."""
    patient = streams.patient
    drawn_stage = draw_stage(patient)
    metavir = drawn_stage if stage is None else stage
    drawn_kpa = draw_liver_stiffness_kpa(patient, metavir)
    drawn_slices = int(patient.integers(4, 6))
    count = drawn_slices if slices is None else slices
    spacing_mm = float(patient.uniform(9.0, 11.0))
    centre_mm = float(patient.uniform(-10.0, 14.0))
    parameters = draw_parameters(streams.parameters, variety, metavir)
    body = draw_body(streams.body, parameters)
    cause, whole = draw_failure(streams.failure, variety)
    if failure is not None:
        cause, whole = failure, True
    protocol = draw_protocol(streams.imaging, variety, body, cause)
    affected = _affected_slices(streams.failure, count, cause, whole=whole)
    changed = affected_parameters(streams.failure, variety, parameters, cause)
    slice_parameters = tuple(changed if hit else parameters for hit in affected)
    levels = centre_mm + spacing_mm * (0.5 * (count - 1) - np.arange(count))
    # Each slice has its own breath-hold.
    breath_holds = variety.breath_hold_mm * streams.failure.standard_normal(count)
    levels = levels + (np.array([each.level_mm for each in slice_parameters]) + breath_holds)
    rows, columns = solver_matrix(protocol)
    return Plan(
        stage=metavir,
        liver_stiffness_kpa=drawn_kpa if liver_stiffness_kpa is None else liver_stiffness_kpa,
        slice_spacing_mm=spacing_mm,
        body=body,
        protocol=protocol,
        grid=centred_grid(rows, columns, protocol.columns * protocol.pixel_mm / columns, levels),
        parameters=changed if whole else parameters,
        slice_parameters=slice_parameters,
        failure=cause if any(affected) else Failure.NONE,
        affected=affected,
        usual=parameters,
        physics=draw_physics(streams.physics, variety.families, variety.label_map_share),
        label_maps=variety.label_maps,
    )


def _affected_slices(rng: np.random.Generator, count: int, cause: Failure, *, whole: bool) -> tuple[bool, ...]:
    """Return which slices (S,) are affected: all, or at least one from the upper or the lower end."""
    number = int(rng.integers(1, max(count, 2)))
    from_top = bool(rng.integers(2)) or cause == Failure.ANATOMICAL_MASKING
    if cause == Failure.NONE:
        return (False,) * count
    if whole or cause in WHOLE_EXAM:
        return (True,) * count
    return tuple((level if from_top else count - 1 - level) < number for level in range(count))
