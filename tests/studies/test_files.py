"""Which files of an input are read: regular ones under its root, and none that could block."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from typing import TYPE_CHECKING

import pytest

from liver_mre.errors import InvalidInputError, NoDicomError, UsageError
from liver_mre.studies import files
from liver_mre.studies.reader import read_studies
from liver_mre.studies.regular_file import open_regular
from tests.studies.files import copy_files, masked_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from simulation.encodings.types import WrittenStudy


def test_pipes_are_passed_over_and_linked_folders_are_read_once(siemens: WrittenStudy, tmp_path: Path) -> None:
    copy_files(masked_files(siemens), tmp_path / "in" / "beside")
    folder = tmp_path / "in" / "deeper"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to("../beside")
    (folder / "again").symlink_to(tmp_path / "in" / "beside")
    (folder / "circle").symlink_to(tmp_path / "in")
    (folder / "itself").symlink_to("itself")
    (folder / "image").symlink_to(next((tmp_path / "in" / "beside").iterdir()))
    (tmp_path / "link to all").symlink_to("in")
    for path in (tmp_path / "in", tmp_path / "link to all"):
        result = read_studies(path)
        assert len(result.studies[0].series[0].instances) == 4
        assert len(result.warnings) == 1
        assert result.warnings[0].startswith("1 file or folder is unreadable")


def test_nothing_outside_the_input_is_read(siemens: WrittenStudy, tmp_path: Path) -> None:
    inside = tmp_path / "in"
    copy_files(masked_files(siemens)[:2], inside)
    copy_files(masked_files(siemens)[2:], tmp_path / "inside")
    (inside / "a").symlink_to(tmp_path / "inside")
    (inside / "b").symlink_to("../inside/" + masked_files(siemens)[2].name)
    (inside / "c").symlink_to("/")
    (inside / "d").symlink_to("/dev/zero")
    result = read_studies(inside)
    assert len(result.studies[0].series[0].instances) == 2
    assert result.warnings == ("4 links lead out of the input folder and cannot be followed, and left out.",)


@pytest.mark.parametrize("special", ["/dev/zero", "pipe"])
def test_an_input_that_is_a_device_or_a_pipe_is_a_usage_error(tmp_path: Path, special: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="neither a folder nor a regular file"):
        read_studies(tmp_path / special)


def test_a_file_that_became_a_pipe_since_it_was_listed_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        open_regular(str(tmp_path / "pipe"))


def test_an_input_of_more_files_than_one_input_has_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 5)
    for number in range(7):
        (tmp_path / "folder" / str(number)).mkdir(parents=True)
    with pytest.raises(InvalidInputError, match="more than 5 files and folders"):
        read_studies(tmp_path)


@pytest.mark.parametrize("packed", [gzip.compress, bz2.compress, lzma.compress])
def test_a_folder_of_compressed_files_says_so(
    siemens: WrittenStudy, tmp_path: Path, packed: Callable[[bytes], bytes]
) -> None:
    for file in masked_files(siemens):
        (tmp_path / file.name).write_bytes(packed(file.read_bytes()))
    with pytest.raises(NoDicomError, match="4 files are compressed as a whole"):
        read_studies(tmp_path)
