"""Which simulated exams the application measures and which it refuses, with its own steps from pixels onwards.

Every exam is run in all run-time situations, with and without waves. Out-of-domain and failed exams should be refused
in all of them, good exams in none.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import liver_mre
from liver_mre.errors import MreError
from liver_mre.method.judge_quality import judge_with_waves
from liver_mre.method.measure_stiffness import measure_stiffness
from liver_mre.method.segment_liver import prepare_input, segment_liver
from liver_mre.method.stages import Loaded, NotEvaluable, Segmented
from liver_mre.method.toolkit import Toolkit
from liver_mre.series.acquisition import Acquisition, ScannerMaps, UnitEvidence
from liver_mre.settings import Settings
from liver_mre.studies.study import Instance, Series
from training.cohort.exams import load_simulated_exam
from training.cohort.store import KPA_PER_COUNT, cohort_files, load_exam, source_digest
from training.experiments.truth import truth_of
from training.files import write_json
from training.quality.situations import WITH_WAVES
from training.quality.slices import record_waves
from training.quality.truth import is_good
from training.reporting.statistics import bland_altman
from training.reporting.table import Table, number, span, write_markdown
from training.segmentation.predicted_livers import claim_folder
from training.segmentation.situations import EVERYTHING, RUN_TIME_SITUATIONS, situation_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

    from liver_mre.stiffness.volume import StiffnessVolume
    from liver_mre.stiffness.waves import WaveMaps
    from training.cohort.exams import Exam as CohortExam
    from training.segmentation.situations import Situation

NUMBER: Final = "number"
"""Outcome of an exam with a stiffness; any other outcome is the code of the reason for its refusal."""
APPLICATION_FILE: Final = "application.txt"
SETTINGS: Final = Settings(require_magnitude=False)
"""Defaults without the magnitude requirement, to show what that setting prevents."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of the application for one exam in one input situation; names are the columns of outcomes.csv."""

    cohort: str
    exam: str
    group: str  # what an out-of-domain exam is; otherwise its cohort, good or not good
    shown: str  # input situation
    outcome: str  # `NUMBER`, or the code of the reason
    measured_kpa: float  # NaN if there is none
    true_kpa: float  # NaN if unknown, as in out-of-domain exams


def run_refusals(data: Sequence[Path], out: Path, *, limit: int | None = None) -> dict[str, Any]:
    """Run the application's steps on every exam of the cohorts; resumable; return the content of refusals.json.

    Raises `CohortError` if a folder holds no simulated exam, or `out` the results of another version of the
    application, and `MreError` if the models are not exported.

    Parameters
    ----------
    data : folders of simulated cohorts
    out : folder for outcomes.csv (continued if it exists), refusals.md and refusals.json
    limit : largest number of exams of each cohort
    """
    from rich.progress import track

    out.mkdir(parents=True, exist_ok=True)
    claim_folder(out / APPLICATION_FILE, f"{application_digest(SETTINGS)}\n")
    outcomes = _finished(out / "outcomes.csv")
    done = {(each.cohort, each.exam) for each in outcomes}
    paths = cohort_files(data, limit)
    toolkit = Toolkit(SETTINGS)
    with (out / "outcomes.csv").open("a", newline="", encoding="utf-8") as stream:
        for path in track(paths, description="running exams", transient=True):
            if (path.parent.name, path.stem) not in done:
                found = outcomes_of(path, toolkit)
                _append(stream, found)
                outcomes += found
    summary = {"data": "simulated", "groups": summary_of(outcomes), "agreement": agreement_of(outcomes)}
    write_json(out / "refusals.json", summary)
    write_markdown(out / "refusals.md", (refusals_table(outcomes), agreement_table(outcomes)))
    return summary


def application_digest(settings: Settings) -> str:
    """Return a digest of the application's source, data and model cards."""
    package = Path(liver_mre.__file__).parent
    cards = [folder / "card.json" for folder in (settings.model_dir, settings.quality_dir) if folder]
    parts = [*package.rglob("*.py"), *package.rglob("*.json"), *(card for card in cards if card.is_file())]
    return source_digest(sorted(parts))


def outcomes_of(path: Path, toolkit: Toolkit) -> list[Outcome]:
    """Return the outcomes of an exam in all run-time situations."""
    record, exam = load_exam(path), load_simulated_exam(path)
    group = record.out_of_domain or f"{path.parent.name}, {'good' if is_good(record) else 'not good'}"
    true_kpa = math.nan if record.out_of_domain else truth_of(record).stiffness_kpa
    found = []
    for situation in map(situation_named, RUN_TIME_SITUATIONS):
        prepared = _segmented(as_read(exam, situation), toolkit)
        shown: dict[str, WaveMaps | None] = {situation.name: None}
        if situation is EVERYTHING and (waves := record_waves(record)) is not None:
            shown[WITH_WAVES] = waves
        for name, waves in shown.items():
            outcome, measured = _outcome(prepared, toolkit, waves)
            found.append(Outcome(path.parent.name, path.stem, group, name, outcome, measured, true_kpa))
    return found


def summary_of(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    """Count exams and outcomes by group and input situation."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for each in outcomes:
        counts.setdefault((each.group, each.shown), Counter())[each.outcome] += 1
    return [
        {"group": group, "shown": shown, "exams": found.total(), "numbers": found[NUMBER], "outcomes": dict(found)}
        for (group, shown), found in sorted(counts.items())
    ]


def agreement_of(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    """Return bias and limits of agreement of the reported stiffness by input situation, where the truth is known."""
    kept = [each for each in outcomes if each.outcome == NUMBER and math.isfinite(each.true_kpa)]
    rows = []
    for shown in dict.fromkeys(each.shown for each in kept):
        chosen = [each for each in kept if each.shown == shown]
        found = bland_altman([each.measured_kpa for each in chosen], [each.true_kpa for each in chosen], percent=True)
        figures = {"bias_percent": found.bias.value, "low_percent": found.low, "high_percent": found.high}
        rows.append({"shown": shown, "exams": len(chosen)} | figures)
    return rows


def refusals_table(outcomes: Sequence[Outcome]) -> Table:
    """Tabulate how many exams of each group get a number, by input situation."""
    given = {(row["group"], row["shown"]): f"{row['numbers']} of {row['exams']}" for row in summary_of(outcomes)}
    situations = tuple(dict.fromkeys(each.shown for each in outcomes))
    groups = tuple(dict.fromkeys(each.group for each in outcomes))
    lines = [(group, *(given.get((group, name), "") for name in situations)) for group in groups]
    return Table("refusals", "Exams that are given a number, of all, simulated", ("exams", *situations), tuple(lines))


def agreement_table(outcomes: Sequence[Outcome]) -> Table:
    """Tabulate the agreement of reported and true stiffness by input situation."""
    lines = []
    for row in agreement_of(outcomes):
        limits = span(row["low_percent"], row["high_percent"], 1)
        lines.append((row["shown"], str(row["exams"]), number(row["bias_percent"], 2), limits))
    columns = ("shown", "exams with a number and a truth", "bias %", "95 % limits %")
    return Table("agreement", "Reported stiffness against the truth, simulated", columns, tuple(lines))


def as_read(exam: CohortExam, situation: Situation) -> StiffnessVolume:
    """Return the exam as the application's loader would read it in an input situation."""
    volume = exam.volume(masked=situation.masked)
    magnitude = exam.magnitude.astype(np.float32) if situation.magnitude and exam.magnitude is not None else None
    images = tuple(Instance("", str(index), "", exam.name) for index in range(1, len(volume.valid) + 1))
    return replace(volume, magnitude=magnitude, instances=images)


def _segmented(volume: StiffnessVolume, toolkit: Toolkit) -> Segmented:
    unit = UnitEvidence(KPA_PER_COUNT, 0.0, "override", "the cohort's own counts")
    series = Series("", 1, volume.instances)
    acquisition = Acquisition(series, ScannerMaps(series, volume.masked, unit))
    loaded = Loaded(1, 0, acquisition, volume, None)
    return segment_liver(prepare_input(loaded, toolkit), toolkit)


def _outcome(segmented: Segmented, toolkit: Toolkit, waves: WaveMaps | None) -> tuple[str, float]:
    try:
        found = judge_with_waves(segmented, toolkit, waves)
        if not isinstance(found, NotEvaluable):
            found = measure_stiffness(found, toolkit)
    except MreError as error:
        return error.code, math.nan
    if isinstance(found, NotEvaluable):
        return found.reason.code, math.nan
    return NUMBER, found.measurement.mean_kpa


def _finished(path: Path) -> list[Outcome]:
    """Return the outcomes of an earlier run."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        rows: list[dict[str, Any]] = list(csv.DictReader(stream))
    numbers = ("measured_kpa", "true_kpa")
    return [Outcome(**row | {name: float(row[name]) for name in numbers}) for row in rows]


def _append(stream: TextIO, outcomes: Iterable[Outcome]) -> None:
    """Write the outcomes of one exam at once, so that an interrupted run has all of them or none."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Outcome)])
    if stream.tell() == 0:
        writer.writeheader()
    writer.writerows(asdict(each) for each in outcomes)
    stream.write(text.getvalue())
    stream.flush()
