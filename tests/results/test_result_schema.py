"""The schema accepts every result that this application can give, and no contradictory one."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from liver_mre.results.result import RunResult, StudyResult
from liver_mre.results.result_json import to_json
from liver_mre.workflow.outcome import Reason, RunStatus, StudyStatus
from tests.results.example_results import FAILED, MEASURED, NOT_EVALUABLE, REASON, RUN, SKIPPED

SCHEMA = json.loads((Path(__file__).parents[2] / "liver_mre/data/result.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_schema_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "run",
    [
        RUN,
        replace(RUN, studies=(MEASURED, FAILED), status=RunStatus.FAILED, exit_code=4),
        replace(RUN, studies=(SKIPPED,), status=RunStatus.NOTHING_TO_DO, exit_code=126, models=()),
        RunResult(RunStatus.FAILED, 4, reason=Reason("no_dicom", "No DICOM.", 4)),
    ],
    ids=["completed", "one study failed", "nothing to do", "input failed"],
)
def test_every_kind_of_run_is_valid(run: RunResult) -> None:
    VALIDATOR.validate(to_json(run))


@pytest.mark.parametrize(
    ("study", "key", "like"),
    [
        (MEASURED, "reason", NOT_EVALUABLE),
        (MEASURED, "measurement", FAILED),
        (MEASURED, "staging", FAILED),
        (MEASURED, "unit", FAILED),
        (NOT_EVALUABLE, "reason", MEASURED),
        (NOT_EVALUABLE, "measurement", MEASURED),
        (NOT_EVALUABLE, "staging", MEASURED),
        (FAILED, "reason", MEASURED),
        (FAILED, "measurement", MEASURED),
        (SKIPPED, "reason", MEASURED),
        (SKIPPED, "outputs", MEASURED),
    ],
)
def test_a_study_that_contradicts_itself_is_invalid(study: StudyResult, key: str, like: StudyResult) -> None:
    """No type of this application can say so; another program's result could."""
    run = replace(RUN, studies=(study, like), status=RunStatus.COMPLETED)
    if StudyStatus.FAILED in {study.status, like.status}:
        run = replace(run, status=RunStatus.FAILED, exit_code=4)
    content = to_json(run)
    assert VALIDATOR.is_valid(content)
    content["studies"][0][key] = content["studies"][1][key]
    assert not VALIDATOR.is_valid(content)


@pytest.mark.parametrize(
    "run",
    [
        replace(RUN, exit_code=1),
        replace(RUN, reason=REASON),
        replace(RUN, studies=(FAILED,)),
        replace(RUN, status=RunStatus.FAILED, exit_code=0, reason=REASON),
        replace(RUN, status=RunStatus.FAILED, exit_code=4),
        replace(RUN, status=RunStatus.NOTHING_TO_DO),
    ],
    ids=["exit code", "reason", "failed study", "no exit code", "nothing failed", "something was done"],
)
def test_a_run_that_contradicts_itself_is_invalid(run: RunResult) -> None:
    assert not VALIDATOR.is_valid(to_json(run))


def objects_in(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(content, list):
        return [found for index, part in enumerate(content) for found in objects_in(part, (*path, index))]
    if isinstance(content, dict):
        inner = [found for key, part in content.items() for found in objects_in(part, (*path, key))]
        return [path, *inner] if path[-1:] != ("timings_s",) else []
    return []


def at(content: Any, path: tuple[Any, ...]) -> dict[str, Any]:
    for key in path:
        content = content[key]
    return content


@pytest.mark.parametrize("path", objects_in(to_json(RUN)), ids=str)
def test_no_object_takes_an_unknown_field_or_misses_one(path: tuple[Any, ...]) -> None:
    content = to_json(RUN)
    at(content, path)["surplus"] = 1
    assert not VALIDATOR.is_valid(content)
    for key in at(to_json(RUN), path):
        content = copy.deepcopy(to_json(RUN))
        del at(content, path)[key]
        assert not VALIDATOR.is_valid(content), key


def test_every_field_of_the_schema_is_described() -> None:
    def undescribed(node: Any, path: str) -> list[str]:
        if not isinstance(node, dict):
            return []
        own = [
            f"{path}.{name}"
            for name, field in node.get("properties", {}).items()
            if "description" not in field and "$ref" not in field
        ]
        inner = [
            found
            for key in ("properties", "$defs")
            for name, field in node.get(key, {}).items()
            for found in undescribed(field, f"{path}.{name}")
        ]
        return own + inner + undescribed(node.get("items"), f"{path}[]")

    assert not undescribed(SCHEMA, "result")
    assert all("description" in definition for definition in SCHEMA["$defs"].values())
