"""`liver-mre qc`: green, amber or red for every slice, within seconds, for the technologist at the scanner."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from app.console import coloured, make_console, reporting
from app.paths import resolve_input
from app.site_settings import load_site_settings
from liver_mre.api import assess_folder
from liver_mre.errors import MreError, NoEligibleSeriesError, OutputError
from liver_mre.method.stages import Failed, Judged, NotEvaluable
from liver_mre.quality.quality_json import quality_json
from liver_mre.quality.verdict import CAUSE_WORDS, Verdict
from liver_mre.report.wording import diagnostic_words
from liver_mre.results.json_text import json_text
from liver_mre.results.result_json import reason_json
from liver_mre.workflow.outcome import reason_of, run_outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from liver_mre.method.mre_study_run import MreStudyRun
    from liver_mre.method.stages import Selected
    from liver_mre.quality.verdict import AcquisitionQuality, Check
    from liver_mre.workflow.outcome import Reason

_COLOURS: Final = {"green": "green", "amber": "yellow", "red": "red"}


def qc(path: Path, config: Path | None, given: Mapping[str, object], *, as_json: bool, pictures: Path | None) -> int:
    """Judge the acquisitions under `path` and print the verdicts; return the exit code, 0 whatever the verdicts.

    Raises
    ------
    UsageError
        If the input does not exist.
    OutputError
        If a picture cannot be written.
    """
    settings = load_site_settings(config, given)
    console, studies, failures, skipped = make_console(), [], [], []
    try:
        for run in assess_folder(resolve_input(path), settings):
            if pictures is not None:
                _write_pictures(run, pictures)
            skipped.append(run.failure is not None and run.failure.code == NoEligibleSeriesError.code)
            failures += [run.failure] if run.failure and not skipped[-1] else []
            if as_json:
                studies.append(_as_json(run))
            else:
                with reporting():
                    _print(console, run)
    except OutputError:
        raise
    except MreError as error:
        failures.append(reason_of(error))
        studies.append({"study_instance_uid": None, "reason": reason_json(failures[-1]), "acquisitions": []})
        if not as_json:
            with reporting():
                console.print(str(error))
    if as_json:
        with reporting():
            print(json_text({"studies": studies}, indent=2))
    return run_outcome(failures, skipped=all(skipped), skipped_exit_code=settings.skipped_exit_code)[1]


def _as_json(run: MreStudyRun) -> dict[str, Any]:
    return {
        "study_instance_uid": run.study.study_instance_uid,
        "reason": reason_json(run.failure),
        "acquisitions": [
            {
                "series_instance_uid": item.identity.series_instance_uid,
                "series_number": item.series_number,
                "reason": reason_json(_reason(item)),
                "quality": quality_json(_quality(item), _verdict(item)),
            }
            for item in run.items
        ],
    }


def _reason(item: Selected) -> Reason | None:
    return item.reason if isinstance(item, NotEvaluable) else item.failure


def _quality(item: Selected) -> AcquisitionQuality | None:
    judged = _judged(item)
    return judged.quality if judged else None


def _judged(item: Selected) -> Judged | None:
    """Return an acquisition as it was judged, also if its measurement failed."""
    item = item.before if isinstance(item, Failed) else item
    return item if isinstance(item, Judged) else None


def _verdict(item: Selected) -> Verdict | None:
    quality = _quality(item)
    if quality is None:
        return None
    return Verdict.RED if isinstance(item, NotEvaluable | Failed) else quality.verdict


def _print(console: Console, run: MreStudyRun) -> None:
    console.print(f"Study {run.index + 1}{f' of {run.total}' if run.total else ''}: {run.study.study_instance_uid}")
    if run.failure is not None:
        console.print(run.failure.message)
    for item in run.items:
        quality, reason = _quality(item), _reason(item)
        name = _name(item, run)
        if quality is None:
            words = reason.message if reason else "Nothing was judged."
            console.print(coloured((f"{name}: ", ""), ("RED", _COLOURS["red"]), (f": {words}", "")))
            continue
        console.print(slice_table(name, quality))
        console.print(_verdict_words(quality, _verdict(item) or Verdict.RED, reason))


def _name(item: Selected, run: MreStudyRun) -> str:
    """Return the name of an acquisition, with its number where two series of the study have the same."""
    name = item.identity.name
    alike = [other for other in run.items if other.identity.name == name]
    return name if len(alike) == 1 else f"{name}, acquisition {item.number}"


def slice_table(name: str, quality: AcquisitionQuality) -> Table:
    """Return the table of an acquisition's slices."""
    from rich.table import Table

    table = Table(title=f"Quality of {name} (judged by {quality.judged_by})", title_justify="left")
    table.add_column("Slice", justify="right")
    table.add_column("Verdict")
    table.add_column("Votes")
    table.add_column("Likely cause", overflow="fold")
    table.add_column("Checks (! = outside limits)", overflow="fold")
    for one in quality.slices:
        verdict = str(one.verdict)
        votes = f"{one.votes[0]}/{one.votes[1]}" if one.votes else ""
        cause = CAUSE_WORDS[one.cause] if one.cause else ""
        word = coloured((verdict, _COLOURS[verdict]))
        table.add_row(str(one.slice_index + 1), word, votes, cause, checks_in_words(one.checks))
    return table


def checks_in_words(checks: Sequence[Check]) -> str:
    """Return names and values of the checks that have a value; those outside their limits are marked !."""
    known = [check for check in checks if not math.isnan(check.value)]
    return ", ".join(
        f"{check.name.replace('_', ' ')} {check.value:.3g}{'' if check.unit == '1' else ' ' + check.unit}"
        f"{' !' if check.passed is False else ''}"
        for check in known
    )


def _verdict_words(quality: AcquisitionQuality, verdict: Verdict, reason: Reason | None) -> Text:
    words = [f": {diagnostic_words(quality, measured=reason is None)}."]
    words += [f"{checks.capitalize()}."] if (checks := checks_in_words(quality.checks)) else []
    if reason is not None:
        words.append(reason.message)
    elif quality.hint:
        words.append(quality.hint)
    return coloured((verdict.upper(), _COLOURS[verdict]), (" ".join(words), ""))


def _write_pictures(run: MreStudyRun, folder: Path) -> None:
    from PIL import Image

    from liver_mre.report.picture.quality import render_quality

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for item in run.items:
            judged = _judged(item)
            if judged is None or judged.quality is None:
                continue
            title = f"Study {run.index + 1}, {_name(item, run)}"
            measured = not isinstance(item, NotEvaluable | Failed)
            pixels = render_quality(title, judged.volume, judged.mask.liver, judged.quality, measured=measured)
            Image.fromarray(pixels).save(folder / f"study-{run.index + 1}-acquisition-{item.number}.png")
    except OSError as error:
        message = f"The pictures cannot be written ({type(error).__name__}). Choose another --pictures folder."
        raise OutputError(message) from error
