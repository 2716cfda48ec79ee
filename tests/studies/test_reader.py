from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    BasicTextSRStorage,
    EncapsulatedPDFStorage,
    ExplicitVRLittleEndian,
    GrayscaleSoftcopyPresentationStateStorage,
    ImplicitVRLittleEndian,
    KeyObjectSelectionDocumentStorage,
    SegmentationStorage,
)

from liver_mre.errors import ConflictingFilesError, MreError, NoDicomError, UsageError
from liver_mre.stiffness.source import read_stiffness
from liver_mre.studies import header_scan
from liver_mre.studies.reader import read_studies
from liver_mre.studies.regular_file import open_regular
from simulation.encodings.siemens import write_study
from tests.simulation.exam_factory import make_exam
from tests.studies.files import change, chosen, copy_files, masked_files

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

    from liver_mre.studies.reader import ScanResult
    from simulation.encodings.types import WrittenStudy


def without_paths(result: ScanResult) -> list[tuple[str, str, list[str]]]:
    """Return what was read, without where it lay."""
    return [
        (study.study_instance_uid, series.series_instance_uid, [i.sop_instance_uid for i in series.instances])
        for study in result.studies
        for series in study.series
    ]


def test_a_written_study_is_read_back_with_its_series_and_headers(siemens: WrittenStudy) -> None:
    result = read_studies(siemens.folder)
    (study,) = result.studies
    assert study.study_instance_uid == siemens.study_instance_uid
    assert [s.series_instance_uid for s in study.series] == [s.series_instance_uid for s in siemens.series]
    assert [len(s.instances) for s in study.series] == [len(s.files) for s in siemens.series]
    assert result.warnings == ()
    masked = study.series[6]
    assert [i.position_mm[2] for i in masked.instances] == [-15.0, -5.0, 5.0, 15.0]
    first = masked.first
    assert (first.manufacturer, first.sequence_name, first.modality) == ("SIEMENS", "greMR", "MR")
    assert (first.rows, first.columns, first.pixel_spacing_mm) == (32, 40, (8.0, 8.0))
    assert first.image_type == ("DERIVED", "PRIMARY", "OTHER", "ND")
    phase = study.series[3].first
    assert (phase.rescale_slope, phase.rescale_intercept, phase.rescale_type) == (2.0, -4096.0, "US")


def test_names_folders_and_order_of_the_files_change_nothing(siemens: WrittenStudy, tmp_path: Path) -> None:
    for number, file in enumerate(sorted(siemens.folder.iterdir(), reverse=True)):
        target = tmp_path / f"d{number % 3}" / ["noext", "1.2#3.4.dcm", "ä ö.txt", "x.IMA"][number % 4]
        target = target.with_name(f"{number}{target.name}")
        target.parent.mkdir(exist_ok=True)
        shutil.copy(file, target)
    assert without_paths(read_studies(tmp_path)) == without_paths(read_studies(siemens.folder))


def test_one_file_is_read_as_a_study(siemens: WrittenStudy) -> None:
    (study,) = read_studies(masked_files(siemens)[0]).studies
    assert len(study.series) == 1


def test_progress_counts_every_file(siemens: WrittenStudy) -> None:
    seen: list[tuple[int, int]] = []
    read_studies(siemens.folder, on_file=lambda done, total: seen.append((done, total)))
    count = len(list(siemens.folder.iterdir()))
    assert seen == [(i, count) for i in range(1, count + 1)]


def test_what_lies_beside_dicom_is_passed_over_in_silence(siemens: WrittenStudy, tmp_path: Path) -> None:
    copy_files(masked_files(siemens), tmp_path)
    expected = without_paths(read_studies(tmp_path))
    (tmp_path / "1.dcm.json").write_text('{"00080018": {}}')
    (tmp_path / "1.tags").write_text("00080018=1.2.3")
    (tmp_path / "task.json").write_text("{}")
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)) * 4)
    (tmp_path / "bare.bin").write_bytes(b"\x08\x00 not DICOM at all, although it starts like it")
    for number, sop_class in enumerate(
        [
            "1.2.840.10008.1.3.10",
            SegmentationStorage,
            BasicTextSRStorage,
            GrayscaleSoftcopyPresentationStateStorage,
            KeyObjectSelectionDocumentStorage,
            EncapsulatedPDFStorage,
        ]
    ):
        write_object(tmp_path / f"object{number}", sop_class)
    result = read_studies(tmp_path)
    assert without_paths(result) == expected
    assert result.warnings == ()


def write_object(path: Path, sop_class: str) -> None:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, "1.2.3"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2", "1.2.4"
    ds.Rows = ds.Columns = 2
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = sop_class
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(path, enforce_file_format=True)


def test_a_copy_of_an_image_is_kept_once_and_counted(siemens: WrittenStudy, tmp_path: Path) -> None:
    copy_files(masked_files(siemens), tmp_path / "a")
    copy_files(masked_files(siemens)[:2], tmp_path / "b")
    result = read_studies(tmp_path)
    assert len(result.studies[0].series[0].instances) == 4
    assert len(result.warnings) == 1
    assert result.warnings[0].startswith("2 files")


def test_a_damaged_file_is_a_counted_warning_without_its_name(siemens: WrittenStudy, tmp_path: Path) -> None:
    for file in copy_files(masked_files(siemens), tmp_path)[:1]:
        cut = tmp_path / "Doe^Jane"
        cut.write_bytes(file.read_bytes()[:400])
        file.unlink()
    result = read_studies(tmp_path)
    assert len(result.studies[0].series[0].instances) == 3
    assert result.warnings == ("1 file is damaged, cut off or without valid UIDs, and left out.",)


def test_an_empty_file_is_a_damaged_one(siemens: WrittenStudy, tmp_path: Path) -> None:
    copy_files(masked_files(siemens), tmp_path)[0].write_bytes(b"")
    assert read_studies(tmp_path).warnings == ("1 file is damaged, cut off or without valid UIDs, and left out.",)


def test_files_of_one_uid_and_different_content_are_refused_where_they_are_measured(
    siemens: WrittenStudy, tmp_path: Path
) -> None:
    copy_files([f for series in siemens.series for f in series.files], tmp_path)
    for name in ("0-first", "z-last"):
        twin = tmp_path / name
        shutil.copy(siemens.series[2].files[0], twin)
        change(twin, lambda ds: setattr(ds, "PixelData", ds.PixelData[::-1]))
    (study,) = read_studies(tmp_path).studies
    assert [i.conflicting for i in study.series[2].instances].count(True) == 2  # the third is a copy of the second
    assert chosen(study).series is study.series[6]
    shutil.copy(masked_files(siemens)[0], tmp_path / "0-masked")
    change(tmp_path / "0-masked", lambda ds: setattr(ds, "PixelData", ds.PixelData[::-1]))
    with pytest.raises(ConflictingFilesError):
        chosen(read_studies(tmp_path).studies[0])


def test_what_may_not_be_read_is_counted_apart_from_damage(
    siemens: WrittenStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = copy_files(masked_files(siemens), tmp_path)
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "locked").mkdir()
    real_list = os.listdir

    def deny(path: str) -> IO[bytes]:
        if path == str(files[0]):
            raise PermissionError(13, "denied")
        return open_regular(path)

    def deny_folder(folder: str) -> list[str]:
        if folder.endswith("locked"):
            raise PermissionError(13, "denied")
        return real_list(folder)

    monkeypatch.setattr(header_scan, "open_regular", deny)
    monkeypatch.setattr(os, "listdir", deny_folder)
    assert read_studies(tmp_path).warnings == (
        "3 files or folders are unreadable (no permission, or a link that leads nowhere), and left out.",
    )
    for file in files[1:]:
        file.unlink()
    with pytest.raises(NoDicomError, match="3 files or folders are unreadable"):
        read_studies(tmp_path)


def test_a_path_that_no_system_allows_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="valid path"):
        read_studies(tmp_path / ("x" * 5000))


def test_a_file_cut_at_any_length_is_damaged_or_its_pixels_are(siemens: WrittenStudy, tmp_path: Path) -> None:
    whole = masked_files(siemens)[0].read_bytes()
    file, damaged = tmp_path / "cut", 0
    for length in range(132, len(whole), 5):
        file.write_bytes(whole[:length])
        try:
            (study,) = read_studies(tmp_path).studies
        except NoDicomError as error:
            damaged += 1
            assert "1 file is damaged" in str(error)  # noqa: PT017 - most lengths raise, later ones do not
            continue
        with pytest.raises(MreError):
            read_stiffness(chosen(study))
    assert damaged > 100


def test_a_value_of_the_wrong_length_is_damage_and_not_a_crash(siemens: WrittenStudy, tmp_path: Path) -> None:
    (file,) = copy_files(masked_files(siemens)[:1], tmp_path)
    raw = file.read_bytes()
    rows = b"\x28\x00\x10\x00US\x02\x00"
    assert raw.count(rows) == 1
    file.write_bytes(raw.replace(rows, rows[:-2] + b"\x03\x00"))
    with pytest.raises(MreError):
        read_stiffness(chosen(read_studies(file).studies[0]))


def test_a_folder_without_dicom_says_so(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("nothing here")
    with pytest.raises(NoDicomError, match="no DICOM images"):
        read_studies(tmp_path)


def test_a_path_that_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        read_studies(tmp_path / "nowhere")


def test_two_studies_are_told_apart_and_ordered_by_uid(tmp_path: Path) -> None:
    uids = [write_study(make_exam(seed), tmp_path / str(seed)).study_instance_uid for seed in (1, 2)]
    assert [study.study_instance_uid for study in read_studies(tmp_path).studies] == sorted(uids)


def test_implicit_vr_and_files_without_a_preamble_read_the_same(siemens: WrittenStudy, tmp_path: Path) -> None:
    original = masked_files(siemens)[0]
    expected = read_studies(original, digest_key=bytes(32)).studies[0].series[0].first
    implicit, bare = tmp_path / "implicit", tmp_path / "bare"
    ds = dcmread(original)
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    ds.save_as(implicit, implicit_vr=True)
    bare.write_bytes(original.read_bytes()[132:])
    for file in (implicit, bare):
        found = read_studies(file, digest_key=bytes(32)).studies[0].series[0].first
        assert found == replace(expected, source=str(file))


def test_values_that_break_their_vr_are_absent_and_not_a_crash(siemens: WrittenStudy, tmp_path: Path) -> None:
    (file,) = copy_files(masked_files(siemens)[:1], tmp_path)
    raw = file.read_bytes()
    assert raw.count(b"8.0\\8.0 ") == 1
    file.write_bytes(raw.replace(b"8.0\\8.0 ", b"8,0\\nan "))
    assert read_studies(file).studies[0].series[0].first.pixel_spacing_mm is None


def test_reading_headers_needs_no_image_decoder(siemens: WrittenStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dataset, "pixel_array", property(lambda _: sys.exit("pixels were decoded")))
    assert read_studies(siemens.folder).studies
