"""Unpacked archives hold images of patients: a killed process's are removed by the next, a living one's never."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import pytest

from liver_mre.studies.scratch import PREFIX, Scratch
from tests.processes import in_a_process

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_folder_of_a_killed_process_is_removed_by_the_next(temporary: Path) -> None:
    def killed() -> None:
        scratch = Scratch()
        (scratch.folder / "image").write_bytes(b"of a patient")
        os._exit(9)

    assert in_a_process(killed) == 9
    assert list(temporary.iterdir())
    Scratch()
    assert not list(temporary.iterdir())


def test_the_folder_of_a_living_process_stays() -> None:
    with Scratch() as one:
        (one.folder / "image").write_bytes(b"of a patient")
        with Scratch() as other:
            assert other.folder != one.folder
        assert (one.folder / "image").exists()


def test_what_only_has_such_a_name_is_not_touched(temporary: Path) -> None:
    (temporary / f"{PREFIX}results").mkdir()
    (temporary / "liver-mre-12345678").mkdir()
    (temporary / f"{PREFIX}12345678").write_bytes(b"a file")
    (temporary / "elsewhere").mkdir()
    (temporary / f"{PREFIX}87654321").symlink_to(temporary / "elsewhere")
    Scratch()
    assert len(list(temporary.iterdir())) == 5


def test_a_folder_that_another_takes_for_abandoned_before_it_is_locked_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = tempfile.TemporaryDirectory

    def raced(*, prefix: str, ignore_cleanup_errors: bool) -> tempfile.TemporaryDirectory[str]:
        folder = made(prefix=prefix, ignore_cleanup_errors=ignore_cleanup_errors)
        monkeypatch.setattr(tempfile, "TemporaryDirectory", made)
        Scratch()  # another process starts just now
        return folder

    monkeypatch.setattr(tempfile, "TemporaryDirectory", raced)
    with Scratch() as scratch:
        assert scratch.folder.is_dir()
