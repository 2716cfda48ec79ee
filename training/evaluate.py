"""Measure the network on held-out simulated exams, the way it is used at run time.

Network input and the way back to the native grid are those of the run-time application: bilinear to the network
size, probabilities bilinear to the native grid, threshold, then stiffness read from native pixels only.
"""

from __future__ import annotations

import csv
import json
import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy import stats

from liver_mre.core.preprocess import native_mask
from liver_mre.core.staging import SIGNIFICANT_CUTOFF_KPA
from training.checkpoint import load_checkpoint
from training.dataset import IMAGE_KEY, WINDOW_KPA, CohortCache, slice_transform
from training.network import Architecture, build_network, with_pooling
from training.store import KPA_PER_COUNT, CohortError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import nn

    from training.store import ExamRecord, Split

THRESHOLD = 0.5
_AGREEMENT_SHARE = 0.10


@dataclass(frozen=True, slots=True)
class ExamScore:
    """Agreement of prediction and simulated truth in one exam, slices pooled.

    Attributes
    ----------
    seed, stage : the simulated exam
    liver_dice : Dice of the whole liver; NaN when both masks are empty
    measurable_dice : Dice of the pixels measured, both masks within confidence and above zero
    predicted_kpa, true_kpa : mean stiffness of those pixels in the exam's image; NaN where there are none
    predicted_area_cm2, true_area_cm2 : their area, summed over slices

    """

    seed: int
    stage: str
    liver_dice: float
    measurable_dice: float
    predicted_kpa: float
    true_kpa: float
    predicted_area_cm2: float
    true_area_cm2: float


def dice(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Return the Dice coefficient of two masks of equal shape; NaN when both are empty."""
    total = int(first.sum()) + int(second.sum())
    return 2.0 * int((first & second).sum()) / total if total else math.nan


def predict_liver(network: nn.Module, record: ExamRecord, size: int, *, bfloat16: bool = False) -> NDArray[np.bool_]:
    """Segment every slice of an exam.

    Parameters
    ----------
    network : maps (N, 1, size, size) to logits, in evaluation mode
    record : the exam
    size : height and width of the network input in pixels
    bfloat16 : autocast to bfloat16

    Returns
    -------
    (S, R, C) bool on the exam's native grid.

    """
    device = next(network.parameters()).device
    transform = slice_transform(size, augment=False)
    masks = []
    for stiffness, confidence, liver in zip(record.stiffness, record.confidence, record.liver, strict=True):
        item: Any = transform({IMAGE_KEY: np.stack([stiffness, confidence]), "label": liver})
        image = item[IMAGE_KEY][None].to(device, memory_format=torch.channels_last)
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            probability = torch.sigmoid(network(image).float())[0, 0].cpu().numpy()
        masks.append(native_mask(probability[np.newaxis], liver.shape, threshold=THRESHOLD))
    return np.concatenate(masks)


def score_exam(record: ExamRecord, predicted: NDArray[np.bool_]) -> ExamScore:
    """Compare a predicted (S, R, C) mask with the simulated liver.

    Pixels of one exam have one area, so the plain mean over pixels is the area-weighted mean over slices.
    """
    stiffness_kpa = record.stiffness.astype(np.float64) * KPA_PER_COUNT
    measurable = record.confident() & (record.stiffness > 0)
    chosen, true = predicted & measurable, record.liver & measurable
    pixel_cm2 = record.pixel_spacing_mm[0] * record.pixel_spacing_mm[1] / 100.0
    return ExamScore(
        seed=record.seed,
        stage=record.stage,
        liver_dice=dice(predicted, record.liver),
        measurable_dice=dice(chosen, true),
        predicted_kpa=float(stiffness_kpa[chosen].mean()) if chosen.any() else math.nan,
        true_kpa=float(stiffness_kpa[true].mean()) if true.any() else math.nan,
        predicted_area_cm2=float(chosen.sum() * pixel_cm2),
        true_area_cm2=float(true.sum() * pixel_cm2),
    )


def _mean(values: list[float]) -> float | None:
    finite = [value for value in values if math.isfinite(value)]
    return float(np.mean(finite)) if finite else None


def _dice_summary(scores: list[ExamScore]) -> dict[str, float | int | None]:
    return {
        "exams": len(scores),
        "liver_dice": _mean([score.liver_dice for score in scores]),
        "measurable_dice": _mean([score.measurable_dice for score in scores]),
    }


def stiffness_agreement(scores: list[ExamScore]) -> dict[str, float | int | None]:
    """Summarise predicted against true mean stiffness.

    Returns
    -------
    Exams measurable by truth and by both; Pearson r; bias and 95 % limits of agreement (mean difference
    ± 1.96 SD, relative to truth, in percent); share of exams within 10 % of truth; share that falls on the same
    side of the 2.8 kPa limit of significant fibrosis. None where too few exams are measurable.

    """
    measurable = [score for score in scores if math.isfinite(score.true_kpa)]
    both = [score for score in measurable if math.isfinite(score.predicted_kpa)]
    true = np.array([score.true_kpa for score in both])
    predicted = np.array([score.predicted_kpa for score in both])
    summary: dict[str, float | int | None] = {"measurable_exams": len(measurable), "measured_exams": len(both)}
    enough = len(both) > 2  # noqa: PLR2004 - fewer points have no spread to speak of
    error_percent = 100.0 * (predicted - true) / true
    spread = 1.96 * float(error_percent.std(ddof=1)) if enough else math.nan
    bias = float(error_percent.mean()) if enough else math.nan
    same_side = (true >= SIGNIFICANT_CUTOFF_KPA) == (predicted >= SIGNIFICANT_CUTOFF_KPA)
    values = {
        "pearson_r": float(stats.pearsonr(true, predicted).statistic) if enough else math.nan,
        "bias_percent": bias,
        "limit_low_percent": bias - spread,
        "limit_high_percent": bias + spread,
        "within_10_percent": float((np.abs(error_percent) <= 100 * _AGREEMENT_SHARE).mean()) if enough else math.nan,
        "f2_agreement": float(same_side.mean()) if enough else math.nan,
    }
    return summary | {name: value if math.isfinite(value) else None for name, value in values.items()}


def summarise(scores: list[ExamScore]) -> dict[str, Any]:
    """Summarise exam scores: all exams and by simulated stage."""
    stages = sorted({score.stage for score in scores})
    return {
        "data": "simulated",
        **_dice_summary(scores),
        "by_stage": {stage: _dice_summary([score for score in scores if score.stage == stage]) for stage in stages},
        "stiffness": stiffness_agreement(scores),
    }


def evaluate(
    data: Path,
    weights: Path,
    out: Path,
    *,
    size: int = 512,
    split: Split | None = "test",
    limit: int | None = None,
    bfloat16: bool = False,
    pooling: int = 1,
) -> dict[str, Any]:
    """Evaluate a checkpoint on a cohort; writes `out` (JSON) and one CSV row an exam beside it.

    Parameters
    ----------
    data : cohort folder
    weights : training checkpoint
    out : JSON file to write
    size : network input in pixels
    split : split to evaluate; None takes every exam (a cohort of seeds the training never saw)
    limit : largest number of exams
    bfloat16 : autocast to bfloat16
    pooling : the network works on a grid that is coarser than its input by this factor

    Raises
    ------
    CohortError
        If there is no exam to evaluate, or the training saw one of them.

    """
    checkpoint = load_checkpoint(weights)
    cache = CohortCache(data, split, limit)
    if not cache.rescan():
        message = "the cohort folder has no exam of this split: simulate more exams or choose another split"
        raise CohortError(message)
    stages = [*checkpoint["history"], checkpoint]
    seen = cache.records.keys() & {seed for stage in stages for seed in stage["exam_seeds"]}
    if seen:
        message = f"{len(seen)} exams to evaluate were used in training: choose the test split or other seeds"
        raise CohortError(message)
    network = build_network(Architecture(**checkpoint["architecture"]))
    network.load_state_dict(checkpoint["weights"])
    network = with_pooling(network, pooling).eval().to(memory_format=torch.channels_last)
    scores = []
    for record in cache.records.values():
        scores.append(score_exam(record, predict_liver(network, record, size, bfloat16=bfloat16)))
        print(f"{len(scores)}/{len(cache.records)} Dice {scores[-1].liver_dice:.3f}", flush=True)
    report = {
        **summarise(scores),
        "size": size,
        "pooling": pooling,
        "window_kpa": list(WINDOW_KPA),
        "threshold": THRESHOLD,
        "precision": "bfloat16" if bfloat16 else "float32",
        "seeds": sorted(cache.records),
        "choice": f"{split} split of the cohort, by training.store.split_of" if split else "every exam of a cohort",
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    with out.with_suffix(".csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [item.name for item in fields(ExamScore)])
        writer.writeheader()
        writer.writerows(asdict(score) for score in scores)
    return report
