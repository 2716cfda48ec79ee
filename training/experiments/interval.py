"""Calibration of the 95 % interval, and its coverage in held-out exams."""

from __future__ import annotations

import hashlib
import itertools
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from liver_mre.measurement.interval import Calibration, Z, interval_of, sampling_error, segmentation_error
from liver_mre.measurement.region import find_region
from liver_mre.measurement.region_rules import RegionRules
from training.cohort.exams import STAGES
from training.cohort.store import list_exams, load_exam
from training.errors import CohortError
from training.experiments.truth import as_mask, truth_of, volume_of
from training.files import write_json, write_rows
from training.reporting.statistics import proportion
from training.reporting.table import Table, number, write_markdown
from training.segmentation.predicted_livers import load_liver, model_of
from training.segmentation.scores import MIN_AREA_CM2
from training.segmentation.situations import situation_named

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from training.cohort.store import ExamRecord
    from training.segmentation.predicted_livers import PredictedLiver
    from training.segmentation.situations import Situation

    Values = NDArray[np.float64]

CORRELATION_CM2: Final = 6.6
"""Correlation area: integral of the elastogram's autocorrelation over the parenchyma, median of simulated exams."""
BANDS_KPA: Final = (0.0, 2.1, 2.5, 3.0, 3.7, 5.0)
FOLDS: Final = 10
MIN_IN_BAND: Final = 50
WEIGHTS: Final = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
RESIDUALS: Final = (0.002, 0.005, 0.01, 0.015, 0.02, 0.03)
LEVEL: Final = 0.95
NAME: Final = "simulated-3"
"""Name of the calibration in results; a calibration on other exams gets another name."""


@dataclass(frozen=True, slots=True)
class IntervalExam:
    """Measurement, truth and error estimates of one exam."""

    exam: str
    stage: str  # METAVIR
    measured_kpa: float  # by the application
    true_kpa: float
    sampling: float  # relative SD, before weighting
    segmentation: float  # relative SD, before weighting
    area_cm2: float  # measured area

    @property
    def fold(self) -> int:
        """Fold of the exam by its name, in 0 to `FOLDS` - 1."""
        return hashlib.sha256(f"interval {self.exam}".encode()).digest()[0] % FOLDS


def calibrate_intervals(data: Path, livers: Sequence[Path], out: Path, *, limit: int | None = None) -> dict[str, Any]:
    """Calibrate the interval on a cohort and cross-validate its coverage; return the content of coverage.json.

    Each input situation of the network has its own calibration. Published is the fit on all exams; coverage comes from
    10-fold and from 2-fold cross-validation. Raises `CohortError` if there are too few exams.

    Parameters
    ----------
    data : folder of a simulated cohort
    livers : folders of predicted livers, one per input situation, of exams that the network was not trained on
    out : folder for interval.json (read by the application), coverage.json, coverage.md and cases.csv
    limit : largest number of exams
    """
    cases, shipped, summary = [], [], {}
    for folder in livers:
        network, digest, input_name = model_of(folder).splitlines()
        situation = situation_named(input_name)
        found = _measured_exams(data, folder, situation, limit)
        words = (
            f"{len(found)} simulated exams, outlines by {network} ({digest[:16]}) on the input '{input_name}', "
            f"rules of the region with{'' if situation.magnitude else 'out'} magnitude"
        )
        name = f"{NAME}-{input_name}"
        shipped.append(fitted(found, name=name, model=network, channels=situation.channels, provenance=words))
        groups = {f"{FOLDS} folds": FOLDS, "one half in the other": 2}
        held_out = {group: held_out_coverage(found, folds) for group, folds in groups.items()}
        summary[input_name] = {"cases": len(found), "coverage": held_out}
        cases += [{"input": input_name, **asdict(case)} for case in found]
    out.mkdir(parents=True, exist_ok=True)
    write_rows(out / "cases.csv", list(cases[0]), cases)
    write_json(out / "interval.json", {"calibrations": [asdict(one) for one in shipped]})
    write_json(out / "coverage.json", summary)
    write_markdown(out / "coverage.md", [coverage_table(summary)])
    return {"data": "simulated", "inputs": summary}


def _measured_exams(data: Path, livers: Path, situation: Situation, limit: int | None) -> list[IntervalExam]:
    from rich.progress import track

    paths = [path for path in list_exams(data) if (livers / path.name).exists()][:limit]
    cases = []
    for path in track(paths, description=f"measuring exams, {situation.name}", transient=True):
        liver = load_liver(livers, path.name)
        case = None if liver is None else measure_exam(path.stem, load_exam(path), liver, magnitude=situation.magnitude)
        if case is not None:
            cases.append(case)
    if len(cases) < FOLDS * MIN_IN_BAND // 2:
        message = f"{len(cases)} measurable exams are too few to calibrate an interval: simulate more"
        raise CohortError(message)
    return cases


def measure_exam(name: str, record: ExamRecord, liver: PredictedLiver, *, magnitude: bool) -> IntervalExam | None:
    """Measure one exam as the application does; None if its region or its truth is too small."""
    truth = truth_of(record)
    if not truth.known:
        return None
    volume = volume_of(record)
    given = record.magnitude if magnitude else None

    def region(outline: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return find_region(volume, as_mask(outline), RegionRules(), magnitude=given).pixels

    def mean(pixels: NDArray[np.bool_]) -> float | None:
        return float(volume.stiffness_kpa[pixels].mean(dtype=np.float64)) if pixels.any() else None

    pixels = region(liver.outline)
    measured = mean(pixels)
    area_cm2 = int(np.count_nonzero(pixels)) * volume.pixel_area_cm2
    if measured is None or area_cm2 < MIN_AREA_CM2:
        return None
    return IntervalExam(
        name,
        record.stage,
        measured,
        truth.stiffness_kpa,
        sampling_error(volume, pixels, CORRELATION_CM2),
        segmentation_error(measured, [mean(region(other)) for other in liver.alternatives]),
        area_cm2,
    )


def fitted(
    cases: Sequence[IntervalExam],
    *,
    name: str = "",
    model: str = "",
    channels: tuple[str, ...] = (),
    provenance: str = "",
) -> Calibration:
    """Return the calibration with the narrowest intervals that cover 95 % of the exams in every band of stiffness.

    For each pair of segmentation weight and residual, the scale of each band is the smallest that covers 95 % of its
    exams; the pair with the narrowest intervals on average is chosen.
    """
    measured = np.array([case.measured_kpa for case in cases])
    error = np.abs(np.log(np.array([case.true_kpa for case in cases]) / measured))
    sampling, segmentation = np.array([(case.sampling, case.segmentation) for case in cases]).T
    bands = _bands(measured)
    place = np.searchsorted(bands, measured, side="right") - 1

    def fit(weight: float, residual: float) -> tuple[float, list[float]]:
        plain = np.sqrt(sampling**2 + (weight * segmentation) ** 2 + residual**2)
        scales = [_scale(error[place == band] / plain[place == band]) for band in range(len(bands))]
        return float(np.mean(plain * np.array(scales)[place])), scales

    weight, residual = min(itertools.product(WEIGHTS, RESIDUALS), key=lambda pair: fit(*pair)[0])
    scales = tuple(round(scale, 5) for scale in fit(weight, residual)[1])
    return Calibration(name, CORRELATION_CM2, weight, residual, tuple(bands), scales, model, channels, provenance)


def _bands(measured_kpa: Values) -> list[float]:
    """Return the lower limits of bands with at least `MIN_IN_BAND` exams each."""
    bands = [0.0]
    for limit in BANDS_KPA[1:]:
        inside = np.count_nonzero((measured_kpa >= bands[-1]) & (measured_kpa < limit))
        if inside >= MIN_IN_BAND and np.count_nonzero(measured_kpa >= limit) >= MIN_IN_BAND:
            bands.append(limit)
    return bands


def _scale(score: Values) -> float:
    """Return the scale of the SD that covers the share `LEVEL`, as in split conformal prediction."""
    rank = min(score.size, math.ceil(LEVEL * (score.size + 1))) - 1
    return float(np.sort(score)[rank]) / Z


def held_out_coverage(cases: Sequence[IntervalExam], folds: int) -> dict[str, dict[str, float]]:
    """Return the cross-validated coverage, by stage and overall."""
    judged: list[tuple[IntervalExam, Calibration]] = []
    for fold in range(folds):
        others = [case for case in cases if case.fold % folds != fold]
        calibration = fitted(others)
        judged += [(case, calibration) for case in cases if case.fold % folds == fold]
    return coverage(judged)


def coverage(cases: Sequence[tuple[IntervalExam, Calibration]]) -> dict[str, dict[str, float]]:
    """Return, by stage and overall, how many intervals cover the truth, and their median half width."""
    found = []
    for case, calibration in cases:
        interval = interval_of(case.measured_kpa, case.sampling, case.segmentation, calibration)
        held = interval.low_kpa <= case.true_kpa <= interval.high_kpa
        found.append((case.stage, held, 100.0 * (interval.high_kpa - interval.low_kpa) / 2.0 / case.measured_kpa))
    groups = {}
    for name in (*STAGES, "all"):
        chosen = [each for each in found if name in (each[0], "all")]
        if chosen:
            covered = sum(held for _, held, _ in chosen)
            share = proportion(covered, len(chosen))
            groups[name] = {
                "exams": len(chosen),
                "covered": covered,
                "share": share.value,
                "share_low": share.low,
                "share_high": share.high,
                "half_width_percent": float(np.median([width for *_, width in chosen])),
            }
    return groups


def coverage_table(summary: dict[str, Any]) -> Table:
    """Tabulate coverage by input situation and stage."""
    lines = [
        (
            input_name,
            group,
            stage,
            f"{found['covered']} of {found['exams']}",
            f"{100 * found['share']:.1f} ({100 * found['share_low']:.1f} to {100 * found['share_high']:.1f})",
            f"± {number(found['half_width_percent'], 1)}",
        )
        for input_name, one in summary.items()
        for group, stages in one["coverage"].items()
        for stage, found in stages.items()
    ]
    columns = ("input", "exams", "stage", "covered", "covered % (95 % CI)", "median half width %")
    return Table("coverage", "intervals that hold the truth, simulated exams", columns, tuple(lines))
