"""`check` keeps its word: what a run would refuse for its headers, it refuses first, with its code and a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydicom import DataElement, Dataset, config

from liver_mre.api import check_folder
from simulation.encodings import ENCODINGS
from simulation.encodings.types import SeriesKind
from tests.stiffness.companion_files import EXAM, files_of, loaded
from tests.studies.files import change, copy_files, masked_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from simulation.encodings.types import WrittenStudy

    Fault = Callable[[Dataset, int], object]


def without_class(ds: Dataset, _: int) -> None:
    ds["SOPClassUID"] = DataElement("SOPClassUID", "LO", "Secret text")
    del ds.file_meta.MediaStorageSOPClassUID


def set_to(keyword: str, value: object) -> Fault:
    return lambda ds, _: setattr(ds, keyword, value)


FAULTS: dict[str, tuple[Fault, str, str]] = {
    "accession number": (set_to("AccessionNumber", "Secret" * 4), "invalid_input", "AccessionNumber"),
    "patient": (set_to("PatientID", "Secret" * 12), "invalid_input", "PatientID"),
    "two patients": (set_to("PatientID", "Secret\\Secret"), "invalid_input", "PatientID"),
    "frames of reference": (
        lambda ds, place: setattr(ds, "FrameOfReferenceUID", f"1.2.{place}"),
        "invalid_geometry",
        "FrameOfReferenceUID",
    ),
    "class": (without_class, "invalid_input", "SOPClassUID"),
    "lossy": (set_to("LossyImageCompression", "01"), "lossy_pixels", "LossyImageCompression"),
    "bits stored": (lambda ds, _: ds.pop("BitsStored"), "unusable_pixels", "BitsStored"),
    "high bit": (set_to("HighBit", 13), "unusable_pixels", "HighBit"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_run_would_refuse_is_refused_by_its_headers(siemens: WrittenStudy, tmp_path: Path, fault: str) -> None:
    files = copy_files(masked_files(siemens), tmp_path)
    assert check_folder(tmp_path).exit_code == 0
    make, code, element = FAULTS[fault]
    with config.disable_value_validation():
        for place, file in enumerate(files):
            change(file, lambda ds, place=place: make(ds, place))  # type: ignore[misc]
    result = check_folder(tmp_path)
    (study,) = result.studies
    assert result.exit_code == 4
    assert study.reason is not None
    assert study.reason.code == code
    assert element in study.reason.message
    assert "Nothing was measured" in study.reason.message
    assert "Secret" not in study.reason.message


def _paint(image: Dataset) -> None:
    image.PhotometricInterpretation = "MONOCHROME1"


def _without_scale(image: Dataset) -> None:
    image.RescaleSlope = 0


UNUSABLE_MAGNITUDES: dict[str, tuple[str, Callable[[Dataset], object] | None, str]] = {
    "no outline tells its order": ("ge-masked-only", None, "no outline of the body in a masked stiffness"),
    "inverted grey values": ("philips", _paint, "not stored as grey values"),
    "no scale": ("philips", _without_scale, "RescaleSlope"),
    "lossy": ("philips", lambda ds: setattr(ds, "LossyImageCompression", "01"), "cannot be read, or lost something"),
}


@pytest.mark.parametrize("case", UNUSABLE_MAGNITUDES)
def test_a_magnitude_that_a_run_leaves_out_for_its_headers_is_foreseen(case: str, tmp_path: Path) -> None:
    encoding, fault, words = UNUSABLE_MAGNITUDES[case]
    study = ENCODINGS[encoding](EXAM, tmp_path / "study")
    for file in files_of(study, SeriesKind.MAGNITUDE) if fault else ():
        change(file, fault)
    (checked,) = check_folder(study.folder).studies
    (acquisition,) = checked.acquisitions
    assert not checked.eligible
    assert acquisition.reason is not None
    assert acquisition.reason.code == "no_magnitude"
    assert words in acquisition.notes[-1]
    volume = loaded(study.folder)
    assert volume.magnitude is None
    assert volume.notes[-1] == acquisition.notes[-1]
