"""Publish results in one step: they are written to a staging folder and moved to the output folder at the end.

`result.json` is moved last, so that whoever waits for it finds everything else.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from liver_mre.errors import OutputError
from liver_mre.results.metadata import METADATA_FILE, metadata
from liver_mre.results.result_json import to_json
from liver_mre.workflow.outcome import StudyStatus

if TYPE_CHECKING:
    from collections.abc import Collection

    from liver_mre.results.result import RunResult

RESULT_FILE: Final = "result.json"
STAGING_PREFIX: Final = ".liver-mre-"
_REPLACED: Final = "replaced"
ACQUISITION_FOLDER: Final = "acquisition-"
"""Prefix of the study's subfolders for reported acquisitions other than the chosen one; their number follows."""
_ACQUISITION: Final = re.compile(ACQUISITION_FOLDER + "[0-9]+")


def open_staging(out: Path) -> Path:
    """Create the output folder if needed and, inside it, so on the same file system, an empty staging folder.

    Raises
    ------
    OutputError
        If either cannot be created.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=STAGING_PREFIX, dir=out))
    except OSError as error:
        raise OutputError from error


def publish(staging: Path, out: Path, result: RunResult, names: Collection[str] = ()) -> None:
    """Move the staged results of all studies that did not fail into `out`, then `result.json`.

    Results of the same study from an earlier run are replaced as a whole. If a move fails, earlier moves are undone.

    Parameters
    ----------
    staging : staging folder with the results; it is removed
    out : output folder on the same file system
    result : content of `result.json`
    names : names of result files; an existing folder of a study is replaced only if it holds nothing else

    Raises
    ------
    OutputError
        If something cannot be written or moved, or a study's folder in `out` holds other files; `out` is then as it
        was.
    """
    moves: list[tuple[Path, Path]] = []
    try:
        (staging / RESULT_FILE).write_text(json.dumps(to_json(result), indent=2) + "\n", encoding="utf-8")
        (staging / METADATA_FILE).write_text(json.dumps(metadata(result), indent=2) + "\n", encoding="utf-8")
        (staging / _REPLACED).mkdir()
        for study in result.studies:
            name = study.study_instance_uid
            if (out / name).exists():
                _check_replaceable(out / name, names)
                _move(out / name, staging / _REPLACED / name, moves)
            if study.status in {StudyStatus.MEASURED, StudyStatus.NOT_EVALUABLE}:
                _move(staging / name, out / name, moves)
        (staging / METADATA_FILE).replace(out / METADATA_FILE)
        (staging / RESULT_FILE).replace(out / RESULT_FILE)
    except (OSError, OutputError) as error:
        for source, target in reversed(moves):
            target.rename(source)
        if isinstance(error, OutputError):
            raise
        raise OutputError from error
    finally:
        discard(staging)


def _move(source: Path, target: Path, moves: list[tuple[Path, Path]]) -> None:
    source.rename(target)
    moves.append((source, target))


def _check_replaceable(folder: Path, names: Collection[str]) -> None:
    """Refuse to replace a folder that holds anything but results of this application, such as the input itself."""
    if not _holds_only_results(folder, names):
        message = (
            "The output folder already holds other files under the study's UID, which would be overwritten. "
            "Choose another output folder."
        )
        raise OutputError(message)


def _holds_only_results(folder: Path, names: Collection[str]) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    others = [path for path in folder.iterdir() if path.name not in names]
    return all(_ACQUISITION.fullmatch(path.name) and _holds_only_results(path, names) for path in others)


def discard(staging: Path) -> None:
    """Remove a staging folder with its content, if it is still there."""
    shutil.rmtree(staging, ignore_errors=True)
