"""Recompressed files carry the same values, and the command line offers all of this."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom import dcmread

from simulation import __main__ as command_line
from simulation.encodings import ENCODINGS
from simulation.encodings.page import encodings_page
from simulation.encodings.transfer_syntax import TRANSFER_SYNTAXES, transcode
from tests.simulation.exam_factory import make_exam
from tests.tools import debian_tool

if TYPE_CHECKING:
    from pathlib import Path

EXAM = make_exam(slices=2, offsets=2)


@pytest.mark.parametrize("syntax", sorted(TRANSFER_SYNTAXES))
@pytest.mark.parametrize("encoding", ["ge-gre", "philips-enhanced-8-bit", "resoundant-3d", "siemens-xa"])
def test_pixels_and_headers_survive_every_transfer_syntax(encoding: str, syntax: str, tmp_path: Path) -> None:
    study = ENCODINGS[encoding](EXAM, tmp_path)
    files = [series.files[0] for series in study.series]
    before = [dcmread(file) for file in files]
    pixels = [ds.pixel_array for ds in before]
    transcode(files, syntax)
    for file, old, stored in zip(files, before, pixels, strict=True):
        ds = dcmread(file)
        assert ds.file_meta.TransferSyntaxUID == TRANSFER_SYNTAXES[syntax]
        np.testing.assert_array_equal(ds.pixel_array, stored)
        for keyword in ("SOPInstanceUID", "SeriesDescription", "BitsStored", "PixelRepresentation", "Rows"):
            assert ds[keyword].value == old[keyword].value


def test_big_endian_pixels_and_overlays_are_read_alike_by_another_toolkit(tmp_path: Path) -> None:
    debian_tool("dsrdump")  # of the same package
    study = ENCODINGS["siemens-gre"](EXAM, tmp_path / "study", modifiers=["with-contour"])
    file = next(series.files[0] for series in study.series if series.kind == "stiffness")
    before = dcmread(file)
    transcode([file], "big-endian")
    subprocess.run(["/usr/bin/dcmconv", "+te", file, tmp_path / "little.dcm"], check=True)
    after = dcmread(tmp_path / "little.dcm")
    np.testing.assert_array_equal(after.pixel_array, before.pixel_array)
    np.testing.assert_array_equal(after.overlay_array(0x6000), before.overlay_array(0x6000))


def test_the_command_line_writes_any_encoding_modified_and_recompressed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("simulation.exams.simulate.simulate_exam", lambda seed, **_: make_exam(seed))
    options = ["--encoding", "siemens-xa", "--transfer-syntax", "rle", "--modifier", "oblique", "--modifier", "repeat"]
    assert command_line.main(["example", "--out", str(tmp_path), *options]) == 0
    files = list((tmp_path / "study").iterdir())
    assert {dcmread(file).file_meta.TransferSyntaxUID for file in files} == {TRANSFER_SYNTAXES["rle"]}
    assert "12 series, 93 images" in capsys.readouterr().out


def fake_measure(folder: Path) -> SimpleNamespace:
    """Measure 3 kPa in every study, 1 % more by GE, and refuse what is anonymised."""
    header = dcmread(next(folder.iterdir()), stop_before_pixels=True)
    refused = "SeriesDescription" not in header
    mean = 3.03 if header.Manufacturer.startswith("GE") else 3.0
    channels = ("masked_stiffness", "magnitude")
    finding = SimpleNamespace(
        measurement=SimpleNamespace(mean_kpa=mean),
        staging=SimpleNamespace(metavir_min="F1", metavir_max="F2"),
        provenance=SimpleNamespace(unit=SimpleNamespace(detail="by the rule"), network_channels=channels),
    )
    reason = SimpleNamespace(message="No words left.")
    study = SimpleNamespace(measured=None if refused else finding, findings=(), reason=reason, status="failed")
    return SimpleNamespace(studies=(study,), reason=None)


def test_the_page_compares_every_encoding_with_the_first() -> None:
    page = encodings_page(
        EXAM,
        fake_measure,
        encodings=["siemens-gre", "ge-gre"],
        modifiers=["anonymised", "oblique"],
        transfer_syntaxes=["rle"],
    )
    assert (
        "| `ge-gre` | classic; 2-D GRE; stiffness in Pa and confidence map | masked stiffness, magnitude | 3.030 "
        "| 1.00 % | F1-F2 | by the rule |" in page
    )
    assert "Measured: 2 of 2." in page
    assert "of equal network input: 1.00 %; to the reference: 1.00 %." in page
    assert "| `anonymised` | refused | refused | refused | refused |" in page
    assert "- `canon`, anonymised: No words left." in page
    assert "| `rle` | 0.00 % | 1.00 % | 0.00 % | 0.00 % |" in page


def test_an_exam_that_the_first_encoding_cannot_measure_gives_no_page() -> None:
    nothing = SimpleNamespace(studies=(), reason=SimpleNamespace(message="nothing here"))
    with pytest.raises(ValueError, match="choose another seed"):
        encodings_page(EXAM, lambda _: nothing)
