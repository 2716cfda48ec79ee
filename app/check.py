"""`liver-mre check`: every series and acquisition, and why it would or would not be measured."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from app.console import make_console
from app.paths import config_path, resolve_input
from liver_mre.core.result import StudyStatus
from liver_mre.core.result_json import to_json
from liver_mre.pipeline import check_folder
from liver_mre.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.table import Table

    from liver_mre.core.result import AcquisitionResult, RunResult, StudyResult

_STUDY_KEYS = ("study_instance_uid", "reason", "input_series")
_ACQUISITION_KEYS = ("series_instance_uid", "series_number", "description", "reason", "unit", "notes")


def check(path: Path, config: Path | None, given: Mapping[str, object], *, as_json: bool) -> int:
    """Print the series under `path` and return the exit code that selection would give.

    Raises
    ------
    UsageError
        If the input does not exist.
    """
    result = check_folder(resolve_input(path), load_settings(config_path(config), command_line=given))
    if as_json:
        print(json.dumps(_as_json(result), indent=2))
    else:
        _print(result)
    return result.exit_code


def _as_json(result: RunResult) -> dict[str, Any]:
    content = to_json(result)
    studies = [
        {key: study[key] for key in _STUDY_KEYS}
        | {
            "measurable": study["status"] == StudyStatus.MEASURED
            and any(one["reason"] is None for one in study["acquisitions"]),
            "acquisitions": [
                {key: one[key] for key in _ACQUISITION_KEYS} | {"measurable": one["reason"] is None}
                for one in study["acquisitions"]
            ],
        }
        for study in content["studies"]
    ]
    return {"reason": content["reason"], "studies": studies, "warnings": content["warnings"]}


def _print(result: RunResult) -> None:
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


def series_table(study: StudyResult) -> Table:
    """Return the table of the series of one study."""
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
        role = series.role.value.replace("_", " ")
        table.add_row(number, series.description, images, role, used, series.reason)
    return table


def acquisition_table(study: StudyResult) -> Table:
    """Return the table of the acquisitions of one study."""
    from rich.table import Table

    table = Table(title="Acquisitions", title_justify="left")
    table.add_column("Series", justify="right")
    table.add_column("Measurable")
    table.add_column("Unit and notes", overflow="fold")
    for one in study.acquisitions:
        table.add_row(str(one.series_number), "no" if one.reason else "yes", "\n".join(_remarks(one)))
    return table


def _remarks(one: AcquisitionResult) -> list[str]:
    if one.reason is not None:
        return [one.reason.message]
    return [*([f"Unit: {one.unit.detail}."] if one.unit else []), *one.notes]


def _verdict(study: StudyResult) -> str:
    if study.reason is not None:
        return study.reason.message
    measurable = [one for one in study.acquisitions if one.reason is None]
    if not measurable:
        return "Nothing would be measured."
    if len(measurable) == 1:
        return f"Series {measurable[0].series_number} would be measured."
    return (
        f"{len(measurable)} acquisitions would be measured, and the one with the most measurable liver reported; "
        "--all reports every one, --series UID one of them."
    )
