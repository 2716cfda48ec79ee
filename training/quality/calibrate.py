"""Limits of the quality numbers, from good simulated exams, and what these limits make of all the others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from liver_mre.core.quality.checks import exam_numbers, slice_numbers
from liver_mre.core.quality.limits import Limit, Limits, Typical, parse_limits
from liver_mre.core.quality.unlike import deviations, features, unlike, untypical
from liver_mre.errors import ModelError
from training.cohort.exams import simulated_exam
from training.cohort.store import list_exams, load_exam
from training.errors import TrainingError
from training.quality.slices import record_waves
from training.quality.truth import is_good, true_causes
from training.segmentation.situations import SITUATIONS, situation_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from training.cohort.exams import Exam
    from training.cohort.store import ExamRecord
    from training.quality.liver_cache import Livers
    from training.segmentation.predicted_livers import PredictedLiver
    from training.segmentation.situations import Situation

REJECTED: Final = 0.005
"""Largest share of good exams that the limits may reject in the cohort that they come from."""
TAIL: Final = 0.005
WIDENINGS: Final = np.arange(0.5, 3.01, 0.05)
"""Wide on purpose: each number alone only tells what is far off, all together tell the rest."""
SHRINKAGE: Final = 0.02
BEYOND: Final = 1.3
"""Room beyond the largest distance of the exams that it comes from: others lie a little further."""
OF_THE_LIVER: Final = (
    "liver_cm2",
    "liver_x_mm",
    "liver_y_mm",
    "liver_compactness",
    "liver_overlap",
    "confident_cm2",
    "confident_in_liver",
    "confident_share",
    "stiffness_kpa",
    "stiffness_spread",
    "roughness",
)
SIZE_OF_THE_BODY: Final = ("body_width_mm", "body_depth_mm", "body_aspect", "liver_in_body_x", "liver_in_body_y")
"""Seen in the unmasked elastogram or, beside a masked one, in the magnitude."""
STIFFNESS_OF_THE_BODY: Final = ("body_fill", "body_kpa", "body_roughness")
"""Seen in the unmasked elastogram alone."""
LOGARITHMIC: Final = frozenset(
    {"liver_cm2", "confident_cm2", "stiffness_kpa", "stiffness_spread", "roughness", "body_kpa", "body_roughness"}
)
# What a good slice must reach; numbers that have no low or no high limit are bad on one side only.
SLICE_SIDES: Final = {
    "confident_share": (True, False),
    "hot_share": (False, True),
    "wave_amplitude": (True, False),
    "wave_snr": (True, False),
    "phase_consistency": (True, False),
}
EXAM_SIDES: Final = {"slice_agreement": (False, True)}
CHECK_TAIL: Final = 0.01
UNLIMITED: Final = {"axial", "liver_slices", "outline_agreement"}
"""Not limited by the whole cohort: it has no other orientation, a slice without liver is that slice's failure, and how
far outlines agree depends on what the network is shown."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One exam.

    Attributes
    ----------
    group : its cohort, or the kind of what it is
    name : its file
    good : whether at least half of its slices are diagnostic, and it shows a liver
    diagnostic : number of its diagnostic slices
    features : by the situation in which its liver was predicted
    slices : the numbers of its diagnostic slices
    exam : the numbers of the exam
    """

    group: str
    name: str
    good: bool
    diagnostic: int
    features: Mapping[str, Mapping[str, float]]
    slices: tuple[Mapping[str, float], ...]
    exam: Mapping[str, float]


def calibrate(
    good: Sequence[Path], beside: Mapping[str, Path], livers: Livers, out: Path, limit: int | None = None
) -> dict[str, Any]:
    """Find the limits and write `limits.json` and `evidence.json`.

    Parameters
    ----------
    good : cohorts whose good exams the limits come from
    beside : other cohorts, by name, on which the limits are tried
    livers : predicted livers of their exams, as the application will outline them
    out : folder
    limit : largest number of exams of each cohort

    Raises
    ------
    TrainingError
        If no exam is good.
    """
    known = [one for folder in good for one in _look(folder, "", livers, limit)]
    others = [one for name, folder in beside.items() for one in _look(folder, name, livers, limit)]
    fine = [one for one in known if one.good]
    if not fine:
        message = "no exam of the cohorts is good: simulate more, of the design quality or extended"
        raise TrainingError(message)
    content = limits_of(fine, livers.name)
    evidence = evidence_of([*known, *others], content)
    out.mkdir(parents=True, exist_ok=True)
    (out / "limits.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (out / "evidence.json").write_text(json.dumps(evidence, indent=2) + "\n", encoding="utf-8")
    return {"limits": content, "evidence": evidence}


def limits_of(fine: Sequence[Looked], model: str) -> dict[str, Any]:
    """Return the limits that good exams keep, as `core.quality.limits` reads them; model outlined their livers."""
    slices = [numbers for one in fine for numbers in one.slices]
    return {
        "schema_version": "1.0",
        "evidence": f"{len(fine)} good simulated exams, {len(slices)} diagnostic slices of them",
        "model": model,
        "least_confident_cm2": 1.0,
        "slice": {name: _side(slices, name, sides) for name, sides in SLICE_SIDES.items()},
        "exam": {name: _side([one.exam for one in fine], name, sides) for name, sides in EXAM_SIDES.items()},
        "familiar": familiar_limits([row for one in fine for row in one.features.values()]),
        "typical": [typical_of([one.features[way] for one in fine], way) for way in fine[0].features],
    }


def familiar_limits(rows: Sequence[Mapping[str, float]]) -> dict[str, list[float | None]]:
    """Return limits of the features that reject at most `REJECTED` of the rows, widened together as far as it takes."""
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
        if np.mean([bool(unlike(row, limits)) for row in rows]) <= REJECTED:
            break
    # Rounded outwards: the exams that a limit comes from shall keep it.
    return {
        name: [_outwards(limit.low, np.floor), _outwards(limit.high, np.ceil)] for name, limit in limits.items()
    } | {"axial": [0.9, None]}


def typical_of(rows: Sequence[Mapping[str, float]], way: str) -> dict[str, Any]:
    """Return mean, SD and inverse correlations of features, and a distance beyond all but `REJECTED` of the rows."""
    situation = situation_named(way)
    names = features_of(situation)
    plain = Typical(names, (0.0,) * len(names), (1.0,) * len(names), tuple(n in LOGARITHMIC for n in names), (), 0.0)
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
        "largest": float(f"{BEYOND * np.quantile(squared, 1.0 - REJECTED):.4g}"),
    }


def _least_agreement(rows: Sequence[Mapping[str, float]]) -> float:
    values = np.array([row["outline_agreement"] for row in rows if not np.isnan(row["outline_agreement"])])
    if not values.size:
        return 0.0
    usual, low = np.quantile(values, (0.5, REJECTED))
    return float(f"{usual - BEYOND * (usual - low):.3f}")


def features_of(situation: Situation) -> tuple[str, ...]:
    """Return which features an acquisition has in a situation."""
    size = SIZE_OF_THE_BODY if situation.magnitude or not situation.masked else ()
    return (*OF_THE_LIVER, *size, *(() if situation.masked else STIFFNESS_OF_THE_BODY))


def evidence_of(looked: Sequence[Looked], content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the limits make of each group of exams, a row a group."""
    limits = parse_limits(content, ModelError)
    rows = []
    for group in dict.fromkeys(one.group for one in looked):
        members = [one for one in looked if one.group == group]
        row: dict[str, Any] = {"group": group, "exams": len(members), "good": sum(one.good for one in members)}
        row["without_diagnostic_slice"] = sum(one.diagnostic == 0 for one in members)
        for way in members[0].features:
            rejected = [one for one in members if _strange(one.features[way], way, limits)]
            row[f"rejected_{way}"] = len(rejected)
            row[f"good_rejected_{way}"] = sum(one.good for one in rejected)
            # A liver nowhere is not evaluable anyway.
            row[f"liver_left_{way}"] = sum(
                one.features[way]["liver_slices"] > 0 and one not in rejected for one in members
            )
        rows.append(row)
    return rows


def _strange(found: Mapping[str, float], way: str, limits: Limits) -> bool:
    shown = situation_named(way).channels
    return bool(unlike(found, limits.familiar) or untypical(found, limits.typical, shown))


def _side(rows: Iterable[Mapping[str, float]], name: str, sides: tuple[bool, bool]) -> list[float | None]:
    values = np.array([row[name] for row in rows if not np.isnan(row.get(name, np.nan))])
    if not values.size:
        return [None, None]
    low, high = np.quantile(values, (CHECK_TAIL, 1.0 - CHECK_TAIL))
    return [_rounded(float(low)) if sides[0] else None, _rounded(float(high)) if sides[1] else None]


def _outwards(value: float | None, towards: Callable[[float], float]) -> float | None:
    if value is None or value == 0.0:
        return value
    step = 10.0 ** (np.floor(np.log10(abs(value))) - 3)
    return float(f"{towards(value / step) * step:.4g}")


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _look(folder: Path, group: str, livers: Livers, limit: int | None) -> list[Looked]:
    found = []
    for path in list_exams(folder)[:limit]:
        record = load_exam(path)
        kind = str(record.facts.get("unlike", ""))
        found.append(looked_at(record, simulated_exam(path), livers.of(path), kind or group or "usual"))
    return found


def looked_at(record: ExamRecord, exam: Exam, livers: Mapping[str, PredictedLiver], group: str) -> Looked:
    """Return what is known of an exam, its livers predicted in several situations."""
    diagnostic = tuple(index for index, cause in enumerate(true_causes(record)) if cause is None)
    volumes = {masked: exam.volume(masked=masked) for masked in (False, True)}
    seen = {
        each.name: features(
            volumes[each.masked],
            livers[each.name].outline,
            record.magnitude if each.magnitude else None,
            livers[each.name].alternatives,
        )
        for each in SITUATIONS
        if each.name in livers
    }
    volume, liver = volumes[False], next(iter(livers.values())).outline
    waves = record_waves(record)
    return Looked(
        group=group,
        name=exam.name,
        good=is_good(record),
        diagnostic=len(diagnostic),
        features=seen,
        slices=tuple(slice_numbers(volume, liver, index, waves) for index in diagnostic),
        exam=exam_numbers(volume, liver, diagnostic),
    )
