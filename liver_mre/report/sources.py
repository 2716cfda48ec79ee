"""Headers of the source images, corrected for use in result objects.

Scanners and archives write incomplete and invalid headers, and a PACS may refuse invalid results. Unusable identifiers
and geometry are an error; other invalid attributes are removed, or left empty where a result requires them.
"""

from __future__ import annotations

import copy
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from pydicom import config
from pydicom.datadict import dictionary_has_tag, dictionary_VM
from pydicom.uid import generate_uid
from pydicom.valuerep import DA, DT, MAX_VALUE_LEN, TM, validate_value

from liver_mre.errors import GeometryError, InvalidInputError
from liver_mre.report.quiet import quiet
from liver_mre.studies.geometry import slice_distance_mm

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset
    from pydicom.tag import BaseTag

    from liver_mre.report.content import ReportContent

NAMES: Final = ("PatientName", "ReferringPhysicianName")

_EMPTY_IF_ABSENT: Final = (
    *NAMES,
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
)
_IDENTIFIERS: Final = ("PatientID", "IssuerOfPatientID", "AccessionNumber")
_COPIED_GROUPS: Final = frozenset({0x0008, 0x0010, 0x0012, 0x0032, 0x0038, 0x0040})  # patient, study, equipment
_TEXT_VRS: Final = frozenset(
    {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UR", "UT"}
)
_DATE_VRS: Final = {"DA": DA, "DT": DT, "TM": TM}
_GEOMETRY: Final = ("FrameOfReferenceUID", "SliceThickness", "SpacingBetweenSlices")
_FRAME_ROOT: Final = "liver-mre.frame-of-reference"

# Defined terms of SpecificCharacterSet (PS3.3, C.12.1.1.2), by their number in the ISO register.
_ASCII: Final = "6"
_SINGLE_BYTE: Final = frozenset({"13", "100", "101", "109", "110", "126", "127", "138", "144", "148", "166", "203"})
_MULTI_BYTE: Final = frozenset({"58", "87", "149", "159"})
_STAND_ALONE: Final = frozenset({"GB18030", "GBK", "ISO_IR 192"})
_UNICODE: Final = "ISO_IR 192"
_REGISTERED: Final = re.compile(r"ISO.IR (\d+)|ISO.2022.IR.(\d+)")  # including misspellings that pydicom accepts


@quiet()
def headers(content: ReportContent) -> tuple[Dataset, ...]:
    """Return copies of the source headers from which result objects can be built.

    All lack an empty frame of reference and an impossible thickness or spacing. The first, from which patient and study
    are copied, also lacks values that violate their VR, has all required attributes, empty if need be, and its
    StudyDescription is cut to length. It has no names, because highdicom would quote unusual ones in a warning, and no
    character set, because highdicom knows only some; `sop_common.finish` writes both.

    Raises
    ------
    InvalidInputError
        If an identifier does not conform: shortened or removed, it would name another patient or order.
    ValueError
        If the number of headers is not the number of slices.
    """
    slices = content.volume.stiffness_kpa.shape[0]
    if len(content.sources) != slices:
        msg = f"Expected one source header for each of the {slices} slices, got {len(content.sources)}."
        raise ValueError(msg)
    copies = tuple(_with_usable_geometry(source) for source in content.sources)
    _tidy(copies[0])
    return copies


def headers_in_space(content: ReportContent) -> tuple[Dataset, ...]:
    """Return the source headers for an object that lies in space: with a frame of reference and a slice thickness.

    A missing frame of reference is derived from the series UID, so that all results of a series share it. A missing
    thickness is the distance between slices.

    Raises
    ------
    GeometryError
        If the images name several frames of reference, or a single slice has no thickness.
    InvalidInputError, ValueError
        As `headers` does.
    """
    copies = headers(content)
    uid = _frame_of_reference(copies)
    for header in copies:
        header.FrameOfReferenceUID = uid
    if "SliceThickness" not in copies[0]:
        copies[0].SliceThickness = _slice_spacing_mm(content, copies[0])
    return copies


def character_set(source: Dataset) -> list[str]:
    """Return SpecificCharacterSet as results carry it; an empty list if ASCII needs none.

    Sets of the source are spelled as in the standard: an empty first value is ASCII with code extensions, and several
    sets, or a multi-byte one, need code extensions. Unicode replaces sets that the standard does not define.
    """
    value = source.get("SpecificCharacterSet") or ""
    terms = [str(term).strip() for term in ([value] if isinstance(value, str) else value)]
    if terms[0] in _STAND_ALONE:
        return [terms[0]]
    numbers = list(dict.fromkeys(_register_number(term) for term in terms))
    if not {_ASCII, *_SINGLE_BYTE, *_MULTI_BYTE}.issuperset(numbers):
        return [_UNICODE]
    if numbers == [_ASCII]:
        return []
    if len(numbers) == 1 and numbers[0] in _SINGLE_BYTE:
        return [f"ISO_IR {numbers[0]}"]
    if numbers[0] in _MULTI_BYTE:
        numbers = list(dict.fromkeys([_ASCII, *numbers]))
    return [f"ISO 2022 IR {number}" for number in numbers]


def _register_number(term: str) -> str:
    """Return the number of a set in the ISO register; "" without one."""
    if not term:
        return _ASCII
    match = _REGISTERED.fullmatch(term)
    return "" if match is None else match[1] or match[2]


def _with_usable_geometry(source: Dataset) -> Dataset:
    header = copy.deepcopy(source)
    for keyword in _GEOMETRY:
        if keyword in header and not _is_usable(header, keyword):
            del header[keyword]
    return header


def _is_usable(header: Dataset, keyword: str) -> bool:
    try:
        value = header[keyword].value
        return bool(value) and (keyword == "FrameOfReferenceUID" or float(value) > 0)
    except (ValueError, TypeError):
        return False


def _frame_of_reference(copies: tuple[Dataset, ...]) -> str:
    named = {str(header.FrameOfReferenceUID) for header in copies if "FrameOfReferenceUID" in header}
    if len(named) > 1:
        msg = "The images of the stiffness series name different frames of reference. No segmentation can be written."
        raise GeometryError(msg)
    return named.pop() if named else str(generate_uid(entropy_srcs=[_FRAME_ROOT, str(copies[0].SeriesInstanceUID)]))


def _slice_spacing_mm(content: ReportContent, header: Dataset) -> float:
    distances_mm = sorted(d for d in map(slice_distance_mm, content.volume.instances) if d is not None)
    gaps_mm = [after - before for before, after in pairwise(distances_mm)]
    if gaps_mm:
        return round(min(gaps_mm), 6)
    if "SpacingBetweenSlices" in header:
        return float(header.SpacingBetweenSlices)
    msg = (
        "SliceThickness is missing in the single stiffness image and cannot be told from a distance between slices. "
        "Send the images with SliceThickness."
    )
    raise GeometryError(msg)


def _tidy(header: Dataset) -> None:
    """Remove invalid attributes of patient, study and equipment, and add required ones."""
    for keyword in _IDENTIFIERS:
        _check_identifier(header, keyword)
    description = header.get("StudyDescription")
    if isinstance(description, str):
        header.StudyDescription = description[: MAX_VALUE_LEN["LO"]].rstrip()
    wrong = [tag for tag in header.keys() if tag.group in _COPIED_GROUPS and not _reads_well(header, tag)]  # noqa: SIM118
    unwanted: list[BaseTag | str] = [*wrong, *NAMES, "SpecificCharacterSet"]
    for element in unwanted:
        if element in header:
            del header[element]
    for keyword in _EMPTY_IF_ABSENT:
        if keyword not in header:
            setattr(header, keyword, "")
    if header.PatientSex not in {"M", "F", "O", ""}:
        header.PatientSex = ""


def _check_identifier(header: Dataset, keyword: str) -> None:
    if keyword in header and not _conforms(header[keyword]):
        msg = (
            f"{keyword} of the stiffness images is longer than the {MAX_VALUE_LEN[header[keyword].VR]} characters that "
            "DICOM allows, or holds several values. Results cannot carry it, and a changed one would name another "
            "patient or order. Correct it at its source and send the study again."
        )
        raise InvalidInputError(msg)


def _reads_well(header: Dataset, tag: BaseTag) -> bool:
    """Tell whether an element can be read and conforms; reading converts it and may raise almost any error."""
    try:
        return _conforms(header[tag])
    except Exception:  # noqa: BLE001 - what cannot be read cannot be copied, whatever the reason
        return False


def _conforms(element: DataElement) -> bool:
    """Tell whether a value conforms to its VR and multiplicity; UIDs always do, because references depend on them."""
    if element.VR == "SQ":
        return bool(element.value) and all(_conforms(part) for item in element.value for part in item)
    if element.VR not in _TEXT_VRS or element.is_empty:
        return True
    if element.VM > 1 and dictionary_has_tag(element.tag) and dictionary_VM(element.tag) == "1":
        return False
    values = element.value if element.VM > 1 else [element.value]
    return all(_is_valid(element.VR, str(value)) for value in values)


def _is_valid(vr: str, text: str) -> bool:
    try:
        validate_value(vr, text, config.RAISE)
        if vr in _DATE_VRS:  # the pattern accepts 30 February and ranges; the conversion accepts other patterns
            _DATE_VRS[vr](text)
    except ValueError:
        return False
    return True
