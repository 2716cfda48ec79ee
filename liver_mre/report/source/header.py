"""What results take over from the source: allowed attributes, in the form that DICOM requires, and nothing else."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Final

from pydicom import Dataset
from pydicom.tag import Tag

from liver_mre.errors import InvalidInputError
from liver_mre.report.source.allow_list import CLINICAL_TRIAL, EQUIPMENT, allowed
from liver_mre.report.source.character_sets import ASCII, UNICODE, Reading, declared_sets, sets_that_hold
from liver_mre.report.source.elements import raw_element, text_of
from liver_mre.report.source.taking_over import Taken, taken_over, texts_in, unencodable, with_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydicom.tag import BaseTag

    from liver_mre.report.source.allow_list import Attribute

_POSITION_INDICATOR: Final = Tag("PositionReferenceIndicator")
_CHARACTER_SET: Final = Tag("SpecificCharacterSet")
_TIME_ZONE: Final = Tag("TimezoneOffsetFromUTC")
_OFFSET: Final = re.compile(r"([+-])(\d\d)([0-5]\d)")
_LARGEST_OFFSET: Final = timedelta(hours=14)  # PS3.3, C.12.1.1.1: +14 h at most, and less in the west
_METHOD_UNKNOWN: Final = b"Not stated by the source images"
_NO_STUDY: Final = "StudyInstanceUID of the stiffness images is missing or no UID. Send the study again."


@dataclass(frozen=True, slots=True)
class SourceHeader:
    """What results take over from the header of the source images.

    Attributes
    ----------
    attributes : of patient, clinical trial, study and frame of reference; conform to DICOM, required ones may be empty
    equipment : the scanner, as an item of ContributingEquipmentSequence; empty if the source does not name it
    character_set : SpecificCharacterSet of all of these; () for ASCII
    zone : time zone of the dates and times of the source, if known
    image_comments, synthetic : ImageComments, and whether SyntheticData says that no patient was scanned
    notes : what was left out, changed or declared otherwise, without values
    """

    attributes: Dataset
    equipment: Dataset
    character_set: tuple[str, ...]
    zone: timezone | None
    image_comments: str
    synthetic: bool
    notes: tuple[str, ...]

    @property
    def study_instance_uid(self) -> str:
        """StudyInstanceUID."""
        return str(self.attributes.StudyInstanceUID)

    def write_to(self, result: Dataset) -> None:
        """Set the attributes of patient, clinical trial, study and, if it has one, frame of reference in a result."""
        if self.character_set:
            result.SpecificCharacterSet = list(self.character_set)
        for tag, element in self.attributes.items():
            if tag != _POSITION_INDICATOR or "FrameOfReferenceUID" in result:
                result[tag] = copy.deepcopy(element)


def clean_header(header: Dataset) -> SourceHeader:
    """Take the allowed attributes from a header, whatever their VRs, and bring them into the form of their own.

    Values that have no such form are left out, or left empty where a result requires the attribute.

    Parameters
    ----------
    header : as pydicom reads it from a file, its values not yet converted

    Raises
    ------
    InvalidInputError
        An identifier of patient or order could not be taken over unchanged, or there is no StudyInstanceUID.
    """
    attributes = [attribute for module in allowed().values() for attribute in module]
    declared = declared_sets(_plain(header, _CHARACTER_SET).split("\\"))
    texts = list(texts_in(header, attributes))
    sets = sets_that_hold((text for _, text in texts), declared)
    reading = Reading(declared, sets)
    taken = {name: taken_over(header, module, reading) for name, module in allowed().items()}
    notes = _Notes()
    notes.guessed = [keyword for keyword, text in texts if reading.is_guess(text)]
    for one in taken.values():
        notes.add(one)
    if not _is_complete(taken[CLINICAL_TRIAL], allowed()[CLINICAL_TRIAL]):
        notes.dropped += [attribute.keyword for attribute in taken[CLINICAL_TRIAL].values]
        taken[CLINICAL_TRIAL] = Taken()
    if any(unencodable(one, sets) for one in taken.values()):
        sets = UNICODE
    zone = _zone(_plain(header, _TIME_ZONE), notes)
    found = _attributes(taken, sets)
    if "StudyInstanceUID" not in found:
        raise InvalidInputError(_NO_STUDY)
    return SourceHeader(
        attributes=found,
        equipment=with_values(taken[EQUIPMENT], (), sets) if _names_scanner(taken[EQUIPMENT]) else Dataset(),
        character_set=sets,
        zone=zone,
        image_comments=_plain(header, Tag("ImageComments")),
        synthetic=_plain(header, Tag("SyntheticData")) == "YES",
        notes=notes.sentences(declared, sets),
    )


def _attributes(taken: Mapping[str, Taken], sets: tuple[str, ...]) -> Dataset:
    found = Dataset()
    for name, module in allowed().items():
        if name != EQUIPMENT and (name != CLINICAL_TRIAL or taken[name].values):
            for tag, element in with_values(taken[name], module, sets).items():
                found[tag] = element
    removed = found.get_item("PatientIdentityRemoved")
    if removed is not None and removed.value.strip() == b"YES" and not _says_how(found):
        tag = Tag("DeidentificationMethod")
        found[tag] = raw_element(tag, "LO", _METHOD_UNKNOWN)
    return found


def _says_how(found: Dataset) -> bool:
    """Tell whether the method of de-identification is there, which its flag requires (PS3.3, C.7.1.1)."""
    return "DeidentificationMethod" in found or "DeidentificationMethodCodeSequence" in found


def _is_complete(taken: Taken, module: Iterable[Attribute]) -> bool:
    return all(attribute in taken.values for attribute in module if attribute.needed)


def _names_scanner(equipment: Taken) -> bool:
    return any(attribute.keyword == "Manufacturer" for attribute in equipment.values)


def _plain(header: Dataset, tag: BaseTag) -> str:
    """Return an element as ASCII text; "" if it is absent, and without what is no ASCII."""
    return (text_of(header, tag) or b"").decode("ascii", errors="ignore").strip()


def _zone(offset: str, notes: _Notes) -> timezone | None:
    match = _OFFSET.fullmatch(offset)
    distance = timedelta(hours=int(match[2]), minutes=int(match[3])) if match else None
    if match is None or distance is None or distance > _LARGEST_OFFSET:
        notes.dropped += ["TimezoneOffsetFromUTC"] if offset else []
        return None
    return timezone(-distance if match[1] == "-" else distance)


class _Notes:
    """Keywords of what results do not carry as the source has it."""

    def __init__(self) -> None:
        self.dropped: list[str] = []
        self.changed: list[str] = []
        self.guessed: list[str] = []

    def add(self, taken: Taken) -> None:
        self.dropped += taken.dropped
        self.changed += taken.changed

    def sentences(self, declared: tuple[str, ...], sets: tuple[str, ...]) -> tuple[str, ...]:
        found = []
        if sets != declared:
            words = "declare no character set for their text" if declared == ASCII else "declare a wrong character set"
            found.append(f"The source images {words}; results declare {', '.join(sets)}.")
        if self.guessed:
            listed = ", ".join(dict.fromkeys(self.guessed))
            found.append(f"The letters are a guess, because no character set is known, and may be wrong: {listed}.")
        if self.dropped:
            listed = ", ".join(dict.fromkeys(self.dropped))
            found.append(f"Results leave out or leave empty what does not conform to DICOM in the source: {listed}.")
        if self.changed:
            listed = ", ".join(dict.fromkeys(self.changed))
            found.append(f"Results carry in the form that DICOM requires, other than the source: {listed}.")
        return tuple(found)
