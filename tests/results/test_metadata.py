"""metadata.json: flat values for orchestrators, the same as in result.json."""

from __future__ import annotations

import json

from liver_mre.results.metadata import metadata
from liver_mre.results.result import RunResult, StudyResult
from liver_mre.workflow.outcome import Reason, RunStatus

FAILURE = Reason("missing_slices", "Slices are missing.", 4)


def test_it_counts_studies_by_how_they_ended_and_names_the_first_reason() -> None:
    studies = (StudyResult("1.2"), StudyResult("1.3", failure=FAILURE))
    found = metadata(RunResult(RunStatus.FAILED, 4, studies=studies))
    assert (found["status"], found["exit_code"], found["reason"]) == ("failed", 4, "missing_slices")
    assert [found[name] for name in ("measured", "not_evaluable", "skipped", "failed")] == [1, 0, 0, 1]


def test_every_value_is_flat_and_nothing_of_the_study_is_in_it() -> None:
    studies = (StudyResult("1.2.3.4"),)
    found = metadata(RunResult(RunStatus.COMPLETED, 0, studies=studies))
    assert found["reason"] == ""
    assert all(isinstance(value, str | int) for value in found.values())
    assert "1.2.3.4" not in json.dumps(found)
