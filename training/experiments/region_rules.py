"""Effect of each region rule on the stiffness of simulated exams: the tables of docs/roi.md."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from liver_mre.measurement.region import find_region
from liver_mre.measurement.region_rules import NO_RULES, RegionRules
from training.cohort.store import list_exams, load_exam
from training.errors import CohortError
from training.experiments.truth import as_mask, truth_of, volume_of
from training.files import write_json, write_rows
from training.reporting.statistics import bland_altman
from training.reporting.table import Table, number, span, write_markdown
from training.segmentation.predicted_livers import load_liver, model_of
from training.segmentation.scores import MIN_AREA_CM2

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from training.cohort.store import ExamRecord
    from training.experiments.truth import Truth

DEFAULT: Final = RegionRules()
SHIPPED: Final = "shipped rules"
NO_RULE: Final = "no rules"
TRUE: Final = "true liver"
PREDICTED: Final = "predicted liver"


def _alone(*names: str) -> RegionRules:
    return replace(NO_RULES, **{name: getattr(DEFAULT, name) for name in names})


VARIANTS: Final[Mapping[str, RegionRules]] = {
    NO_RULE: NO_RULES,
    "edge alone": _alone("edge_mm"),
    "vessels alone": _alone("soft_share", "bright_share", "bright_margin_mm"),
    "hot spots alone": _alone("hot_share", "hot_reach_mm"),
    "islands and small slices alone": _alone("island_cm2", "slice_cm2"),
    SHIPPED: DEFAULT,
    "shipped, no magnitude": replace(DEFAULT, bright_share=0.0),
    "shipped, no soft spots": replace(DEFAULT, soft_share=0.0),
    "shipped, no hot spots": replace(DEFAULT, hot_share=0.0),
    "shipped, edge 0 mm": replace(DEFAULT, edge_mm=0.0),
    "shipped, edge 3 mm": replace(DEFAULT, edge_mm=3.0),
    "shipped, edge 7 mm": replace(DEFAULT, edge_mm=7.0),
    "shipped, edge 10 mm": replace(DEFAULT, edge_mm=10.0),
    "shipped, soft below 0.7": replace(DEFAULT, soft_share=0.7),
    "shipped, hot above 1.4": replace(DEFAULT, hot_share=1.4),
    "shipped, islands 2, slices 3 cm2": replace(DEFAULT, island_cm2=2.0, slice_cm2=3.0),
}


@dataclass(frozen=True, slots=True)
class RuleResult:
    """Measurement of one exam under one variant of the rules."""

    mask: str  # `TRUE` or `PREDICTED` liver
    rules: str  # name of the variant
    exam: str
    stage: str  # METAVIR
    measured_kpa: float  # NaN if less than `MIN_AREA_CM2` is left
    true_kpa: float  # as in `training.experiments.truth.Truth`
    modulus_kpa: float  # as there
    area_cm2: float  # measured


def compare_rules(data: Path, out: Path, *, livers: Path | None = None, limit: int | None = None) -> dict[str, Any]:
    """Measure every exam of a cohort under every variant of the rules and write tables; return the content of roi.json.

    Raises `CohortError` if no exam of the cohort has a known truth.

    Parameters
    ----------
    data : folder of a simulated cohort
    out : folder for roi.csv (all rows), tables/*.csv, roi.md and roi.json
    livers : folder of predicted livers (`liver-mre livers`); without them only the true liver is measured
    limit : largest number of exams
    """
    from rich.progress import track

    rows: list[RuleResult] = []
    paths = list_exams(data)
    if livers is not None:
        paths = [path for path in paths if (livers / path.name).exists()]
    unknown = 0
    for path in track(paths[:limit], description="measuring exams", transient=True):
        record = load_exam(path)
        truth = truth_of(record)
        if not truth.known:
            unknown += 1
            continue
        rows += _exam_rows(path.stem, record, truth, TRUE, record.liver)
        predicted = load_liver(livers, path.name) if livers is not None else None
        if predicted is not None:
            rows += _exam_rows(path.stem, record, truth, PREDICTED, predicted.outline)
    if not rows:
        message = f"no exam of this cohort has {MIN_AREA_CM2:g} cm2 of confident parenchyma"
        raise CohortError(message)
    masks = dict.fromkeys(row.mask for row in rows)
    variants = {mask: {name: summarise(rows, mask, name) for name in VARIANTS} for mask in masks}
    tables = [rules_table(found, mask) for mask, found in variants.items()]
    summary = {
        "data": "simulated",
        "exams": len({row.exam for row in rows}),
        "exams_without_truth": unknown,
        "livers": model_of(livers).splitlines() if livers is not None else None,
        "rules": asdict(DEFAULT),
        "variants": variants,
    }
    for table in tables:
        table.write(out / "tables")
    write_rows(out / "roi.csv", list(asdict(rows[0])), [asdict(row) for row in rows])
    write_markdown(out / "roi.md", tables)
    write_json(out / "roi.json", summary)
    return summary


def _exam_rows(name: str, record: ExamRecord, truth: Truth, mask: str, liver: NDArray[np.bool_]) -> list[RuleResult]:
    volume = volume_of(record)
    rows = []
    for words, rules in VARIANTS.items():
        region = find_region(volume, as_mask(liver), rules, magnitude=record.magnitude)
        enough = region.area_cm2 >= MIN_AREA_CM2
        measured = float(record.stiffness_kpa[region.pixels].mean(dtype=np.float64)) if enough else math.nan
        kpa = (measured, truth.stiffness_kpa, truth.modulus_kpa)
        rows.append(RuleResult(mask, words, name, record.stage, *kpa, region.area_cm2))
    return rows


def summarise(rows: Iterable[RuleResult], mask: str, rules: str) -> dict[str, float | int]:
    """Return agreement with the truth and distance to the modulus of one variant, in percent."""
    chosen = [row for row in rows if row.mask == mask and row.rules == rules]
    measured = [row for row in chosen if math.isfinite(row.measured_kpa)]
    agreement = bland_altman([row.measured_kpa for row in measured], [row.true_kpa for row in measured], percent=True)
    apart = np.array([100.0 * (row.measured_kpa / row.modulus_kpa - 1.0) for row in measured])
    return {
        "exams": len(chosen),
        "measured": len(measured),
        "bias_percent": agreement.bias.value,
        "low_percent": agreement.low,
        "high_percent": agreement.high,
        "modulus_bias_percent": float(apart.mean()) if apart.size else math.nan,
        "modulus_distance_percent": float(np.abs(apart).mean()) if apart.size else math.nan,
        "area_cm2": float(np.mean([row.area_cm2 for row in measured])) if measured else math.nan,
    }


def rules_table(variants: Mapping[str, Mapping[str, float]], mask: str) -> Table:
    """Tabulate all variants for the true or the predicted liver."""
    lines = [
        (
            name,
            f"{found['measured']} of {found['exams']}",
            number(found["bias_percent"], 2),
            span(found["low_percent"], found["high_percent"], 1),
            number(found["modulus_distance_percent"], 2),
            number(found["area_cm2"], 0),
        )
        for name, found in variants.items()
    ]
    columns = ("rules", "measured", "bias %", "95 % limits %", "distance to the modulus %", "area cm2")
    return Table(mask.replace(" ", "_"), f"{mask}, simulated exams", columns, tuple(lines))
