"""An invented writer: the mean stiffness as text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from liver_mre.method.stages import Staged
from liver_mre.workflow.outcome import OutputFile
from liver_mre.workflow.step import Writer

if TYPE_CHECKING:
    from pathlib import Path

    from liver_mre.method.mre_study_run import MreStudyRun
    from liver_mre.method.toolkit import Toolkit

FILES: Final = {"table": "stiffness.csv"}


def write_table(run: MreStudyRun, toolkit: Toolkit, staging: Path) -> MreStudyRun:
    """Write one line for each acquisition."""
    del toolkit
    path = staging / run.study.study_instance_uid / FILES["table"]
    path.parent.mkdir(parents=True, exist_ok=True)
    measured = [item for item in run.items if isinstance(item, Staged)]
    path.write_text("".join(f"{item.number},{item.measurement.mean_kpa}\n" for item in measured), encoding="utf-8")
    output = OutputFile("table", path.relative_to(staging).as_posix(), None)
    return replace(run, outputs=(*run.outputs, output))


WRITE_TABLE = Writer("write_table", "writing the table", "table_writer", FILES, write_table)
