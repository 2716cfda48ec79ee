"""`check`, `info`, `--help` and `--version`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from app.cli import build_parser, main
from liver_mre import __version__
from liver_mre.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from tests.app.conftest import ExampleStudy


def test_check_lists_every_series_with_role_and_reason(
    example: ExampleStudy, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(example.folder), "--json"]) == 0
    (study,) = json.loads(capfd.readouterr().out)["studies"]
    roles = {series["description"]: series["role"] for series in study["input_series"]}
    assert set(roles) == set(example.series)
    expected = {
        "Mag": "magnitude",
        "_P": "phase",
        "Wave": "wave",
        "Stiff": "stiffness",
        "StiffC95": "stiffness_masked",
        "localizer": "other",
    }
    for suffix, role in expected.items():
        (found,) = [roles[name] for name in roles if name.endswith(suffix)]
        assert found == role
    assert all(series["reason"] for series in study["input_series"])
    (acquisition,) = study["acquisitions"]
    assert acquisition["unit"]["kpa_per_count"] == 0.01
    assert acquisition["measurable"]
    assert study["measurable"]


def test_check_prints_a_table_and_the_verdict(example: ExampleStudy, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(example.folder)]) == 0
    printed = capfd.readouterr().out
    assert "stiffness masked" in printed
    assert "gives 0.01 kPa a count" in printed
    assert "Series 7 would be measured." in printed


def test_check_ends_with_the_exit_code_that_a_run_would(
    example: ExampleStudy, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = example.copy(tmp_path_factory.mktemp("check") / "in", without=("StiffC95",))
    assert main(["check", str(folder)]) == ExitCode.NO_ELIGIBLE_SERIES


def test_check_says_that_an_acquisition_without_magnitude_is_not_evaluable(
    example: ExampleStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = example.copy(tmp_path / "in", without=("Mag",))
    assert main(["check", str(folder), "--json"]) == 0
    (study,) = json.loads(capfd.readouterr().out)["studies"]
    assert not study["measurable"]
    assert study["acquisitions"][0]["reason"]["code"] == "no_magnitude"
    assert main(["check", str(folder)]) == 0
    assert "Nothing would be measured." in capfd.readouterr().out
    monkeypatch.setenv("LIVER_MRE_REQUIRE_MAGNITUDE", "false")
    assert main(["check", str(folder)]) == 0
    assert "Series 7 would be measured." in capfd.readouterr().out


def test_info_names_versions_model_checksum_devices_and_profiles(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json"]) == 0
    content = json.loads(capfd.readouterr().out)
    assert content["application"]["version"] == __version__
    assert re.fullmatch("[0-9a-f]{64}", content["models"][0]["sha256"])
    assert content["models"][0]["training_data"] == "simulated"
    assert content["devices"][0]["device"] == "cpu"
    assert {p["name"] for p in content["profiles"]} == {"resoundant_2019", "wu_2015", "liang_2023"}


def test_info_prints_the_same_as_tables(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    printed = capfd.readouterr().out
    assert "resoundant_2019" in printed
    assert "openvino" in printed


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert __version__ in capsys.readouterr().out


def test_help_names_every_exit_code_and_says_research_use_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Research use only" in build_parser().format_help()
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    text = capsys.readouterr().out
    for code in ExitCode:
        assert re.search(rf"^  {code.value}  ", text, re.MULTILINE)


@pytest.mark.parametrize("arguments", [[], ["measure"], ["run", "--nonsense"]])
def test_an_unknown_command_or_option_is_exit_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == ExitCode.USAGE
