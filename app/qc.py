"""`liver-mre qc`: green, amber or red for every slice, for the technologist at the scanner, in seconds."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from app.console import make_console
from app.paths import config_path, resolve_input
from liver_mre.core.quality.as_json import quality_json
from liver_mre.core.quality.types import CAUSE_WORDS
from liver_mre.errors import OutputError
from liver_mre.pipeline import run_result
from liver_mre.quality import assess_folder
from liver_mre.report.wording import diagnostic_words
from liver_mre.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from liver_mre.case import Case
    from liver_mre.core.quality.types import Check, ExamQuality
    from liver_mre.core.result import Reason
    from liver_mre.exam import Exam

_COLOURS: Final = {"green": "green", "amber": "yellow", "red": "red"}


def qc(path: Path, config: Path | None, given: Mapping[str, object], *, as_json: bool, pictures: Path | None) -> int:
    """Judge the acquisitions under `path` and print the verdicts; return the exit code.

    A bad acquisition is an answer, not a failure: the exit code is 0.

    Raises
    ------
    UsageError
        If the input does not exist.
    OutputError
        If a picture cannot be written.
    """
    settings = load_settings(config_path(config), command_line=given)
    cases = assess_folder(resolve_input(path), settings)
    if pictures is not None:
        _write_pictures(cases, pictures)
    result = run_result(cases, settings, {})
    if as_json:
        print(json.dumps({"studies": [_as_json(case) for case in cases]}, indent=2))
        return result.exit_code
    console = make_console()
    for case in cases:
        _print(console, case)
    return result.exit_code


def _as_json(case: Case) -> dict[str, Any]:
    return {
        "study_instance_uid": case.study.study_instance_uid if case.study else None,
        "reason": _reason(case.failure),
        "acquisitions": [
            {
                "series_instance_uid": exam.selection.stiffness.series_instance_uid,
                "series_number": exam.selection.stiffness.series_number,
                "reason": _reason(exam.failure or exam.not_evaluable),
                "quality": quality_json(exam.quality),
            }
            for exam in case.exams
        ],
    }


def _reason(reason: Reason | None) -> dict[str, str] | None:
    return {"code": reason.code, "message": reason.message} if reason else None


def _print(console: Console, case: Case) -> None:
    if case.failure is not None:
        console.print(case.failure.message)
    for exam in case.exams:
        reason = exam.failure or exam.not_evaluable
        if exam.quality is None:
            words = reason.message if reason else "Nothing was judged."
            console.print(f"{exam.name}: [{_COLOURS['red']}]RED[/]: {words}")
            continue
        console.print(slice_table(exam, exam.quality))
        console.print(_verdict(exam, exam.quality))


def slice_table(exam: Exam, quality: ExamQuality) -> Table:
    """Return the table of the slices of one acquisition."""
    from rich.table import Table

    table = Table(title=f"Quality of {exam.name} (judged by {quality.judged_by})", title_justify="left")
    table.add_column("Slice", justify="right")
    table.add_column("Verdict")
    table.add_column("Votes")
    table.add_column("Likely cause", overflow="fold")
    table.add_column("Numbers; those out of their limits are marked !", overflow="fold")
    for one in quality.slices:
        light = str(one.light)
        votes = f"{one.votes[0]}/{one.votes[1]}" if one.votes else ""
        cause = CAUSE_WORDS[one.cause] if one.cause else ""
        words = f"[{_COLOURS[light]}]{light}[/]"
        table.add_row(str(one.slice_index + 1), words, votes, cause, numbers_in_words(one.checks))
    return table


def numbers_in_words(checks: Sequence[Check]) -> str:
    """Return numbers beside their names, those out of limits marked; what there is not is left out."""
    known = [check for check in checks if not math.isnan(check.value)]
    return ", ".join(
        f"{check.name.replace('_', ' ')} {check.value:.3g}{'' if check.unit == '1' else ' ' + check.unit}"
        f"{' !' if check.passed is False else ''}"
        for check in known
    )


def _verdict(exam: Exam, quality: ExamQuality) -> str:
    light = str(quality.light)
    words = [f"[{_COLOURS[light]}]{light.upper()}[/]: {diagnostic_words(quality)}."]
    words += [f"{numbers.capitalize()}."] if (numbers := numbers_in_words(quality.checks)) else []
    if exam.not_evaluable:
        words.append(exam.not_evaluable.message)
    elif quality.hint:
        words.append(quality.hint)
    return " ".join(words)


def _write_pictures(cases: list[Case], folder: Path) -> None:
    from PIL import Image

    from liver_mre.report.quality_picture import render_quality

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, case in enumerate(cases, start=1):
            for exam, quality in _judged(case):
                if exam.volume is None or exam.mask is None:
                    continue
                pixels = render_quality(f"Study {number}, {exam.name}", exam.volume, exam.mask.liver, quality)
                Image.fromarray(pixels).save(folder / f"study-{number}-acquisition-{exam.number}.png")
    except OSError as error:
        message = f"The pictures cannot be written ({type(error).__name__}). Choose another --pictures folder."
        raise OutputError(message) from error


def _judged(case: Case) -> Iterator[tuple[Exam, ExamQuality]]:
    return ((exam, exam.quality) for exam in case.exams if exam.quality is not None)
