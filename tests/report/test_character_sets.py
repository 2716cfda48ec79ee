"""Results declare a character set that holds their text, whatever the source declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from liver_mre.report.source.character_sets import sets_that_hold
from tests.report.odd_headers import BUILDERS, content_with, raw, write_and_read

if TYPE_CHECKING:
    from pathlib import Path

    from tests.report.odd_headers import Builder

NAME = "Müller^Jürgen"
NONE = "The source images declare no character set for their text; results declare {}."
GUESS = "The letters are a guess, because no character set is known, and may be wrong: PatientName, StudyDescription."
WRONG = "The source images declare a wrong character set; results declare {}."


@BUILDERS
@pytest.mark.parametrize(
    ("declared", "encoding", "expected", "note"),
    [
        (b"", "latin_1", "ISO_IR 100", NONE),
        (b"ISO_IR 6", "latin_1", "ISO_IR 100", NONE),
        (b"", "utf-8", "ISO_IR 192", NONE),
        (b"ISO_IR 192", "latin_1", "ISO_IR 100", WRONG),
    ],
)
def test_text_outside_the_declared_set_is_read_as_what_it_is(
    build: Builder, declared: bytes, encoding: str, expected: str, note: str, tmp_path: Path
) -> None:
    text = NAME.encode(encoding)
    content = content_with(
        None,
        raw("SpecificCharacterSet", "CS", declared),
        raw("PatientName", "PN", text + b" " * (len(text) % 2)),
        raw("StudyDescription", "LO", text + b" " * (len(text) % 2)),
    )
    result = write_and_read(build(content), tmp_path)
    assert (result.SpecificCharacterSet, result.PatientName, result.StudyDescription) == (expected, NAME, NAME)
    guess = (GUESS,) if encoding == "latin_1" else ()
    assert content.source.notes == (note.format(expected), *guess)


@BUILDERS
def test_a_text_in_the_declared_set_is_read_by_it_whatever_another_text_is(build: Builder, tmp_path: Path) -> None:
    content = content_with(
        None,
        raw("SpecificCharacterSet", "CS", b"ISO_IR 126"),
        raw("PatientName", "PN", "Παπάς".encode("iso8859_7")),
        raw("StudyDescription", "LO", b"\xd2 "),  # no character of the Greek set
    )
    assert write_and_read(build(content), tmp_path).PatientName == "Παπάς"
    assert content.source.notes[-1] == GUESS.replace("PatientName, ", "")


def test_letters_of_an_undeclared_japanese_name_are_called_a_guess() -> None:
    content = content_with(None, raw("PatientName", "PN", "山田^太郎".encode("shift_jis")))
    assert content.source.notes[-1] == GUESS.replace(", StudyDescription", "")


@BUILDERS
def test_texts_of_different_encodings_become_unicode(build: Builder, tmp_path: Path) -> None:
    content = content_with(
        None, raw("PatientName", "PN", b"M\xfcller"), raw("StudyDescription", "LO", "Über Leber".encode())
    )
    result = write_and_read(build(content), tmp_path)
    found = (result.SpecificCharacterSet, result.PatientName, result.StudyDescription)
    assert found == ("ISO_IR 192", "Müller", "Über Leber")


def test_a_long_name_of_many_bytes_is_not_too_long() -> None:
    name = "王" * 60  # not through dciodvfy, which counts bytes where the standard counts characters
    assert content_with(SpecificCharacterSet="ISO_IR 192", PatientName=name).source.notes == ()


@BUILDERS
def test_control_characters_beside_escape_sequences_are_taken_out(build: Builder, tmp_path: Path) -> None:
    name, words = "Yamada^Tarou=山田^太郎", "肝臓\n硬度"
    content = content_with(SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientName=name, StudyDescription=words)
    result = write_and_read(build(content), tmp_path)
    assert (result.PatientName, result.StudyDescription) == (name, "肝臓 硬度")


@pytest.mark.parametrize(
    ("texts", "declared", "expected"),
    [
        ([b"plain"], ("ISO_IR 144",), ("ISO_IR 144",)),
        ([b"\xd0\xd1"], ("ISO_IR 144",), ("ISO_IR 144",)),
        ([b"\x80\xe4"], (), ("ISO_IR 192",)),  # Windows: no set of DICOM has these bytes
        (["Ü".encode()], ("ISO_IR 100",), ("ISO_IR 192",)),  # as Latin-1 it would hold a control character
        ([b"\x1b$B;3ED\x1b(B"], (), ("ISO 2022 IR 6", "ISO 2022 IR 87")),
        ([b"\xff\xfe\x00"], ("GB18030",), ("ISO_IR 100",)),
    ],
)
def test_sets_follow_the_bytes(texts: list[bytes], declared: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert sets_that_hold(texts, declared) == expected
