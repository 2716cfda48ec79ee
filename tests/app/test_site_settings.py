"""Settings in a platform's file become settings of the application, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from app.cli import main
from app.site_settings import OF_THE_INSTALLATION, load_site_settings, platform_settings, settings_in
from liver_mre.errors import SettingsError
from tests.app.test_run import result_of

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = {"profile": "liang_2023", "preview": True, "series": None}
FOUND = {"profile": "liang_2023", "preview": True}


def mercure(folder: Path, settings: object) -> Path:
    """Write Mercure's task file into its input folder."""
    (folder / "task.json").write_text(json.dumps({"process": {"settings": settings}}), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "content",
    [
        {"id": 1, "process": {"settings": SETTINGS}},
        {"process": {"settings": [SETTINGS, {"profile": "other module"}]}},
        {"config": SETTINGS, "inputs": {}},
    ],
    ids=["mercure", "mercure, several modules", "flywheel"],
)
def test_the_settings_of_a_platform_are_those_of_the_application(content: object) -> None:
    assert settings_in(content) == FOUND


@pytest.mark.parametrize("content", [None, [], {}, {"process": {}}, {"process": None}, {"config": 3}])
def test_a_file_without_settings_changes_nothing(content: object) -> None:
    assert settings_in(content) == {}


def test_the_environment_wins_over_the_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERCURE_IN_DIR", str(mercure(tmp_path, SETTINGS)))
    assert load_site_settings(None).profile == "liang_2023"
    assert load_site_settings(None).preview is True
    monkeypatch.setenv("LIVER_MRE_PROFILE", "wu_2015")
    assert load_site_settings(None).profile == "wu_2015"
    assert load_site_settings(None, {"profile": "resoundant_2019"}).profile == "resoundant_2019"


def test_flywheel_hands_its_settings_over_in_its_own_folder(tmp_path: Path) -> None:
    assert platform_settings({"FLYWHEEL": str(tmp_path)}) == {}
    (tmp_path / "config.json").write_text(json.dumps({"config": SETTINGS}), encoding="utf-8")
    assert platform_settings({"FLYWHEEL": str(tmp_path)}) == FOUND


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"profile": "x\0LD_PRELOAD=/input/own.so"}, "without control characters"),
        ({"series": "1.2\n3"}, "without control characters"),
        *(({name: "a\ud800"}, "without control characters") for name in ("profile", "series", "device")),
        ({"ld_preload": "/input/own.so"}, "Unknown setting"),
        ({"profile\0LD_PRELOAD": "x"}, "Unknown setting"),
        ({"profile": ["liang_2023"]}, "a single value"),
        *(({name: "/input/own"}, "belongs to the installation") for name in OF_THE_INSTALLATION),
        *(({name.upper(): "/input/own"}, "belongs to the installation") for name in OF_THE_INSTALLATION),
    ],
)
def test_a_platform_sets_nothing_but_how_it_is_measured(
    settings: dict[str, object], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MERCURE_IN_DIR", str(mercure(tmp_path, settings)))
    monkeypatch.setenv("MERCURE_OUT_DIR", str(tmp_path / "out"))
    with pytest.raises(SettingsError, match=words):
        load_site_settings(None)
    assert main(["run", "--quiet"]) == 2
    assert words in result_of(tmp_path / "out")["reason"]["message"]


@pytest.mark.parametrize("text", ["{", "[" * 5000, '{"process": {}, "process": {}}'])
def test_a_file_that_cannot_be_read_ends_the_run_and_not_only_its_settings(text: str, tmp_path: Path) -> None:
    """Without them another profile or unit would be used than the site wants."""
    (tmp_path / "task.json").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"task\.json cannot be read.*Mend it"):
        platform_settings({"MERCURE_IN_DIR": str(tmp_path)})
