"""`study.json`: what a study's folder says of itself, so that a later run can tell if it has to be made anew.

It lies in the folder that is published in one step, so folder and record cannot contradict each other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from liver_mre.about import APPLICATION, __version__
from liver_mre.errors import OutputError
from liver_mre.liver.mask import ModelIdentity
from liver_mre.results.json_text import json_text
from liver_mre.results.result import EarlierStudy
from liver_mre.results.result_json import SCHEMA_VERSION, model_json, study_json
from liver_mre.studies.typed_json import Fields, read_json
from liver_mre.workflow.outcome import StudyStatus

if TYPE_CHECKING:
    from pathlib import Path

    from liver_mre.results.result import StudyResult

RECORD_FILE: Final = "study.json"
PUBLISHED: Final = frozenset({StudyStatus.MEASURED, StudyStatus.NOT_EVALUABLE})
"""Statuses of studies that have a folder of results."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What results were made from, as SHA-256 in hexadecimal; "" if it could not be told, which equals nothing.

    Attributes
    ----------
    input_sha256 : of the study's images and the earlier reports beside it
    method_sha256 : of version, settings, profile, rules and models
    """

    input_sha256: str = ""
    method_sha256: str = ""

    def equals(self, other: Origin) -> bool:
        """Tell whether both are known and the same."""
        return self == other and bool(self.input_sha256 and self.method_sha256)


@dataclass(frozen=True, slots=True)
class Record:
    """The content of `study.json`.

    Attributes
    ----------
    run : name of the run that published the folder
    files : SHA-256 of every other file in the folder, by its path in it
    """

    run: str
    origin: Origin
    study: EarlierStudy
    files: dict[str, str]

    def is_intact(self, folder: Path) -> bool:
        """Tell whether the files in a folder are those that were published there."""
        try:
            return self.files == digests_of(folder)
        except OSError:
            return False


def record_text(study: StudyResult, run: str, origin: Origin, folder: Path) -> str:
    """Return the text of the record of a study whose files lie in a folder. Raises `OSError`."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "application": {"name": APPLICATION, "version": __version__},
        "run": run,
        "input_sha256": origin.input_sha256 or None,
        "method_sha256": origin.method_sha256 or None,
        "models": [model_json(model) for model in study.models],
        "files": digests_of(folder),
        "study": study_json(study),
    }
    return json_text({**content, "sha256": _digest(content)}, indent=2) + "\n"


def read_record(folder: Path) -> Record | None:
    """Return the record in a study's folder; None if there is none, or it is damaged or of another schema."""
    try:
        content = read_json(folder / RECORD_FILE, RECORD_FILE, OutputError, advice="It is ignored.")
        whole = Fields({"record": content}, RECORD_FILE, OutputError).mapping("record")
        stated = whole.pop("sha256", "")
        if stated != _digest(whole) or whole.get("schema_version") != SCHEMA_VERSION:
            return None
        fields = Fields(whole, RECORD_FILE, OutputError)
        entry = fields.part("study")
        study = EarlierStudy(
            entry.text("study_instance_uid"),
            StudyStatus(entry.choice("status", PUBLISHED)),
            fields.mapping("study"),
            tuple(_model(one) for one in fields.parts("models")),
        )
        origin = Origin(fields.optional_text("input_sha256") or "", fields.optional_text("method_sha256") or "")
        return Record(fields.text("run"), origin, study, fields.mapping("files"))
    except OutputError:
        return None


def digests_of(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file in a folder but the record, by its path in it. Raises `OSError`."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / RECORD_FILE
    }


def _model(fields: Fields) -> ModelIdentity:
    return ModelIdentity(*(fields.text(name) for name in ("name", "version", "sha256", "backend", "precision")))


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json_text(content, sort_keys=True).encode()).hexdigest()
