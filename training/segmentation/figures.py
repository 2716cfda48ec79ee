"""Figures of the evaluation, as PNG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from liver_mre.liver.channels import WINDOW_KPA
from liver_mre.measurement.staging import SIGNIFICANT_CUTOFF_KPA
from training.reporting.statistics import bland_altman
from training.segmentation.tables import SIGNIFICANT_STAGES, by, confusion, kpa_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from training.cohort.exams import Exam
    from training.segmentation.scores import ExamScore


def as_png(figure: Figure) -> bytes:
    """Return the figure as PNG."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110)
    return stream.getvalue()


def agreement(scores: Sequence[ExamScore]) -> bytes:
    """Plot automatic against true stiffness, and Bland-Altman in percent."""
    automatic, true = kpa_pairs(scores)
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    scatter, difference = figure.subplots(1, 2)
    limit = float(max(automatic.max(initial=1.0), true.max(initial=1.0))) * 1.05
    scatter.plot([0, limit], [0, limit], color="grey", linewidth=0.8)
    scatter.scatter(true, automatic, s=9)
    scatter.axvline(SIGNIFICANT_CUTOFF_KPA, color="grey", linestyle=":")
    scatter.axhline(SIGNIFICANT_CUTOFF_KPA, color="grey", linestyle=":")
    scatter.set(xlabel="true region, kPa", ylabel="automatic, kPa", title="Stiffness (dotted: 2.8 kPa)")
    found = bland_altman(automatic, true, percent=True)
    difference.scatter((automatic + true) / 2, 100 * (automatic - true) / true, s=9)
    for value, style in ((found.bias.value, "-"), (found.low, "--"), (found.high, "--")):
        if np.isfinite(value):
            difference.axhline(value, color="grey", linestyle=style)
    difference.set(xlabel="mean of both, kPa", ylabel="automatic - true, %", title="Bland-Altman: bias, 95 % limits")
    return as_png(figure)


def dice_by_stage(scores: Sequence[ExamScore]) -> bytes:
    """Plot Dice of the measured region by stage."""
    groups = by(scores, lambda score: score.stage or "unknown")
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    values = [[s.measurable_dice for s in members if np.isfinite(s.measurable_dice)] for members in groups.values()]
    axes.boxplot(values, tick_labels=[f"{name}\nn={len(v)}" for name, v in zip(groups, values, strict=True)])
    axes.set(ylabel="Dice", title="Dice of the measured region by stage", ylim=(0, 1.02))
    return as_png(figure)


def stage_confusion(scores: Sequence[ExamScore]) -> bytes:
    """Plot the confusion matrix of stiffness categories."""
    names, counts, _ = confusion(scores)
    figure = Figure(figsize=(6.4, 5), layout="constrained")
    axes = figure.subplots()
    axes.imshow(counts, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        axes.text(
            column, row, str(count), ha="center", va="center", color="white" if count > counts.max() / 2 else "black"
        )
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="by automatic stiffness", ylabel="by the true region's stiffness", title="Categories")
    return as_png(figure)


def roc(scores: Sequence[ExamScore]) -> bytes | None:
    """Plot the ROC curve of the automatic stiffness for stage ≥F2; None unless both classes are present."""
    from sklearn.metrics import roc_curve

    staged = [score for score in scores if score.stage and score.measured]
    truth = [score.stage in SIGNIFICANT_STAGES for score in staged]
    if len(set(truth)) < 2:  # noqa: PLR2004 - classes
        return None
    false, true, _ = roc_curve(truth, [score.predicted_kpa for score in staged])
    figure = Figure(figsize=(4.4, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.plot(false, true, drawstyle="steps-post")
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    axes.set(xlabel="1 - specificity", ylabel="sensitivity", title="Stage ≥F2 by automatic stiffness")
    return as_png(figure)


def overlay(exam: Exam, predicted: NDArray[np.bool_], title: str) -> bytes:
    """Plot all slices: stiffness (not measurable pixels darker), true outline white, predicted outline red."""
    figure = Figure(figsize=(2.6 * len(exam.liver), 2.6), layout="constrained")
    figure.suptitle(title, fontsize=9)
    shown = np.where(exam.confident_pixels, exam.stiffness_kpa, 0.35 * exam.stiffness_kpa)
    for index, axes in enumerate(np.atleast_1d(figure.subplots(1, len(exam.liver)))):
        axes.imshow(shown[index], cmap="inferno", vmin=0, vmax=WINDOW_KPA[1], aspect=_aspect(exam))
        _outline(axes, exam.liver[index], "white")
        _outline(axes, predicted[index], "red")
        axes.axis("off")
    return as_png(figure)


def _outline(axes: Axes, mask: NDArray[np.bool_], colour: str) -> None:
    if mask.any() and not mask.all():
        axes.contour(mask, levels=[0.5], colors=colour, linewidths=0.9)


def _aspect(exam: Exam) -> float:
    return exam.pixel_spacing_mm[0] / exam.pixel_spacing_mm[1]
