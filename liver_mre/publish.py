"""Results appear in the output folder in one step: staged beside it, moved at the end, `result.json` last."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from liver_mre.core.result import StudyStatus
from liver_mre.core.result_json import to_json
from liver_mre.errors import OutputError

if TYPE_CHECKING:
    from liver_mre.core.result import RunResult

RESULT_FILE = "result.json"
STAGING_PREFIX = ".liver-mre-"


def open_staging(out: Path) -> Path:
    """Create the output folder where needed and, inside it, an empty staging folder on the same file system.

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


def publish(staging: Path, out: Path, result: RunResult) -> None:
    """Move the staged results of every study that did not fail into `out`, then `result.json`.

    Results of the same study from an earlier run are replaced as a whole.

    Raises
    ------
    OutputError
        If something cannot be written or moved; nothing half-written stays under a final name.
    """
    try:
        (staging / RESULT_FILE).write_text(json.dumps(to_json(result), indent=2) + "\n", encoding="utf-8")
        replaced = staging / "replaced"
        replaced.mkdir()
        for study in result.studies:
            name = study.study_instance_uid
            if (out / name).exists():
                (out / name).rename(replaced / name)
            if study.status in {StudyStatus.MEASURED, StudyStatus.NOT_EVALUABLE}:
                (staging / name).rename(out / name)
        (staging / RESULT_FILE).replace(out / RESULT_FILE)
    except OSError as error:
        raise OutputError from error
    finally:
        discard(staging)


def discard(staging: Path) -> None:
    """Remove a staging folder and what is in it; what is gone already is fine."""
    shutil.rmtree(staging, ignore_errors=True)
