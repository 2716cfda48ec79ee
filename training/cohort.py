"""Simulate a training cohort in parallel processes, one file an exam, resumable."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from training.store import (
    ExamRecord,
    exam_path,
    quantise_confidence,
    quantise_stiffness,
    save_exam,
    source_digest,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.types import SimulatedExam

    Simulate = Callable[[int], SimulatedExam]

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def simulator_digest() -> str:
    """Return a digest of the simulator's source: exams with equal seed and digest are equal."""
    package = importlib.import_module("simulation")
    return source_digest(Path(str(package.__file__)).parent.glob("*.py"))


def record_of(exam: SimulatedExam, simulator: str) -> ExamRecord:
    """Reduce a simulated exam to what training needs, in the counts a scanner would store."""
    return ExamRecord(
        seed=exam.seed,
        stiffness=quantise_stiffness(exam.stiffness_kpa),
        confidence=quantise_confidence(exam.confidence),
        liver=exam.truth.liver.astype(bool),
        pixel_spacing_mm=exam.pixel_spacing_mm,
        stage=exam.truth.stage,
        liver_stiffness_kpa=float(exam.truth.liver_stiffness_kpa),
        simulator=simulator,
    )


def simulate_to_file(task: tuple[int, Path, str]) -> int:
    """Simulate the exam of one seed into its file; `task` is (seed, folder, simulator digest)."""
    seed, folder, simulator = task
    simulate: Simulate = importlib.import_module("simulation.exam").simulate_exam
    save_exam(folder, record_of(simulate(seed), simulator))
    return seed


def build_cohort(folder: Path, *, exams: int, first_seed: int, workers: int) -> int:
    """Simulate the exams that the folder lacks.

    Parameters
    ----------
    folder : where the files go; existing exams are kept as they are
    exams : number of exams, of seeds first_seed to first_seed + exams - 1
    first_seed : seed of the first exam, not negative
    workers : processes, each limited to one thread

    Returns
    -------
    The number of exams simulated now.

    """
    # Read by the numerical libraries when a spawned worker imports them.
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    simulator = simulator_digest()
    seeds = range(first_seed, first_seed + exams)
    tasks = [(seed, folder, simulator) for seed in seeds if not exam_path(folder, seed).exists()]
    print(f"{exams - len(tasks)} of {exams} exams exist, {len(tasks)} to simulate (simulator {simulator})")
    start = time.monotonic()
    if tasks:
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            for done, seed in enumerate(pool.imap_unordered(simulate_to_file, tasks), start=1):
                seconds = (time.monotonic() - start) / done
                left_min = seconds * (len(tasks) - done) / 60
                print(f"{done}/{len(tasks)} seed {seed}: {seconds:.2f} s an exam, {left_min:.1f} min left", flush=True)
    return len(tasks)
