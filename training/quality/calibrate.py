"""Limits of the quality numbers from good simulated exams, and their effect on other cohorts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from liver_mre.errors import ModelError
from liver_mre.quality.checks import exam_numbers, slice_numbers
from liver_mre.quality.limits import DistanceModel, Limit, Limits, parse_limits
from liver_mre.quality.out_of_domain import deviations, features, outside_limits, unusual_combination
from training.cohort.exams import load_simulated_exam
from training.cohort.store import list_exams, load_exam
from training.errors import TrainingError
from training.files import write_json
from training.quality.slices import record_waves
from training.quality.truth import is_good, true_causes
from training.segmentation.situations import SITUATIONS, situation_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from training.cohort.exams import Exam
    from training.cohort.store import ExamRecord
    from training.segmentation.predicted_livers import LiverCache, PredictedLiver
    from training.segmentation.situations import Situation

REJECTED: Final = 0.005
"""Largest share of good exams that the limits may reject in the calibration cohort."""
TAIL: Final = 0.005
WIDENINGS: Final = np.arange(0.5, 3.01, 0.05)
"""Wide on purpose: single features reject what is far off, the distance of all together rejects the rest."""
SHRINKAGE: Final = 0.02
MARGIN: Final = 1.3
"""Margin on the largest distance of the calibration exams."""
LIVER_FEATURES: Final = (
    *("liver_cm2", "liver_x_mm", "liver_y_mm", "liver_compactness", "liver_overlap"),
    *("confident_cm2", "confident_in_liver", "confident_share", "stiffness_kpa", "stiffness_spread", "roughness"),
)
BODY_SIZE_FEATURES: Final = ("body_width_mm", "body_depth_mm", "body_aspect", "liver_in_body_x", "liver_in_body_y")
"""From the unmasked elastogram or, beside a masked one, from the magnitude."""
BODY_STIFFNESS_FEATURES: Final = ("body_fill", "body_kpa", "body_roughness")
"""From the unmasked elastogram only."""
LOGARITHMIC: Final = frozenset(
    {"liver_cm2", "confident_cm2", "stiffness_kpa", "stiffness_spread", "roughness", "body_kpa", "body_roughness"}
)
SLICE_NUMBERS: Final = ("confident_share", "hot_share", "wave_amplitude", "wave_snr", "phase_consistency")
WITH_HIGH_LIMIT: Final = {"hot_share", "slice_agreement"}
"""Numbers with a high limit; the others have a low one."""
CHECK_TAIL: Final = 0.01
UNLIMITED: Final = {"axial", "liver_slices", "outline_agreement"}
"""Features without a limit of this kind: all calibration exams are axial, a slice without liver is a failure of that
slice, and the agreement of outlines depends on the input situation."""


@dataclass(frozen=True, slots=True)
class ExamFeatures:
    """Quality numbers of one exam."""

    group: str  # cohort, or what an out-of-domain exam is
    name: str  # of the file
    good: bool  # whether at least half of the slices are diagnostic
    diagnostic: int  # number of diagnostic slices
    features: Mapping[str, Mapping[str, float]]  # out-of-domain features by input situation of the segmentation
    slices: tuple[Mapping[str, float], ...]  # numbers of the diagnostic slices
    exam: Mapping[str, float]  # numbers of the exam


def calibrate(
    data: Sequence[Path], beside: Mapping[str, Path], livers: LiverCache, out: Path, limit: int | None = None
) -> dict[str, Any]:
    """Calibrate the limits and write limits.json and evidence.json; raises `TrainingError` if no exam is good.

    Parameters
    ----------
    data : cohorts whose good exams determine the limits
    beside : other cohorts by name, on which the limits are evaluated
    livers : predicted livers of their exams
    out : folder of the two files
    limit : largest number of exams of each cohort
    """
    own = [one for folder in data for one in _cohort_features(folder, "", livers, limit)]
    others = [one for name, folder in beside.items() for one in _cohort_features(folder, name, livers, limit)]
    good = [one for one in own if one.good]
    if not good:
        message = "no exam of the cohorts is good: simulate more, of the design quality or extended"
        raise TrainingError(message)
    content = limits_of(good, livers.name)
    evidence = evidence_of([*own, *others], content)
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "limits.json", content)
    write_json(out / "evidence.json", evidence)
    return {"limits": content, "evidence": evidence}


def limits_of(good: Sequence[ExamFeatures], model: str) -> dict[str, Any]:
    """Return limits from good exams as `liver_mre.quality.limits` reads them; `model` outlined their livers."""
    slices = [numbers for one in good for numbers in one.slices]
    return {
        "schema_version": "1.0",
        "evidence": f"{len(good)} good simulated exams, {len(slices)} diagnostic slices of them",
        "model": model,
        "least_confident_cm2": 1.0,
        "slice": {name: _limit(slices, name) for name in SLICE_NUMBERS},
        "exam": {"slice_agreement": _limit([one.exam for one in good], "slice_agreement")},
        "familiar": feature_limits([row for one in good for row in one.features.values()]),
        "typical": [distance_model([one.features[name] for one in good], name) for name in good[0].features],
    }


def feature_limits(rows: Sequence[Mapping[str, float]]) -> dict[str, list[float | None]]:
    """Return limits of single features, widened together until they reject at most `REJECTED` of the rows."""
    ends = {}
    for name in sorted(set(rows[0]) - UNLIMITED):
        values = np.array([row[name] for row in rows if not np.isnan(row[name])])
        if values.size:
            low, high = np.quantile(values, (TAIL, 1.0 - TAIL))
            ends[name] = (float(low), float(high))
    limits: dict[str, Limit] = {}
    for widening in WIDENINGS:
        limits = {
            name: Limit(low - widening * (high - low), high + widening * (high - low))
            for name, (low, high) in ends.items()
        }
        if np.mean([bool(outside_limits(row, limits)) for row in rows]) <= REJECTED:
            break
    # Rounded outwards, so that the calibration exams stay within.
    return {
        name: [_outwards(limit.low, np.floor), _outwards(limit.high, np.ceil)] for name, limit in limits.items()
    } | {"axial": [0.9, None]}


def distance_model(rows: Sequence[Mapping[str, float]], name: str) -> dict[str, Any]:
    """Return mean, SD and inverse correlation of the features in a situation, and the largest squared distance.

    The largest squared Mahalanobis distance in domain is `MARGIN` times the one that `REJECTED` of the rows exceed.
    """
    situation = situation_named(name)
    names = features_of(situation)
    plain = DistanceModel(
        names, (0.0,) * len(names), (1.0,) * len(names), tuple(n in LOGARITHMIC for n in names), (), 0.0
    )
    known = [row for row in rows if not any(np.isnan(row[name]) for name in names)]
    values = np.array([deviations(row, plain) for row in known]).reshape(-1, len(names))
    mean, sd = values.mean(axis=0), np.maximum(values.std(axis=0), 1e-6)
    away = (values - mean) / sd
    inverse = np.linalg.inv(away.T @ away / len(away) + SHRINKAGE * np.eye(len(names)))
    squared = np.einsum("ij,jk,ik->i", away, inverse, away)
    return {
        "channels": list(situation.channels),
        "names": list(names),
        "logarithmic": [name for name in names if name in LOGARITHMIC],
        "mean": [float(f"{value:.6g}") for value in mean],
        "sd": [float(f"{value:.6g}") for value in sd],
        "inverse": [float(f"{value:.6g}") for value in inverse.ravel()],
        "least_agreement": _least_agreement(rows),
        "largest": float(f"{MARGIN * np.quantile(squared, 1.0 - REJECTED):.4g}"),
    }


def _least_agreement(rows: Sequence[Mapping[str, float]]) -> float:
    values = np.array([row["outline_agreement"] for row in rows if not np.isnan(row["outline_agreement"])])
    if not values.size:
        return 0.0
    usual, low = np.quantile(values, (0.5, REJECTED))
    return float(f"{usual - MARGIN * (usual - low):.3f}")


def features_of(situation: Situation) -> tuple[str, ...]:
    """Return the names of the features that an acquisition has in an input situation."""
    size = BODY_SIZE_FEATURES if situation.magnitude or not situation.masked else ()
    return (*LIVER_FEATURES, *size, *(() if situation.masked else BODY_STIFFNESS_FEATURES))


def evidence_of(exams: Sequence[ExamFeatures], content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row per group of exams: how many the limits reject in each input situation."""
    limits = parse_limits(content, ModelError)
    rows = []
    for group in dict.fromkeys(one.group for one in exams):
        members = [one for one in exams if one.group == group]
        row: dict[str, Any] = {"group": group, "exams": len(members), "good": sum(one.good for one in members)}
        row["without_diagnostic_slice"] = sum(one.diagnostic == 0 for one in members)
        for name in members[0].features:
            rejected = [one for one in members if _out_of_domain(one.features[name], name, limits)]
            row[f"rejected_{name}"] = len(rejected)
            row[f"good_rejected_{name}"] = sum(one.good for one in rejected)
            # Exams without any liver are not evaluable anyway.
            row[f"liver_left_{name}"] = sum(
                one.features[name]["liver_slices"] > 0 and one not in rejected for one in members
            )
        rows.append(row)
    return rows


def _out_of_domain(found: Mapping[str, float], name: str, limits: Limits) -> bool:
    channels = situation_named(name).channels
    return bool(outside_limits(found, limits.features) or unusual_combination(found, limits.distance_models, channels))


def _limit(rows: Iterable[Mapping[str, float]], name: str) -> list[float | None]:
    values = np.array([row[name] for row in rows if not np.isnan(row.get(name, np.nan))])
    if not values.size:
        return [None, None]
    low, high = (float(f"{value:.4g}") for value in np.quantile(values, (CHECK_TAIL, 1.0 - CHECK_TAIL)))
    return [None, high] if name in WITH_HIGH_LIMIT else [low, None]


def _outwards(value: float | None, towards: Callable[[float], float]) -> float | None:
    if value is None or value == 0.0:
        return value
    step = 10.0 ** (np.floor(np.log10(abs(value))) - 3)
    return float(f"{towards(value / step) * step:.4g}")


def _cohort_features(folder: Path, group: str, livers: LiverCache, limit: int | None) -> list[ExamFeatures]:
    found = []
    for path in list_exams(folder)[:limit]:
        record = load_exam(path)
        name = record.out_of_domain or group or "usual"
        found.append(exam_features(record, load_simulated_exam(path), livers.of(path), name))
    return found


def exam_features(record: ExamRecord, exam: Exam, livers: Mapping[str, PredictedLiver], group: str) -> ExamFeatures:
    """Return the quality numbers of an exam, with its livers predicted in several situations."""
    diagnostic = tuple(index for index, cause in enumerate(true_causes(record)) if cause is None)
    volumes = {masked: exam.volume(masked=masked) for masked in (False, True)}
    magnitude = record.magnitude.astype(np.float64)
    by_situation = {
        each.name: features(
            volumes[each.masked],
            livers[each.name].outline,
            magnitude if each.magnitude else None,
            livers[each.name].alternatives,
        )
        for each in SITUATIONS
        if each.name in livers
    }
    volume, liver = volumes[False], next(iter(livers.values())).outline
    waves = record_waves(record)
    return ExamFeatures(
        group=group,
        name=exam.name,
        good=is_good(record),
        diagnostic=len(diagnostic),
        features=by_situation,
        slices=tuple(slice_numbers(volume, liver, index, waves) for index in diagnostic),
        exam=exam_numbers(volume, liver, diagnostic),
    )
