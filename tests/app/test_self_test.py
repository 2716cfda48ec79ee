"""The self-test tells an installation that measures as the release did from one that does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app import self_test
from app.self_test import ABSENT, Expectation, compare, load_expectation, main, value_at
from liver_mre.about import __version__
from liver_mre.errors import MreError
from simulation.__main__ import main as simulate

ROOT = Path(__file__).resolve().parents[2]
EXPECTATION = load_expectation()


def result(values: dict[str, Any]) -> Any:
    """Return a result that holds these values at these places."""
    tree: dict[str, Any] = {}
    for place, value in values.items():
        *steps, last = place.split(".")
        node = tree
        for step in steps:
            node = node.setdefault(step, {})
        node[last] = value
    return as_lists(tree)


def as_lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    inner = {key: as_lists(value) for key, value in node.items()}
    return [inner[str(number)] for number in range(len(inner))] if set(inner) <= {"0", "1"} else inner


def changed(value: Any) -> Any:
    """Return another value of the same type; a number just outside the tolerance."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, float):
        return value * (1 + 1.1 * EXPECTATION.relative_tolerance)
    return value + 1 if isinstance(value, int) else f"{value}?"


def test_this_installation_passes_whatever_the_settings_of_the_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert simulate(["example", "--out", str(tmp_path / "example")]) == 0
    monkeypatch.setenv("LIVER_MRE_PROFILE", "wu_2015")
    monkeypatch.setenv("LIVER_MRE_ROI_EDGE_MM", "0")
    assert main([str(tmp_path / "example/study")]) == 0
    assert "Self-test passed" in capfd.readouterr().out


@pytest.mark.parametrize("place", sorted(EXPECTATION.values))
def test_every_value_that_differs_fails_the_test_and_is_named(place: str) -> None:
    values = dict(EXPECTATION.values)
    assert compare(result(values), EXPECTATION) == []
    (line,) = compare(result(values | {place: changed(values[place])}), EXPECTATION)
    assert line.startswith(f"{place}: ")


@pytest.mark.parametrize("found", [None, "3.2", True, float("nan"), [], {}])
def test_what_is_no_number_is_not_the_expected_number(found: object) -> None:
    assert compare({"mean": found}, Expectation("", 0.01, {"mean": 3.2}))


def test_a_value_that_is_missing_is_named() -> None:
    assert compare({}, EXPECTATION)[0].startswith(f"application.version: {ABSENT}, expected ")
    assert value_at({"studies": []}, "studies.0.status") == ABSENT


def test_another_result_is_exit_code_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def other(_: Path, out: Path) -> int:
        content = result(EXPECTATION.values | {"studies.0.staging.category": "Normal"})
        (out / "result.json").write_text(json.dumps(content), encoding="utf-8")
        return 0

    monkeypatch.setattr(self_test, "measure", other)
    assert main(["study"]) == 1
    said = capsys.readouterr().out
    assert "studies.0.staging.category: Normal, expected Stage 1-2 fibrosis" in said
    assert "Self-test FAILED: 1 of" in said


def test_a_run_that_fails_gives_its_exit_code(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "could not be measured (exit code 2)" in capfd.readouterr().out


def test_the_expected_values_are_of_this_version_and_these_models() -> None:
    expected = EXPECTATION.values
    assert expected["application.version"] == __version__
    for number, folder in enumerate(("liver_segmentation", "quality_control")):
        card = json.loads((ROOT / "models" / folder / "card.json").read_text(encoding="utf-8"))
        assert expected[f"models.{number}.name"] == card["name"]
        assert expected[f"models.{number}.sha256"] == card["weights"]["sha256"]


def test_an_expectation_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "self_test.json"
    path.write_text('{"schema_version": "1.0", "study": "x", "relative_tolerance": 0, "expected": {}}', "utf-8")
    with pytest.raises(MreError, match="relative_tolerance"):
        load_expectation(path)
