"""What a run that was killed left in the output folder: completed or undone by the next, so that nothing stays behind.

Called only by who holds the lock of the folder, so whoever wrote what is found there is dead. Each function can itself
be killed anywhere and called again.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from liver_mre.errors import ExitCode, OutputError
from liver_mre.results import file_operations
from liver_mre.results.json_text import json_text
from liver_mre.results.metadata import METADATA_FILE, metadata
from liver_mre.results.record import read_record
from liver_mre.results.result import failed_run
from liver_mre.results.result_json import to_json
from liver_mre.studies.typed_json import Fields, read_json
from liver_mre.workflow.outcome import Reason

if TYPE_CHECKING:
    from pathlib import Path

    from liver_mre.results.result import RunResult

log = logging.getLogger(__name__)

RESULT_FILE: Final = "result.json"
PROGRESS_FILE: Final = "progress.json"
STAGING_PREFIX: Final = ".liver-mre-"
EARLIER: Final = "earlier"
"""Folder in the staging folder with what this run has put aside."""
_ABOUT_THE_RUN: Final = (METADATA_FILE, RESULT_FILE)  # in the order in which they return
UNFINISHED: Final = Reason(
    "killed",
    "The run was killed before all studies were done. Those that it had finished are listed here; `--resume` goes on "
    "with the others.",
    ExitCode.INTERNAL,
)


def recover(out: Path, killed: Reason) -> bool:
    """Complete or undo what a killed run began in an output folder, and remove what it left.

    Parameters
    ----------
    killed : what `result.json` says, if the run had published studies

    Returns
    -------
    bool
        Whether `result.json` was written.

    Raises
    ------
    OSError
        Something cannot be moved back or written.
    """
    written = False
    run = _read_progress(out / PROGRESS_FILE).run
    if run is not None:
        if not os.path.lexists(out / RESULT_FILE):
            written = settle(out, run, killed)
        file_operations.remove_file(out / PROGRESS_FILE)
    for folder in out.glob(f"{STAGING_PREFIX}*"):
        try:
            file_operations.remove_tree(folder)
        except OSError as error:  # such as that of another user
            log.warning("%s of a killed run cannot be removed (%s).", folder.name, type(error).__name__)
    return written


def settle(out: Path, run: str, reason: Reason) -> bool:
    """Make the output folder consistent after a run that began to change it and did not get to `result.json`.

    Earlier results of studies that the run has not replaced return to their places. If it has published no study, so do
    `result.json` and `metadata.json`; otherwise these say that the run failed, and list the studies that it published.

    Parameters
    ----------
    run : name of the run, which is that of its staging folder
    reason : why it has not ended

    Returns
    -------
    bool
        Whether `result.json` was written.
    """
    aside = out / run / EARLIER
    found = sorted(aside.iterdir()) if aside.is_dir() else []
    for folder in found:
        if folder.name not in _ABOUT_THE_RUN and not os.path.lexists(out / folder.name):
            file_operations.rename(folder, out / folder.name)
    records = [record for folder in sorted(out.iterdir()) if folder.is_dir() and (record := read_record(folder))]
    if any(record.run == run for record in records):
        finished = _read_progress(out / PROGRESS_FILE).finished  # includes what the run had kept of an earlier one
        listed = [one.study for one in records if one.run == run or one.study.study_instance_uid in finished]
        file_operations.make_folder(out / run)
        stage_result(out / run, failed_run(reason, kept=listed))
        for name in _ABOUT_THE_RUN:
            file_operations.replace(out / run / name, out / name)
        return True
    if (out / run / RESULT_FILE).exists() and not (out / run / METADATA_FILE).exists():
        file_operations.remove_file(out / METADATA_FILE)  # of this run: it was between the last two moves
    for name in _ABOUT_THE_RUN:
        if (aside / name).exists():
            file_operations.replace(aside / name, out / name)
    return False


def stage_result(folder: Path, result: RunResult) -> None:
    """Write `result.json` and `metadata.json` into a folder."""
    for name, content in ((RESULT_FILE, to_json(result)), (METADATA_FILE, metadata(result))):
        file_operations.write_text(folder / name, json_text(content, indent=2) + "\n")
    file_operations.sync(folder / RESULT_FILE)


@dataclass(frozen=True, slots=True)
class _Progress:
    """What `progress.json` says: the run, None if it is none of this application, and the studies it has finished."""

    run: str | None = None
    finished: frozenset[str] = frozenset()


def _read_progress(path: Path) -> _Progress:
    try:
        fields = Fields(read_json(path, path.name, OutputError, advice="It is ignored."), path.name, OutputError)
        run = fields.text("run")
        finished = frozenset(one.text("study_instance_uid") for one in fields.parts("finished"))
    except OutputError:
        return _Progress()
    return _Progress(run, finished) if run.startswith(STAGING_PREFIX) and "/" not in run else _Progress()
