"""Settings in a platform's file become settings of the application, without overriding the environment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from app.site_settings import main, site_settings
from liver_mre.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = {"profile": "liang_2023", "preview": True, "series": None}
FOUND = {"LIVER_MRE_PROFILE": "liang_2023", "LIVER_MRE_PREVIEW": "true"}


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
    assert site_settings(content, {}) == FOUND
    assert load_settings(environment=site_settings(content, {})).profile == "liang_2023"


@pytest.mark.parametrize("content", [None, [], {}, {"process": {}}, {"process": None}, {"config": 3}])
def test_a_file_without_settings_changes_nothing(content: object) -> None:
    assert site_settings(content, {}) == {}


def test_the_environment_wins() -> None:
    assert "LIVER_MRE_PROFILE" not in site_settings({"config": SETTINGS}, {"LIVER_MRE_PROFILE": "wu_2015"})


def test_an_unreadable_file_gives_a_warning_and_is_ignored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LIVER_MRE_PROFILE", raising=False)
    path = tmp_path / "task.json"
    path.write_text("{", encoding="utf-8")
    assert main(path) == 0
    assert "is ignored" in capsys.readouterr().err
    path.write_text(json.dumps({"process": {"settings": {"profile": "a\nb"}}}), encoding="utf-8")
    assert main(path) == 0
    assert capsys.readouterr().out == "LIVER_MRE_PROFILE=a\nb\0"
