"""Summary of an evaluation, for evaluation.json and the model card."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from liver_mre.liver.channels import WINDOW_KPA
from liver_mre.measurement.staging import SIGNIFICANT_CUTOFF_KPA
from training.cohort.exams import STAGES
from training.reporting.statistics import bland_altman, icc, mean, pearson
from training.segmentation.predict import THRESHOLD
from training.segmentation.tables import by, evaluable, kpa_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from training.cohort.exams import Exam
    from training.cohort.store import Split
    from training.reporting.statistics import Estimate
    from training.segmentation.predict import Predictor
    from training.segmentation.scores import ExamScore
    from training.segmentation.situations import Situation
    from training.segmentation.tables import NetworkScores


def _estimate(estimate: Estimate) -> dict[str, float | None]:
    values = dataclasses.asdict(estimate)
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


def summarise(scores: Sequence[ExamScore]) -> dict[str, Any]:
    """Summarise the scores of one input situation: overall, by stage, stiffness."""
    automatic, true = kpa_pairs(scores)
    members = evaluable(scores)
    agreement = bland_altman(automatic, true, percent=True)
    limits = [value if math.isfinite(value) else None for value in (agreement.low, agreement.high)]
    same = (automatic >= SIGNIFICANT_CUTOFF_KPA) == (true >= SIGNIFICANT_CUTOFF_KPA)
    stages = by(scores, lambda score: score.stage)
    return {
        "exams": len(scores),
        "evaluable_exams": len(members),
        "measured_exams": len(true),
        "measurable_dice": _estimate(mean(score.measurable_dice for score in members)),
        "measurable_dice_all_exams": _estimate(mean(score.measurable_dice for score in scores)),
        "liver_dice": _estimate(mean(score.liver_dice for score in scores)),
        "by_stage": {
            name: {
                "exams": len(stages[name]),
                "measurable_dice": _estimate(mean(s.measurable_dice for s in evaluable(stages[name]))),
                "liver_dice": _estimate(mean(score.liver_dice for score in stages[name])),
            }
            for name in STAGES
            if name in stages
        },
        "stiffness": {
            "pearson_r": _estimate(pearson(automatic, true)),
            "icc": _estimate(icc([*zip(automatic, true, strict=True)]) if len(true) else mean([])),
            "bias_percent": _estimate(agreement.bias),
            "limits_percent": limits,
            "f2_agreement": float(same.mean()) if len(true) else None,
        },
    }


def summary_of(
    predictor: Predictor,
    exams: Sequence[Exam],
    scores: Mapping[str, list[ExamScore]],
    main: Situation,
    split: Split | None,
    conditions: Mapping[str, Mapping[str, list[ExamScore]]],
    comparators: Sequence[NetworkScores] = (),
) -> dict[str, Any]:
    """Return the content of evaluation.json; `conditions` holds scores by situation and scan condition."""
    origins = sorted({exam.origin for exam in exams})
    return {
        "data": " and ".join(origins),
        "origins": origins,
        "exams": len(exams),
        "main": main.name,
        "situations": {name: summarise(found) for name, found in scores.items()},
        "conditions": {
            name: {label: summarise(found) for label, found in others.items()} for name, others in conditions.items()
        },
        "comparators": [
            {"network": item.network, "slices_shown": item.slices_shown, "situation": item.situation}
            | summarise(item.scores)
            for item in comparators
        ],
        "weights_sha256": predictor.weights_sha256,
        "size": predictor.size,
        "pooling": predictor.pooling,
        "window_kpa": list(WINDOW_KPA),
        "threshold": THRESHOLD,
        "precision": "bfloat16" if predictor.bfloat16 else "float32",
        "choice": f"{split} split of the cohort" if split else "every exam of the cohort",
        "exam_names": [exam.name for exam in exams],
        "made_by": sorted({exam.made_by for exam in exams}),
    }
