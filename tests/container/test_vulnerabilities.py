"""A vulnerability is found if, and only if, a locked version is in its range."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from packaging.version import Version

from container.vulnerabilities import VARIABLE, affected, locked, main

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = {"some-package": Version("2.0")}


def record(**entry: Any) -> dict[str, Any]:
    return {"id": "TEST-1", "affected": [{"package": {"ecosystem": "PyPI", "name": "Some_Package"}} | entry]}


def ranges(*events: dict[str, str]) -> dict[str, Any]:
    return record(ranges=[{"type": "ECOSYSTEM", "events": list(events)}])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (ranges({"introduced": "0"}), True),
        (ranges({"introduced": "0"}, {"fixed": "2.0"}), False),
        (ranges({"introduced": "0"}, {"fixed": "2.0.1"}), True),
        (ranges({"introduced": "2.1"}), False),
        (ranges({"introduced": "0"}, {"last_affected": "2.0"}), True),
        (ranges({"introduced": "0"}, {"last_affected": "1.9"}), False),
        (ranges({"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "1.5"}, {"fixed": "3"}), True),
        (record(versions=["1.0", "2.0"]), True),
        (record(versions=["1.0"]), False),
        (ranges({"introduced": "0"}) | {"withdrawn": "2026-01-01T00:00:00Z"}, False),
        (record(package={"ecosystem": "npm", "name": "some-package"}, versions=["2.0"]), False),
    ],
)
def test_a_version_is_affected_from_introduction_to_fix(content: dict[str, Any], found: bool) -> None:  # noqa: FBT001
    assert affected(content, PACKAGES) == (["some-package==2.0"] if found else [])


def test_the_locks_are_checked_against_a_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert main() == 0
    entry = {"package": {"ecosystem": "PyPI", "name": "pydicom"}, "versions": [str(locked()["pydicom"])]}
    (tmp_path / "1.json").write_text(json.dumps({"id": "TEST-3", "affected": [entry]}), encoding="utf-8")
    assert main() == 1
    assert "pydicom==" in capsys.readouterr().out


# As in PyPA's advisory database: ranges of commits and of versions, timestamps, unquoted numbers.
YAML = """\
id: TEST-4
modified: 2026-11-03T10:29:41.505456Z
affected:
- package:
    ecosystem: PyPI
    name: Pillow
  ranges:
  - type: GIT
    events:
    - introduced: "0"
    - fixed: 1fe1bb49c452b0318cad12ea9d97c3bef188e9a7
    repo: https://example.org/pillow
  - type: ECOSYSTEM
    events:
    - introduced: "0"
    - fixed: {fixed}
"""


@pytest.mark.parametrize(("fixed", "found"), [("10.0.0", False), ("99.0.0", True)])
def test_records_of_the_python_advisory_database_are_read_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, fixed: str, found: bool
) -> None:
    (tmp_path / "pillow").mkdir()
    (tmp_path / "pillow" / "TEST-4.yaml").write_text(YAML.format(fixed=fixed), encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert main() == int(found)


def test_without_a_database_it_says_that_nothing_was_checked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert main() == 0
    assert "NOT CHECKED" in capsys.readouterr().err
