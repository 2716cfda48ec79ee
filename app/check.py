"""`liver-mre check`: which series and acquisitions would be measured, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.console import make_console, reporting, stacked
from app.paths import resolve_input
from app.site_settings import load_site_settings
from liver_mre.api import check_folder
from liver_mre.results.json_text import json_text
from liver_mre.results.result_json import identity_json, reason_json, series_json, unit_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.table import Table

    from liver_mre.method.check import AcquisitionCheck, CheckResult, StudyCheck


def check(path: Path, config: Path | None, given: Mapping[str, object], *, as_json: bool) -> int:
    """Print what would be measured under `path`; return the exit code that a run would have as far as headers tell.

    Raises
    ------
    UsageError
        If the input does not exist.
    """
    result = check_folder(resolve_input(path), load_site_settings(config, given))
    with reporting():
        if as_json:
            print(json_text(_as_json(result), indent=2))
        else:
            _print(result)
    return result.exit_code


def _as_json(result: CheckResult) -> dict[str, Any]:
    return {
        "reason": reason_json(result.reason),
        "studies": [_study(study) for study in result.studies],
        "warnings": list(result.warnings),
    }


def _study(study: StudyCheck) -> dict[str, Any]:
    return {
        "study_instance_uid": study.study_instance_uid,
        "reason": reason_json(study.reason),
        "input_series": [series_json(decision) for decision in study.input_series],
        "measurable": study.eligible,
        "acquisitions": [
            {
                **identity_json(one.series),
                "reason": reason_json(one.reason),
                "unit": unit_json(one.unit),
                "notes": list(one.notes),
                "measurable": one.eligible,
            }
            for one in study.acquisitions
        ],
    }


def _print(result: CheckResult) -> None:
    console = make_console()
    for study in result.studies:
        console.print(series_table(study))
        if study.acquisitions:
            console.print(acquisition_table(study))
        console.print(_verdict(study))
    if result.reason:
        console.print(result.reason.message)
    for warning in result.warnings:
        console.print(f"Warning: {warning}")


def series_table(study: StudyCheck) -> Table:
    """Return the table of a study's series."""
    from rich.table import Table

    table = Table(title=f"Study {study.study_instance_uid}", title_justify="left")
    table.add_column("No.", justify="right")
    table.add_column("Description", overflow="fold")
    table.add_column("Images", justify="right")
    table.add_column("Role")
    table.add_column("Used")
    table.add_column("Why", overflow="fold")
    for series in study.input_series:
        number, images = str(series.series_number), str(series.instances)
        used = "yes" if series.used else ""
        role = series.role.replace("_", " ")
        table.add_row(number, series.description, images, role, used, series.reason)
    return table


def acquisition_table(study: StudyCheck) -> Table:
    """Return the table of a study's acquisitions."""
    from rich.table import Table

    table = Table(title="Acquisitions", title_justify="left")
    table.add_column("Series", justify="right")
    table.add_column("Measurable")
    table.add_column("Unit and notes", overflow="fold")
    for one in study.acquisitions:
        table.add_row(str(one.series.series_number), "yes" if one.eligible else "no", stacked(_remarks(one)))
    return table


def _remarks(one: AcquisitionCheck) -> list[str]:
    if one.reason is not None:
        return [one.reason.message, *one.notes]
    return [*([f"Unit: {one.unit.detail}."] if one.unit else []), *one.notes]


def _verdict(study: StudyCheck) -> str:
    if study.reason is not None:
        return study.reason.message
    eligible = [one for one in study.acquisitions if one.eligible]
    if not eligible:
        return "Nothing would be measured."
    if len(eligible) == 1:
        return f"Series {eligible[0].series.series_number} would be measured."
    return (
        f"{len(eligible)} acquisitions would be measured, and the one with the largest measured area reported; "
        "--all reports all of them, --series UID a single one."
    )
