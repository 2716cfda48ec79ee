"""Of the source's header, results take an allow-list over, with any VR and encoding, and say what they changed."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.tag import Tag

from liver_mre.errors import InvalidInputError
from liver_mre.report.quiet import quiet
from liver_mre.report.source.header import clean_header
from tests.report.header_factory import as_read, source_headers
from tests.report.odd_headers import raw

if TYPE_CHECKING:
    from pydicom.dataelem import RawDataElement

    from liver_mre.report.source.header import SourceHeader

(HEADER,) = source_headers([0], simulated=True)


def cleaned(*elements: RawDataElement | DataElement, **values: object) -> SourceHeader:
    """Return what results take over from a good header with other elements."""
    header = copy.deepcopy(HEADER)
    with quiet():
        for keyword, value in values.items():
            setattr(header, keyword, value)
    for element in elements:
        header[element.tag] = element
    return clean_header(as_read(header))


def carried(source: SourceHeader) -> Dataset:
    """Return the attributes as a reader of the results sees them."""
    result = Dataset()
    source.write_to(result)
    return as_read(result)


def item(**values: object) -> Dataset:
    one = Dataset()
    for keyword, value in values.items():
        setattr(one, keyword, value)
    return one


def test_the_document_lists_the_attributes_and_why_results_carry_them() -> None:
    root = Path(__file__).resolve().parents[2]
    rows = [line.split(" | ") for line in (root / "docs/results.md").read_text(encoding="utf-8").splitlines()]
    listed = {word: row[2].rstrip(" |") for row in rows if len(row) == 3 for word in re.findall(r"`(\w+)`", row[1])}
    table = json.loads((root / "liver_mre/data/result_attributes.json").read_text(encoding="utf-8"))
    assert listed == {keyword: entry["why"] for module in table.values() for keyword, entry in module.items()}


def test_a_good_header_is_taken_over_without_a_note() -> None:
    source = cleaned()
    assert source.notes == ()
    found = carried(source)
    taken = {element.keyword for element in found}
    for keyword in taken:
        assert found[keyword].value == HEADER[keyword].value
    assert {"PatientName", "PatientID", "PatientAge", "PatientWeight", "StudyDescription", "AccessionNumber"} <= taken


@pytest.mark.parametrize(
    "keyword",
    [
        "AdditionalPatientHistory",
        "PatientComments",
        "AdmissionID",
        "InstitutionAddress",
        "OtherPatientNames",
        "PatientAddress",
        "RequestingPhysician",
        "PhysiciansOfRecord",
        "Occupation",
        "OperatorsName",
    ],
)
def test_what_is_not_on_the_list_is_not_taken_over(keyword: str) -> None:
    source = cleaned(**{keyword: "Sesame"})
    assert "Sesame" not in str(source)
    assert source.notes == ()


@pytest.mark.parametrize(
    ("keyword", "vr", "value", "expected"),
    [
        ("StudyDate", "LO", b"20240115", "20240115"),
        ("StudyDate", "OB", b"20240115", "20240115"),
        ("StudyDate", "IS", b"20240115", "20240115"),
        ("StudyTime", "SH", b"101500", "101500"),
        ("PatientID", "SH", b"00012345", "00012345"),
        ("PatientID", "UN", b"ID1 ", "ID1"),
        ("PatientSex", "SH", b"F ", "F"),
        ("StudyDescription", "IS", b"nan ", "nan"),
        ("PatientName", "SS", b"\x01\x00", "1"),
        ("PatientName", "OB", b"A^B\0", "A^B"),
        ("PatientWeight", "FD", b"\0\0\0\0\0\0T@", 80),
        ("StudyInstanceUID", "LO", b"1.2.3 ", "1.2.3"),
        ("StudyID", "UT", b"7 ", "7"),
    ],
)
def test_every_element_has_the_vr_of_the_dictionary(keyword: str, vr: str, value: bytes, expected: object) -> None:
    source = cleaned(raw(keyword, vr, value))
    element = carried(source)[keyword]
    assert (element.VR, element.value) == (HEADER[keyword].VR, expected)
    assert source.notes == ()


@pytest.mark.parametrize(
    ("keyword", "value", "expected"),
    [
        ("StudyDate", "1970.02.03", "19700203"),
        ("StudyDate", "2024-01-15", "20240115"),
        ("StudyTime", "10:20:30", "102030"),
        ("StudyTime", "10:20:30.5", "102030.5"),
        ("PatientSex", "m", "M"),
        ("PatientAge", "55Y", "055Y"),
        ("PatientName", "Müller\n^Jürgen\t", "Müller ^Jürgen"),
        ("StudyDescription", "MR\r\nLiver\x07", "MR Liver"),
        ("StudyDescription", "MR liver " * 10, ("MR liver " * 10)[:64].rstrip()),
        ("PatientName", "N" * 80, "N" * 64),
        ("PatientName", "A^B=C=D=E", "A^B=C=D"),
        ("PatientName", "A^B^C^D^E^F", "A^B^C^D^E"),
    ],
)
def test_what_can_be_brought_into_form_is_and_a_note_names_it(keyword: str, value: str, expected: str) -> None:
    source = cleaned(SpecificCharacterSet="ISO_IR 100", **{keyword: value})
    assert carried(source)[keyword].value == expected
    (note,) = source.notes
    assert note == f"Results carry in the form that DICOM requires, other than the source: {keyword}."


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("StudyID", "S" * 22),
        ("StudyDate", "20240230"),
        ("StudyDate", "15.01.2024"),
        ("StudyTime", "2 pm"),
        ("PatientBirthDate", "unknown"),
        ("PatientSex", "U"),
        ("PatientAge", "old"),
        ("PatientWeight", "heavy"),
        ("PatientSize", "1e999"),
        ("TimezoneOffsetFromUTC", "CET"),
        ("ManufacturerModelName", "one\\two"),
        ("PatientName", "Doe\\John^X"),  # either value alone would name somebody else
        ("ReferringPhysicianName", "Roe\\Poe"),
    ],
)
def test_what_cannot_is_left_out_and_a_note_names_it_without_its_value(keyword: str, value: str) -> None:
    source = cleaned(raw(keyword, "LO", value.encode()))
    assert not carried(source).get(keyword)
    (note,) = source.notes
    assert note == f"Results leave out or leave empty what does not conform to DICOM in the source: {keyword}."


def test_a_sequence_where_text_belongs_is_left_out_and_text_where_a_sequence_belongs() -> None:
    source = cleaned(
        DataElement(Tag("StudyDescription"), "SQ", [item(PatientID="Sesame")]),
        raw("ProcedureCodeSequence", "LO", b"Sesame"),
    )
    assert "Sesame" not in str(source)
    (note,) = source.notes
    assert note.endswith("source: StudyDescription, ProcedureCodeSequence.")


@pytest.mark.parametrize("keyword", ["PatientID", "IssuerOfPatientID", "AccessionNumber"])
@pytest.mark.parametrize("value", [b"Sesame" * 20, b"Ses\\ame ", b"Ses\name", b"Ses\x07me"])
def test_an_identifier_is_unchanged_or_the_study_is_refused(keyword: str, value: bytes) -> None:
    with pytest.raises(InvalidInputError, match=keyword) as refusal:
        cleaned(raw(keyword, "LO", value))
    assert "Ses" not in str(refusal.value)


def test_issuers_and_procedure_codes_are_taken_over_without_what_is_not_on_the_list() -> None:
    issuer = item(LocalNamespaceEntityID="RIS", UniversalEntityID="1.2.3", UniversalEntityIDType="ISO")
    code = item(CodeValue="MRLIV", CodingSchemeDesignator="99RIS", CodeMeaning="MR liver", MappingResource="SESAME")
    found = carried(
        cleaned(IssuerOfAccessionNumberSequence=[issuer], ProcedureCodeSequence=[code, item(CodeValue="X")])
    )
    assert found.IssuerOfAccessionNumberSequence == [issuer]
    (procedure,) = found.ProcedureCodeSequence
    assert (procedure.CodeValue, procedure.CodeMeaning, "MappingResource" in procedure) == ("MRLIV", "MR liver", False)


def test_an_entity_without_its_type_is_left_out() -> None:
    issuer = item(LocalNamespaceEntityID="RIS", UniversalEntityID="1.2.3", UniversalEntityIDType="NOTHING")
    (found,) = carried(cleaned(IssuerOfAccessionNumberSequence=[issuer])).IssuerOfAccessionNumberSequence
    assert [element.keyword for element in found] == ["LocalNamespaceEntityID"]


def test_results_of_a_de_identified_study_stay_marked() -> None:
    found = carried(
        cleaned(
            PatientIdentityRemoved="YES",
            DeidentificationMethod=["Basic profile", "Retain dates"],
            LongitudinalTemporalInformationModified="UNMODIFIED",
        )
    )
    assert (found.PatientIdentityRemoved, found.LongitudinalTemporalInformationModified) == ("YES", "UNMODIFIED")
    assert list(found.DeidentificationMethod) == ["Basic profile", "Retain dates"]
    assert "Not stated" in carried(cleaned(PatientIdentityRemoved="YES")).DeidentificationMethod


def test_a_clinical_trial_is_named_whole_or_not_at_all() -> None:
    trial = {"ClinicalTrialSponsorName": "S", "ClinicalTrialProtocolID": "P", "ClinicalTrialSubjectID": "7"}
    found = carried(cleaned(**trial))
    assert {keyword: found[keyword].value for keyword in trial} == trial
    assert (found.ClinicalTrialSiteID, found.ClinicalTrialTimePointID) == ("", "")
    source = cleaned(**{**trial, "ClinicalTrialSubjectID": "S" * 65})
    assert not any(keyword.startswith("ClinicalTrial") for keyword in carried(source).dir())
    assert "ClinicalTrialSubjectID" in source.notes[0]
