"""What is decided about an exam before any physics: patient, stage, traits, failure, protocol and levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.anatomy.abdomen import draw_body
from simulation.anatomy.tissue import draw_liver_stiffness_kpa, draw_stage
from simulation.physics.distortion import centred_grid, solver_matrix
from simulation.planning.failures import WHOLE_EXAM, draw_failure, struck_traits
from simulation.planning.variety import draw_protocol, draw_traits
from simulation.types import Failure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.anatomy.abdomen import Body
    from simulation.anatomy.shapes import Grid
    from simulation.planning.variety import Traits, Variety
    from simulation.types import Protocol

STREAMS: Final = 8


@dataclass(frozen=True, slots=True)
class Streams:
    """Independent sources of randomness of one exam, so that one option does not change the others."""

    patient: np.random.Generator
    body: np.random.Generator
    tissue: np.random.Generator
    scanner: np.random.Generator
    anatomy_scan: np.random.Generator
    traits: np.random.Generator
    failure: np.random.Generator
    imaging: np.random.Generator


@dataclass(frozen=True, slots=True)
class Plan:
    """One exam before the physics.

    Attributes
    ----------
    stage, liver_stiffness_kpa : of the patient
    slice_spacing_mm : distance between slices
    body : the trunk
    protocol : how the scanner is set
    grid : voxel centres of the solver, same field of view as the image
    traits : of the exam
    slice_traits : (S,) traits of each slice; those that a failure strikes differ
    failure : cause of failure the exam is given
    struck : (S,) which slices it strikes
    scene : key of `simulation.out_of_domain.scenes.SCENES`, or "" for the upper abdomen of a patient
    """

    stage: str
    liver_stiffness_kpa: float
    slice_spacing_mm: float
    body: Body
    protocol: Protocol
    grid: Grid
    traits: Traits
    slice_traits: tuple[Traits, ...]
    failure: Failure
    struck: tuple[bool, ...]
    scene: str = ""


def open_streams(seed: int) -> Streams:
    """Return the sources of randomness of a seed."""
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
    """Return an exam's plan; what is not given is drawn, and drawn even where it is then overruled."""
    patient = streams.patient
    drawn_stage = draw_stage(patient)
    metavir = drawn_stage if stage is None else stage
    drawn_kpa = draw_liver_stiffness_kpa(patient, metavir)
    drawn_slices = int(patient.integers(4, 6))
    count = drawn_slices if slices is None else slices
    spacing_mm = float(patient.uniform(9.0, 11.0))
    centre_mm = float(patient.uniform(-10.0, 14.0))
    traits = draw_traits(streams.traits, variety, metavir)
    body = draw_body(streams.body, traits)
    cause, whole = draw_failure(streams.failure, variety)
    if failure is not None:
        cause, whole = failure, True
    protocol = draw_protocol(streams.imaging, variety, body, cause)
    struck = _struck(streams.failure, count, cause, whole=whole)
    changed = struck_traits(streams.failure, variety, traits, cause)
    slice_traits = tuple(changed if hit else traits for hit in struck)
    levels = centre_mm + spacing_mm * (0.5 * (count - 1) - np.arange(count))
    return Plan(
        stage=metavir,
        liver_stiffness_kpa=drawn_kpa if liver_stiffness_kpa is None else liver_stiffness_kpa,
        slice_spacing_mm=spacing_mm,
        body=body,
        protocol=protocol,
        grid=_grid(protocol, levels + _breath_holds(streams.failure, variety, slice_traits)),
        traits=changed if whole else traits,
        slice_traits=slice_traits,
        failure=cause if any(struck) else Failure.NONE,
        struck=struck,
    )


def _struck(rng: np.random.Generator, count: int, cause: Failure, *, whole: bool) -> tuple[bool, ...]:
    """Return which slices a cause strikes: all, or one and more from the upper or the lower end."""
    number = int(rng.integers(1, max(count, 2)))
    from_top = bool(rng.integers(2)) or cause == Failure.ANATOMICAL_MASKING
    if cause == Failure.NONE:
        return (False,) * count
    if whole or cause in WHOLE_EXAM:
        return (True,) * count
    return tuple((level if from_top else count - 1 - level) < number for level in range(count))


def _breath_holds(rng: np.random.Generator, variety: Variety, slice_traits: tuple[Traits, ...]) -> NDArray[np.float64]:
    """Return the shift of each slice (S,) along the body: each is scanned in a breath-hold of its own."""
    jitter = variety.breath_hold_mm * rng.standard_normal(len(slice_traits))
    return np.array([traits.level_mm for traits in slice_traits]) + jitter


def _grid(protocol: Protocol, levels_mm: NDArray[np.float64]) -> Grid:
    rows, columns = solver_matrix(protocol)
    return centred_grid(rows, columns, protocol.columns * protocol.pixel_mm / columns, levels_mm)
