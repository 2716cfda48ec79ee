"""A picture of simulated exams, one per row."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from simulation.types import SimulatedExam

WINDOW_KPA = (0.0, 8.0)
CONFIDENCE_THRESHOLD = 0.95
TITLES = ("magnitude", "phase", "wave (µm)", "stiffness, 0-8 kPa", "95 % masked, true liver outlined", "T2-weighted")


def draw_page(exams: Sequence[SimulatedExam], path: Path) -> None:
    """Draw the middle slice of every exam (at least one) into a PNG file."""
    mpl.rcParams["font.size"] = 8
    figure = Figure(figsize=(14, 1.9 * len(exams) + 0.3), layout="constrained")
    grid = figure.subplots(len(exams), len(TITLES), squeeze=False)
    for row, exam in zip(grid, exams, strict=True):
        _draw_exam(row, exam)
    for axes, title in zip(grid[0], TITLES, strict=True):
        axes.set_title(title)
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=80)
    # A palette reduces the file to a third.
    Image.open(drawn).convert("RGB").quantize(256).save(path, format="PNG", optimize=True)


def _draw_exam(row: Sequence[Axes], exam: SimulatedExam) -> None:
    middle = len(exam.stiffness_kpa) // 2
    stiffness = exam.stiffness_kpa[middle]
    masked = stiffness * (exam.confidence[middle] >= CONFIDENCE_THRESHOLD)
    low, high = WINDOW_KPA
    row[0].imshow(exam.magnitude[middle], cmap="gray")
    row[1].imshow(exam.phase_rad[0, middle], cmap="gray", vmin=-3.14, vmax=3.14)
    row[2].imshow(exam.wave_um[0, middle], cmap="RdBu_r", vmin=-30, vmax=30)
    row[3].imshow(stiffness, cmap="turbo", vmin=low, vmax=high)
    row[4].imshow(masked, cmap="gray", vmin=low, vmax=high)
    row[4].contour(exam.truth.liver[middle], levels=[0.5], colors="red", linewidths=0.7)
    row[5].imshow(exam.t2[middle], cmap="gray")
    for axes in row:
        axes.set_xticks([])
        axes.set_yticks([])
    scan = (
        f"{exam.protocol.sequence.upper()} {exam.protocol.field_t:g} T, {exam.protocol.columns} x {exam.protocol.rows}"
    )
    failure = f"\n{exam.truth.failure}" if exam.truth.failure else ""
    patient = f"seed {exam.seed}: {exam.truth.stage}, {exam.truth.liver_stiffness_kpa:.1f} kPa"
    row[0].set_ylabel(f"{patient}\n{scan}{failure}")
