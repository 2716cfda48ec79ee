"""Simulate a cohort in parallel, one file per exam; resumable, and independent of the number of workers."""

from __future__ import annotations

import multiprocessing
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from liver_mre.stiffness.waves import wave_maps
from simulation.exams import cohorts
from training.cohort.store import (
    ExamRecord,
    exam_path,
    load_exam,
    quantise_confidence,
    quantise_magnitude,
    quantise_stiffness,
    quantise_wave,
    save_exam,
    source_digest,
)
from training.errors import CohortError

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.exams.cohorts import Design, World
    from simulation.types import SimulatedExam

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def simulator_digest() -> str:
    """Return a digest of the simulator's source but its encodings: equal seed and digest give equal exams."""
    folder = Path(cohorts.__file__).parents[1]
    sources = sorted(folder.rglob("*.py"))
    return source_digest(path for path in sources if "encodings" not in path.relative_to(folder).parts)


def record_of(exam: SimulatedExam, simulator: str, *, waves: bool = False) -> ExamRecord:
    """Reduce a simulated exam to what training needs, quantised as a scanner stores it.

    `simulator` is the digest of the simulator's source; `waves` also stores wave amplitude and phase residual.
    """
    truth = exam.truth
    maps = wave_maps(exam.phase_rad) if waves else None
    return ExamRecord(
        seed=exam.seed,
        stage=truth.stage,
        liver_stiffness_kpa=float(truth.liver_stiffness_kpa),
        pixel_spacing_mm=exam.pixel_spacing_mm,
        stiffness=quantise_stiffness(exam.stiffness_kpa),
        confidence=quantise_confidence(exam.confidence),
        magnitude=quantise_magnitude(exam.magnitude, truth.tissue > 0),
        liver=truth.liver.astype(bool),
        tissue=truth.tissue,
        true_stiffness=quantise_stiffness(truth.true_stiffness_kpa),
        measurable=truth.liver.astype(bool) if truth.measurable is None else truth.measurable,
        failure=str(truth.failure),
        slice_failures=tuple(str(cause) for cause in truth.slice_failures),
        facts=exam.facts,
        simulator=simulator,
        wave=None if maps is None else quantise_wave(maps.amplitude_rad),
        residual=None if maps is None else quantise_wave(maps.residual_rad),
        reference=None if truth.reference_kpa is None else quantise_stiffness(truth.reference_kpa),
    )


def simulate_to_file(
    folder: Path,
    design: Design,
    condition: str,
    seed: int,
    simulator: str,
    index: int,
    world: World = cohorts.DESIGN_WORLD,
) -> int:
    """Simulate one exam of a cohort and write its file; return its number of slices.

    `simulator` is the digest of the simulator's source, `index` that of the patient.
    """
    from simulation.exams.simulate import simulate_exam

    patient = cohorts.patient_of(design, seed, index)
    exam = simulate_exam(
        patient.exam_seed,
        stage=patient.stage,
        liver_stiffness_kpa=patient.liver_stiffness_kpa,
        variety=cohorts.variety_of(design, condition, world),
        failure=cohorts.CONDITION_FAILURES.get(condition),
        out_of_domain=patient.out_of_domain,
    )
    record = record_of(exam, simulator, waves=design.waves)
    save_exam(folder, record)
    return len(record.stiffness)


def build_cohort(
    folder: Path,
    *,
    patients: int,
    seed: int,
    design: str = "extended",
    condition: str = "usual",
    world: World = cohorts.DESIGN_WORLD,
    workers: int | None = None,
    progress: bool = True,
) -> int:
    """Simulate the exams that are missing in a cohort's folder; return their number.

    Raises `CohortError` if the folder holds exams of another simulator or schema version.

    Parameters
    ----------
    seed : of the cohort, not negative; cohorts of different seeds share no exam
    design, condition : names in `simulation.exams.cohorts`
    world : physics and anatomy, where they are not the design's
    workers : processes of one thread each; default one per core
    """
    # Numerical libraries read these when a spawned worker imports them.
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    simulator = simulator_digest()
    chosen = cohorts.DESIGNS[design]
    cohorts.variety_of(chosen, condition, world)
    missing = []
    for index in range(patients):
        path = exam_path(folder, cohorts.patient_of(chosen, seed, index).exam_seed)
        if not path.exists():
            missing.append(index)
        elif index == 0:
            _check_same(path, simulator)
    print(f"{patients - len(missing)} of {patients} exams exist, {len(missing)} to simulate (simulator {simulator})")
    if missing:
        work = partial(simulate_to_file, folder, chosen, condition, seed, simulator, world=world)
        _run(work, missing, min(workers or _cores(), len(missing)), progress=progress)
    return len(missing)


def _check_same(path: Path, simulator: str) -> None:
    found = load_exam(path).simulator
    if found != simulator:
        message = (
            f"{path.parent.name} holds exams of simulator {found}, this is simulator {simulator}: choose another folder"
        )
        raise CohortError(message)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _run(work: Callable[[int], int], missing: list[int], workers: int, *, progress: bool) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, disable=not progress) as bar, multiprocessing.get_context("spawn").Pool(workers) as pool:
        row = bar.add_task("simulating exams", total=len(missing))
        slices = 0
        for each in pool.imap_unordered(work, missing):
            slices += each
            bar.update(row, advance=1, description=f"simulating exams ({slices} slices)")
