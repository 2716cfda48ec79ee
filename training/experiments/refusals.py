"""Which simulated exams the application gives a number, and which it refuses: by its own steps, from pixels onwards.

Every exam is shown as a study may hold it: everything, without wave images, masked with magnitude, without magnitude,
and the masked elastogram alone. What must not be measured has to be refused in all of them, and what is good in none.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import liver_mre
from liver_mre.core.study import Instance, Selection, Series, UnitEvidence
from liver_mre.errors import MreError
from liver_mre.exam import Exam
from liver_mre.measuring import measure_stiffness
from liver_mre.quality import judge_quality
from liver_mre.settings import Settings
from liver_mre.steps import Toolkit, prepare, segment
from training.cohort.exams import simulated_exam
from training.cohort.store import KPA_PER_COUNT, CohortError, list_exams, load_exam, source_digest
from training.experiments.region_rules import markdown
from training.experiments.truth import truth_of
from training.quality.situations import WITH_WAVES
from training.quality.slices import record_waves
from training.quality.truth import is_good
from training.reporting.statistics import bland_altman
from training.reporting.table import Table, number
from training.segmentation.predicted_livers import claim
from training.segmentation.situations import EVERYTHING, MEASURED, situation_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

    from liver_mre.core.quality.waves import WaveMaps
    from liver_mre.core.volume import StiffnessVolume
    from training.cohort.exams import Exam as CohortExam
    from training.cohort.store import ExamRecord
    from training.segmentation.situations import Situation

NUMBER: Final = "number"
"""Outcome of an exam whose stiffness is reported; any other outcome is the code of the reason why it is not."""
APPLICATION_FILE: Final = "application.txt"
SETTINGS: Final = Settings(require_magnitude=False)
"""The defaults, but that exams without magnitude are judged, too: what is left is what that setting is for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the application makes of one exam, shown in one way.

    Attributes
    ----------
    cohort, exam : the exam
    group : the kind of stranger that it is, or its cohort and whether most of its slices are diagnostic
    shown : which of its images the application has
    outcome : `NUMBER`, or the code of the reason
    measured_kpa, true_kpa : NaN where there is none; a stranger has no truth
    """

    cohort: str
    exam: str
    group: str
    shown: str
    outcome: str
    measured_kpa: float
    true_kpa: float


def study(data: Sequence[Path], out: Path, *, limit: int | None = None) -> dict[str, Any]:
    """Run the application's steps on every exam of some cohorts, and write what came of them.

    Parameters
    ----------
    data : folders of simulated cohorts
    out : folder for outcomes.csv, which is continued where it exists, refusals.md and refusals.json
    limit : largest number of exams of each cohort

    Returns
    -------
    The summary, as in refusals.json.

    Raises
    ------
    CohortError
        If a folder holds no simulated exam, or `out` what another state of the application made.
    MreError
        If the models are not exported.
    """
    from rich.progress import track

    out.mkdir(parents=True, exist_ok=True)
    claim(out / APPLICATION_FILE, f"{application_digest(SETTINGS)}\n")
    outcomes = _finished(out / "outcomes.csv")
    done = {(each.cohort, each.exam) for each in outcomes}
    paths = [path for folder in data for path in _exams(folder, limit)]
    toolkit = Toolkit(SETTINGS)
    with (out / "outcomes.csv").open("a", newline="", encoding="utf-8") as stream:
        for path in track(paths, description="running exams", transient=True):
            if (path.parent.name, path.stem) not in done:
                found = outcomes_of(path, toolkit)
                _append(stream, found)
                outcomes += found
    summary = {"data": "simulated", "groups": summary_of(outcomes), "agreement": agreement_of(outcomes)}
    (out / "refusals.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    tables = (refusals_table(outcomes), agreement_table(outcomes))
    (out / "refusals.md").write_text("\n\n".join(map(markdown, tables)) + "\n", encoding="utf-8")
    return summary


def application_digest(settings: Settings) -> str:
    """Return a digest of all that decides on an outcome: the application's source, its data and its models."""
    package = Path(liver_mre.__file__).parent
    cards = [folder / "card.json" for folder in (settings.model_dir, settings.quality_dir) if folder]
    parts = [*package.rglob("*.py"), *package.rglob("*.json"), *(card for card in cards if card.is_file())]
    return source_digest(sorted(parts))


def outcomes_of(path: Path, toolkit: Toolkit) -> list[Outcome]:
    """Return what the application makes of the exam in a file, in every way it can be shown."""
    record, exam = load_exam(path), simulated_exam(path)
    group = group_of(record, path.parent.name)
    true_kpa = math.nan if record.facts.get("unlike") else truth_of(record).stiffness_kpa
    found = []
    for situation in map(situation_named, MEASURED):
        prepared = _segmented(as_read(exam, situation), toolkit)
        for words, waves in _ways(record, situation):
            outcome, measured = _outcome(prepared, toolkit, waves)
            found.append(Outcome(path.parent.name, path.stem, group, words, outcome, measured, true_kpa))
    return found


def group_of(record: ExamRecord, cohort: str) -> str:
    """Return what an exam is: a stranger's kind, or its cohort and whether most of its slices are diagnostic."""
    if kind := record.facts.get("unlike"):
        return str(kind)
    return f"{cohort}, {'good' if is_good(record) else 'not good'}"


def summary_of(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    """Return, for each group and way, how many exams there are and how often each outcome came."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for each in outcomes:
        counts.setdefault((each.group, each.shown), Counter())[each.outcome] += 1
    return [
        {"group": group, "shown": shown, "exams": found.total(), "numbers": found[NUMBER], "outcomes": dict(found)}
        for (group, shown), found in sorted(counts.items())
    ]


def agreement_of(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    """Return, for each way, bias and limits of the reported stiffness where there is a truth to hold it against."""
    kept = [each for each in outcomes if each.outcome == NUMBER and math.isfinite(each.true_kpa)]
    rows = []
    for shown in dict.fromkeys(each.shown for each in kept):
        mine = [each for each in kept if each.shown == shown]
        found = bland_altman([each.measured_kpa for each in mine], [each.true_kpa for each in mine], percent=True)
        figures = {"bias_percent": found.bias.value, "low_percent": found.low, "high_percent": found.high}
        rows.append({"shown": shown, "exams": len(mine)} | figures)
    return rows


def refusals_table(outcomes: Sequence[Outcome]) -> Table:
    """Return how many exams of each group are given a number, a column a way."""
    found = {(row["group"], row["shown"]): row for row in summary_of(outcomes)}
    ways = tuple(dict.fromkeys(each.shown for each in outcomes))
    groups = tuple(dict.fromkeys(each.group for each in outcomes))
    lines = [(group, *(_given(found.get((group, way))) for way in ways)) for group in groups]
    return Table("refusals", "Exams that are given a number, of all, simulated", ("exams", *ways), tuple(lines))


def agreement_table(outcomes: Sequence[Outcome]) -> Table:
    """Return how far the reported numbers are from the truth, a row a way."""
    lines = [
        (
            row["shown"],
            str(row["exams"]),
            number(row["bias_percent"], 2),
            f"{number(row['low_percent'], 1)} to {number(row['high_percent'], 1)}",
        )
        for row in agreement_of(outcomes)
    ]
    columns = ("shown", "exams with a number and a truth", "bias %", "95 % limits %")
    return Table("agreement", "Reported stiffness against the truth, simulated", columns, tuple(lines))


def _given(row: dict[str, Any] | None) -> str:
    return f"{row['numbers']} of {row['exams']}" if row else ""


def _exams(folder: Path, limit: int | None) -> list[Path]:
    found = list_exams(folder)[:limit]
    if not found:
        message = f"{folder.name} holds no simulated exam: simulate a cohort first"
        raise CohortError(message)
    return found


def as_read(exam: CohortExam, situation: Situation) -> StiffnessVolume:
    """Return the exam as the loader would hand it on from what the situation leaves of the study."""
    volume = exam.volume(masked=situation.masked)
    seen = exam.magnitude.astype(np.float32) if situation.magnitude and exam.magnitude is not None else None
    images = tuple(Instance("", str(index), "", exam.name) for index in range(1, len(volume.valid) + 1))
    return replace(volume, magnitude=seen, instances=images)


def _segmented(volume: StiffnessVolume, toolkit: Toolkit) -> Exam:
    unit = UnitEvidence(KPA_PER_COUNT, 0.0, "override", "the cohort's own counts")
    selection = Selection(Series("", 1, volume.instances), volume.masked, None, None, unit)
    return segment(prepare(Exam(1, selection, volume=volume), toolkit), toolkit)


def _ways(record: ExamRecord, situation: Situation) -> list[tuple[str, WaveMaps | None]]:
    waves = record_waves(record) if situation is EVERYTHING else None
    return [(situation.name, None), *([(WITH_WAVES, waves)] if waves is not None else [])]


def _outcome(exam: Exam, toolkit: Toolkit, waves: WaveMaps | None) -> tuple[str, float]:
    try:
        done = measure_stiffness(judge_quality(exam, toolkit, waves), toolkit)
    except MreError as error:
        return error.code, math.nan
    if done.measurement is None:
        return (done.not_evaluable.code if done.not_evaluable else "unknown"), math.nan
    return NUMBER, done.measurement.mean_kpa


def _finished(path: Path) -> list[Outcome]:
    """Return what an earlier run wrote."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        rows = [[row[field.name] for field in fields(Outcome)] for row in csv.DictReader(stream)]
    return [Outcome(*texts, float(measured), float(true)) for *texts, measured, true in rows]


def _append(stream: TextIO, outcomes: Iterable[Outcome]) -> None:
    """Write the outcomes of one exam at once, so that an interrupted study has all of an exam or nothing."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Outcome)])
    if stream.tell() == 0:
        writer.writeheader()
    writer.writerows(asdict(each) for each in outcomes)
    stream.write(text.getvalue())
    stream.flush()
