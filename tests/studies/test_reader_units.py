"""What the headers say about the unit is read as it is, and nothing is guessed where it is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydicom import Dataset, dcmread
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    ImplicitVRLittleEndian,
)

from liver_mre.errors import UnknownUnitError
from liver_mre.stiffness.source import read_stiffness
from liver_mre.studies.reader import read_studies
from liver_mre.studies.study import RealWorldMapping
from tests.studies.files import change, chosen, copy_files, masked_files

if TYPE_CHECKING:
    from pathlib import Path

    from simulation.encodings.types import WrittenStudy


def real_world(unit: str, slope: float, scheme: str = "UCUM", stored: tuple[int, int] | None = None) -> Dataset:
    code, item = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, scheme, unit
    item.MeasurementUnitsCodeSequence = DicomSequence([code])
    item.RealWorldValueSlope, item.RealWorldValueIntercept = slope, 0.0
    if stored is not None:
        item.add_new("RealWorldValueFirstValueMapped", "US", stored[0])
        item.add_new("RealWorldValueLastValueMapped", "US", stored[1])
    return item


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([real_world("kPa", 0.01)], [RealWorldMapping("kPa", 0.01, 0.0)]),
        ([real_world("kPa", 0.01), real_world("kPa", 0.01)], [RealWorldMapping("kPa", 0.01, 0.0)]),
        (
            [real_world("kPa", 0.01), real_world("Pa", 10.0)],
            [RealWorldMapping("kPa", 0.01, 0.0), RealWorldMapping("Pa", 10.0, 0.0)],
        ),
        ([], []),
        ([real_world("kPa", 0.01, stored=(1, 40000))], [RealWorldMapping("kPa", 0.01, 0.0, 1, 40000)]),
    ],
)
def test_real_world_mappings_are_read_each_once(
    siemens: WrittenStudy, tmp_path: Path, items: list[Dataset], expected: list[RealWorldMapping]
) -> None:
    (file,) = copy_files(masked_files(siemens)[:1], tmp_path)
    change(file, lambda ds: setattr(ds, "RealWorldValueMappingSequence", DicomSequence(items)))
    assert read_studies(file).studies[0].series[0].first.real_world == tuple(expected)


def test_a_unit_of_another_scheme_is_not_one_of_ucum(siemens: WrittenStudy, tmp_path: Path) -> None:
    (file,) = copy_files(masked_files(siemens)[:1], tmp_path)
    items = DicomSequence([real_world("kPa", 0.01, "99X")])
    change(file, lambda ds: setattr(ds, "RealWorldValueMappingSequence", items))
    (mapping,) = read_studies(file).studies[0].series[0].first.real_world
    assert mapping.unit == "kPa of 99X"


def lookup_table() -> Dataset:
    item = real_world("kPa", 0.01)
    del item.RealWorldValueSlope, item.RealWorldValueIntercept
    item.RealWorldValueLUTData = [0.0, 1.0]
    return item


@pytest.mark.parametrize("items", [[lookup_table()], [Dataset()], [real_world("kPa", 0.01), lookup_table()]])
def test_a_real_world_mapping_without_a_scale_is_unusable_and_not_absent(
    siemens: WrittenStudy, tmp_path: Path, items: list[Dataset]
) -> None:
    for file in copy_files(masked_files(siemens), tmp_path):
        change(file, lambda ds: setattr(ds, "RealWorldValueMappingSequence", DicomSequence(items)))
    with pytest.raises(UnknownUnitError, match="RealWorldValueMappingSequence"):
        chosen(read_studies(tmp_path).studies[0])


def test_the_range_of_a_real_world_mapping_is_checked_on_the_pixels_in_implicit_vr_too(
    siemens: WrittenStudy, tmp_path: Path
) -> None:
    for file in copy_files(masked_files(siemens), tmp_path):
        ds = dcmread(file)
        items = [real_world("kPa", 0.01, stored=(0, 200))]  # the phantom has 250 and more
        ds.RealWorldValueMappingSequence = DicomSequence(items)
        ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        ds.save_as(file, implicit_vr=True)
    selection = chosen(read_studies(tmp_path).studies[0])
    with pytest.raises(UnknownUnitError, match="from 0 to 200"):
        read_stiffness(selection)


def test_the_range_of_a_real_world_mapping_has_the_sign_of_the_pixels(siemens: WrittenStudy, tmp_path: Path) -> None:
    ds = dcmread(masked_files(siemens)[0])
    ds.PixelRepresentation = 1
    item = real_world("kPa", 0.01)
    item.add_new("RealWorldValueFirstValueMapped", "SS", -5)
    ds.RealWorldValueMappingSequence = DicomSequence([item])
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    ds.save_as(tmp_path / "signed", implicit_vr=True)
    mapping = read_studies(tmp_path).studies[0].series[0].first.real_world
    assert mapping == (RealWorldMapping("kPa", 0.01, 0.0, first_stored=-5),)


def test_a_rescale_slope_that_is_no_number_is_unusable_and_not_absent(siemens: WrittenStudy, tmp_path: Path) -> None:
    for file in copy_files(masked_files(siemens), tmp_path):
        change(file, lambda ds: setattr(ds, "RescaleSlope", "7.25"))
        raw = file.read_bytes()
        assert raw.count(b"7.25") == 1
        file.write_bytes(raw.replace(b"7.25", b"7,25"))
    with pytest.raises(UnknownUnitError, match="RescaleSlope"):
        chosen(read_studies(tmp_path).studies[0])


def test_an_empty_rescale_slope_is_an_absent_one(siemens: WrittenStudy, tmp_path: Path) -> None:
    for file in copy_files(masked_files(siemens), tmp_path):
        change(file, lambda ds: setattr(ds, "RescaleSlope", None))
    assert chosen(read_studies(tmp_path).studies[0]).unit.source == "vendor_rule"


def test_a_lookup_table_of_the_pixels_is_never_passed_over(siemens: WrittenStudy, tmp_path: Path) -> None:
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [2, 0, 16])
    table.add_new("LUTData", "US", [0, 500])
    for file in copy_files(masked_files(siemens), tmp_path):
        change(file, lambda ds: setattr(ds, "ModalityLUTSequence", DicomSequence([table])))
    with pytest.raises(UnknownUnitError, match="ModalityLUTSequence"):
        chosen(read_studies(tmp_path).studies[0])
