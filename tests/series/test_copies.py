"""Claims about images that the input holds twice, under other UIDs: each is read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from liver_mre.errors import AmbiguousSeriesError, GeometryError
from liver_mre.series import copies
from liver_mre.stiffness.source import read_stiffness
from liver_mre.studies import decoding
from liver_mre.studies.dicom_file import opened as opened_file
from liver_mre.studies.reader import read_studies
from simulation.encodings import ENCODINGS
from simulation.encodings.types import SeriesKind
from tests.planning import list_series, select
from tests.series import study_factory as made
from tests.simulation.exam_factory import make_exam
from tests.stiffness.companion_files import loaded, selected
from tests.studies.files import RULES, change

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from liver_mre.stiffness.volume import StiffnessVolume
    from simulation.encodings.types import WrittenStudy

EXAM = make_exam()
MAGNITUDES = {SeriesKind.MAGNITUDE, SeriesKind.RAW}


HARMLESS: dict[str, dict[str, Any]] = {
    "description": {"SeriesDescription": "description"},
    "times": {"AcquisitionTime": None, "AcquisitionDate": None, "AcquisitionDateTime": None},
    "another time": {"AcquisitionTime": "235500"},
    "comments": {"ImageComments": "sent again", "AcquisitionDate": None},
    "window": {"WindowCenter": 300, "WindowWidth": 600},
    "no window": {"WindowCenter": None, "WindowWidth": None},
    "protocol": {"ProtocolName": None},
    "body part": {"BodyPartExamined": "ABDOMEN"},
    "spacing": {"PixelSpacing": "spacing"},
    "frame of reference": {"FrameOfReferenceUID": "1.2.3.4", "AcquisitionTime": None},
    "numbers": {"InstanceNumber": "number", "AcquisitionNumber": None},
}
"""What differs in a copy without changing what it shows."""


def altered(image: Dataset, changes: dict[str, Any]) -> None:
    """Give elements new values, or remove them; the description stays what names the role."""
    special: dict[str, Callable[[], object]] = {
        "description": lambda: f"copy {image.get('SeriesDescription', '')}",
        "spacing": lambda: [float(one) + 1e-4 for one in image.PixelSpacing],
        "number": lambda: image.InstanceNumber + 100,
    }
    for keyword, value in changes.items():
        if value is not None:
            setattr(image, keyword, special[value]() if isinstance(value, str) and value in special else value)
        elif keyword in image:
            delattr(image, keyword)


def send_again(
    study: WrittenStudy,
    kinds: Collection[SeriesKind],
    *,
    into: str = "another series",
    number: int | None = None,
    changes: dict[str, Any] | None = None,
) -> list[Path]:
    """Write the series of these kinds a second time, under UIDs of their own; return the new files."""
    files = []
    for series in study.series:
        uid = generate_uid()
        for file in series.files if series.kind in kinds else ():
            image = dcmread(file)
            image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            if into == "another series":
                image.SeriesInstanceUID = uid
                image.SeriesNumber = image.SeriesNumber if number is None else number
            altered(image, changes or {})
            files.append(file.with_name(f"{file.name}-again"))
            image.save_as(files[-1])
    return files


def equal(found: StiffnessVolume, expected: StiffnessVolume) -> bool:
    assert expected.magnitude is not None
    assert found.magnitude is not None, found.notes
    arrays = ("stiffness_kpa", "confident", "magnitude")
    return all(np.array_equal(getattr(found, one), getattr(expected, one)) for one in arrays)


@pytest.mark.parametrize("encoding", ["philips", "philips-enhanced", "siemens-gre"])
@pytest.mark.parametrize("kinds", [MAGNITUDES, set(SeriesKind)], ids=["magnitude", "everything"])
def test_a_series_that_was_sent_twice_is_used_once(encoding: str, kinds: set[SeriesKind], tmp_path: Path) -> None:
    study = ENCODINGS[encoding](EXAM, tmp_path / "study")
    expected = loaded(study.folder)
    assert send_again(study, kinds)
    assert equal(loaded(study.folder), expected)
    (read,) = read_studies(study.folder).studies
    reasons = [one.reason for one in list_series(read, RULES) if one.role == "magnitude"]
    assert any(reason.startswith("Not used: the same images as series ") for reason in reasons)


@pytest.mark.parametrize("which", ["all", "one"])
def test_images_that_a_series_holds_twice_are_used_once(which: str, tmp_path: Path) -> None:
    study = ENCODINGS["philips"](EXAM, tmp_path / "study")
    expected = loaded(study.folder)
    again = send_again(study, {SeriesKind.STIFFNESS, SeriesKind.CONFIDENCE, SeriesKind.MAGNITUDE}, into="the same")
    for file in again if which == "one" else ():
        if dcmread(file).InstanceNumber > 1:
            file.unlink()
    assert equal(loaded(study.folder), expected)


def test_files_are_opened_as_often_however_many_images_are_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = ENCODINGS["philips-enhanced"](EXAM, tmp_path / "study")
    (path,) = next(one.files for one in study.series if one.kind is SeriesKind.STIFFNESS)
    image = dcmread(path)
    opened = []
    for times in (2, 6):
        groups = image.PerFrameFunctionalGroupsSequence
        image.PerFrameFunctionalGroupsSequence = [*groups, *groups] if times == 2 else [*groups, *groups, *groups]
        image.PixelData *= len(image.PerFrameFunctionalGroupsSequence) // len(groups)
        image.NumberOfFrames = len(image.PerFrameFunctionalGroupsSequence)
        image.save_as(path)
        calls: list[object] = []
        monkeypatch.setattr(decoding, "opened", lambda source, calls=calls: calls.append(source) or opened_file(source))
        assert len(selected(study.folder).maps.stiffness.instances) == 4
        opened.append(len(calls))
    assert opened[0] == opened[1]


def test_a_series_of_thousands_of_images_of_a_slice_is_refused_in_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = ENCODINGS["philips"](EXAM, tmp_path / "study")
    send_again(study, {SeriesKind.STIFFNESS}, into="the same")
    monkeypatch.setattr(copies, "MOST_PAIRS", 10)
    with pytest.raises(GeometryError, match="same position twice"):
        loaded(study.folder)


def _brighter(image: Dataset) -> None:
    image.PixelData = (image.pixel_array + 1).astype("<u2").tobytes()


def test_series_that_differ_in_a_pixel_are_no_copies(tmp_path: Path) -> None:
    study = ENCODINGS["philips"](EXAM, tmp_path / "study")
    for file in send_again(study, {SeriesKind.MAGNITUDE}):
        change(file, _brighter)
    acquisition = selected(study.folder)
    assert acquisition.magnitude is None
    assert "More than one magnitude series" in " ".join(acquisition.notes)


def test_one_slice_with_two_contents_is_no_repeated_image(tmp_path: Path) -> None:
    study = ENCODINGS["philips"](EXAM, tmp_path / "study")
    for file in send_again(study, {SeriesKind.STIFFNESS}, into="the same"):
        change(file, _brighter)
    with pytest.raises(GeometryError, match="same position twice"):
        selected(study.folder)


def test_a_copy_that_is_asked_for_is_measured(tmp_path: Path) -> None:
    study = ENCODINGS["philips"](EXAM, tmp_path / "study")
    file, *_ = send_again(study, {SeriesKind.STIFFNESS})
    asked = dcmread(file).SeriesInstanceUID
    (read,) = read_studies(study.folder).studies
    (found,) = select(read, RULES, series_uid=asked).acquisitions
    assert found.series.series_instance_uid == asked
    assert read_stiffness(found).confident.any()


def test_pixels_that_cannot_be_read_make_no_copies() -> None:
    """Headers of a study without files."""
    twice = made.study(made.series(made.MASKED, 6), made.series(made.MASKED, 7))
    with pytest.raises(AmbiguousSeriesError):
        select(twice, RULES)


COPIES = [
    *(("philips", number, what) for number in (1, 60) for what in HARMLESS),
    *(("siemens-gre", number, what) for number in (1, 60) for what in ("another time", "window")),
]


@pytest.mark.parametrize(("encoding", "number", "what"), COPIES)
def test_a_copy_with_another_header_is_the_same_series_and_is_named(
    encoding: str, number: int, what: str, tmp_path: Path
) -> None:
    study = ENCODINGS[encoding](EXAM, tmp_path / "study")
    expected = loaded(study.folder)
    send_again(study, {SeriesKind.STIFFNESS}, number=number, changes=HARMLESS[what])
    assert equal(loaded(study.folder), expected)
    assert "holds the same images as series" in " ".join(selected(study.folder).notes)


@pytest.mark.parametrize("what", ["times", "another time", "window", "spacing", "numbers"])
def test_a_repeat_with_another_header_within_a_series_is_left_out_and_counted(what: str, tmp_path: Path) -> None:
    study = ENCODINGS["philips"](EXAM, tmp_path / "study")
    expected = loaded(study.folder)
    send_again(study, {SeriesKind.STIFFNESS}, into="the same", changes=HARMLESS[what])
    assert equal(loaded(study.folder), expected)
    assert "holds 4 images a second time under other UIDs" in " ".join(selected(study.folder).notes)


@pytest.mark.parametrize(
    "changes", [{"RescaleSlope": 0.0065}, {"RescaleType": "Pa"}, {"ImagePositionPatient": [0, 0, 0]}]
)
def test_equal_pixels_with_another_scale_or_place_are_no_copies(changes: dict[str, Any], tmp_path: Path) -> None:
    study = ENCODINGS["philips"](EXAM, tmp_path / "study")
    send_again(study, {SeriesKind.STIFFNESS}, number=60, changes=changes)
    (read,) = read_studies(study.folder).studies
    assert not [one for one in list_series(read, RULES) if "the same images" in one.reason]


@pytest.mark.parametrize("number", [1, 60])
def test_half_of_a_series_that_was_sent_again_is_its_copy(number: int, tmp_path: Path) -> None:
    study = ENCODINGS["philips"](EXAM, tmp_path / "study")
    expected = loaded(study.folder)
    for file in send_again(study, {SeriesKind.STIFFNESS, SeriesKind.CONFIDENCE}, number=number)[::2]:
        file.unlink()
    assert equal(loaded(study.folder), expected)
    assert f"Series {number} holds 2 of the images of series" in " ".join(selected(study.folder).notes)
