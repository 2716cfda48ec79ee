"""A zip of DICOM is read as the folder that it holds, and no archive can do harm."""

from __future__ import annotations

import stat
import tempfile
import zipfile
from pathlib import Path

import pytest

from liver_mre.errors import ExitCode, InvalidInputError, NoDicomError
from liver_mre.studies import archives
from liver_mre.studies.files import FileList
from liver_mre.studies.files import list_files as list_with
from liver_mre.studies.reader import read_studies
from liver_mre.studies.scratch import Scratch

SCRATCH = Scratch()
CONTENT = {"a/1.dcm": b"first", "a/b/2": b"second", "3.dcm.json": b"{}"}


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    SCRATCH.remove()
    return folder


def list_files(path: Path) -> FileList:
    return list_with(path, SCRATCH)


def zipped(path: Path, content: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def contents(files: list[str]) -> list[bytes]:
    return sorted(Path(file).read_bytes() for file in files)


def test_an_archive_counts_as_the_files_in_it_whatever_it_is_called(tmp_path: Path) -> None:
    assert contents(list_files(zipped(tmp_path / "study.dicom", CONTENT)).files) == sorted(CONTENT.values())


def test_an_archive_beside_other_files_adds_to_them(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "4.dcm").write_bytes(b"fourth")
    (folder / "no.zip").write_bytes(b"no archive")
    zipped(folder / "STUDY.ZIP", CONTENT)
    assert contents(list_files(folder).files) == sorted([*CONTENT.values(), b"fourth", b"no archive"])


def test_names_in_an_archive_lead_nowhere(tmp_path: Path, temporary: Path) -> None:
    before = {path for path in tmp_path.rglob("*") if temporary not in path.parents}
    names = ["../../outside", "/etc/outside", "..\\outside", "a/../../../outside", "C:\\outside"]
    path = zipped(tmp_path / "slip.zip", dict.fromkeys(names, b"x"))
    files = list_files(path).files
    assert len(files) == len(names)
    assert all(temporary in Path(file).resolve().parents for file in files)
    assert {path for path in tmp_path.rglob("*") if temporary not in path.parents} == before | {path}


def test_a_link_in_an_archive_is_no_link(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    (file,) = list_files(tmp_path / "link.zip").files
    assert not Path(file).is_symlink()
    assert Path(file).read_bytes() == b"/etc/passwd"


def test_more_than_fits_is_refused_by_what_is_really_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", 10_000_000)
    path = zipped(tmp_path / "bomb.zip", {"zeros": bytes(11_000_000)})
    assert path.stat().st_size < 20_000
    with pytest.raises(InvalidInputError, match="Send fewer studies") as refusal:
        list_files(path)
    assert refusal.value.exit_code == ExitCode.INVALID_INPUT


def test_an_archive_that_holds_far_more_than_its_size_is_refused_and_leaves_nothing(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "ALWAYS_BYTES", 1_000_000)
    path = zipped(tmp_path / "bomb.zip", {"a": b"first", "zeros": bytes(9_000_000)})
    with pytest.raises(InvalidInputError, match="more than 50 times its own size") as refusal:
        list_files(path)
    assert refusal.value.exit_code == ExitCode.INVALID_INPUT
    assert not [file for file in temporary.rglob("*") if file.is_file()]


def test_a_small_archive_of_empty_images_is_unpacked_at_any_ratio(tmp_path: Path) -> None:
    assert len(list_files(zipped(tmp_path / "empty.zip", {"zeros": bytes(9_000_000)})).files) == 1


@pytest.mark.parametrize("as_64_bits", [False, True])
def test_a_table_of_contents_beyond_any_study_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, as_64_bits: bool
) -> None:
    if as_64_bits:
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    path = zipped(tmp_path / "many.zip", {f"{number}": b"" for number in range(40)})
    assert (b"PK\6\6" in path.read_bytes()) == as_64_bits
    assert len(list_files(path).files) == 40
    monkeypatch.setattr(archives, "MOST_DIRECTORY_BYTES", 1000)
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("its table of contents was read"))
    with pytest.raises(InvalidInputError, match="more than 50000 files"):
        list_files(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_uncommon_compression_is_named(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("1", b"x")
    with pytest.raises(InvalidInputError, match="uncommon way"):
        list_files(tmp_path / "a.zip")


def test_an_archive_in_an_archive_is_left_out_and_said(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", CONTENT).read_bytes()
    path = zipped(tmp_path / "outer.zip", {"inner.zip": inner})
    with pytest.raises(NoDicomError, match="1 file is compressed as a whole or in an archive within an archive"):
        read_studies(path, scratch=SCRATCH)


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_FILES", 2)
    with pytest.raises(InvalidInputError, match="more than 2 files"):
        list_files(zipped(tmp_path / "many.zip", CONTENT))


@pytest.mark.parametrize("damage", ["content", "cut"])
def test_a_damaged_archive_is_refused(tmp_path: Path, damage: str) -> None:
    path = zipped(tmp_path / "damaged.zip", {"1": bytes(range(256)) * 40})
    data = bytearray(path.read_bytes())
    if damage == "content":
        data[60] ^= 0xFF
    else:
        del data[40:120]
    path.write_bytes(data)
    with pytest.raises(InvalidInputError, match="damaged"):
        list_files(path)


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "secret.zip", {"1": b"x"})
    data = bytearray(path.read_bytes())
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(header) + flags] |= 1
    path.write_bytes(data)
    with pytest.raises(InvalidInputError, match="without a password"):
        list_files(path)


def test_what_was_unpacked_is_removed(tmp_path: Path, temporary: Path) -> None:
    list_files(zipped(tmp_path / "study.zip", CONTENT))
    assert list(temporary.iterdir())
    SCRATCH.remove()
    assert not list(temporary.iterdir())


def test_without_a_scratch_folder_an_archive_is_a_file_like_others(tmp_path: Path, temporary: Path) -> None:
    path = zipped(tmp_path / "study.zip", CONTENT)
    assert list_with(path).files == [str(path)]
    assert not list(temporary.iterdir())


def test_two_lists_of_one_scratch_folder_do_not_overwrite_each_other(tmp_path: Path) -> None:
    first = list_files(zipped(tmp_path / "one.zip", {"1": b"one"})).files
    second = list_files(zipped(tmp_path / "two.zip", {"1": b"two"})).files
    assert (contents(first), contents(second)) == ([b"one"], [b"two"])


def test_without_a_folder_for_temporary_files_the_archive_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = zipped(tmp_path / "one.zip", CONTENT)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(InvalidInputError, match="TMPDIR"):
        list_with(archive, Scratch())
