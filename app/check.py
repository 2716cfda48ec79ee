"""`liver-mre check`: every series, its role, and why it would or would not be measured."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

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

    from liver_mre.core.result import RunResult, StudyResult


def check(path: Path, config: Path | None, given: Mapping[str, object], *, as_json: bool) -> int:
    """Print the series under `path` and return the exit code that selection would give.

    Raises
    ------
    UsageError
        If the input does not exist.
    """
    result = check_folder(resolve_input(path), load_settings(config_path(config), command_line=given))
    if as_json:
        content = to_json(result)
        keys = ("study_instance_uid", "status", "reason", "input_series", "unit")
        studies = [{key: study[key] for key in keys} for study in content["studies"]]
        print(json.dumps({"reason": content["reason"], "studies": studies, "warnings": content["warnings"]}, indent=2))
    else:
        _print(result)
    return result.exit_code


def _print(result: RunResult) -> None:
    console = make_console()
    for study in result.studies:
        console.print(series_table(study))
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
        table.add_row(number, series.description, images, series.role.value, used, series.reason)
    return table


def _verdict(study: StudyResult) -> str:
    if study.status is StudyStatus.MEASURED and study.unit is not None:
        return f"Can be measured. Unit: {study.unit.detail}."
    return study.reason.message if study.reason else ""
