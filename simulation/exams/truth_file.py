"""Ground truth of an exam, as a file beside its DICOM study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from simulation.types import SimulatedExam


def write_truth(exam: SimulatedExam, path: Path, *, slice_z_mm: Sequence[float]) -> None:
    """Write an exam's ground truth as a compressed `.npz`.

    Its keys are the attributes of `Truth`, without `measurable` if that is unknown, and `slice_z_mm` (S,), z of each
    slice in the DICOM study; `pixel_spacing_mm`; `seed`; `simulated`, always True.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    truth = exam.truth
    known: dict[str, Any] = {} if truth.measurable is None else {"measurable": truth.measurable}
    np.savez_compressed(
        path,
        tissue=truth.tissue,
        liver=truth.liver,
        true_stiffness_kpa=truth.true_stiffness_kpa,
        slice_z_mm=np.asarray(slice_z_mm, dtype=np.float64),
        pixel_spacing_mm=np.asarray(exam.pixel_spacing_mm, dtype=np.float64),
        stage=np.asarray(truth.stage),
        liver_stiffness_kpa=np.asarray(truth.liver_stiffness_kpa),
        seed=np.asarray(exam.seed),
        simulated=np.asarray(a=True),
        failure=np.asarray(str(truth.failure)),
        slice_failures=np.asarray([str(cause) for cause in truth.slice_failures], dtype="U32"),
        **known,
    )
