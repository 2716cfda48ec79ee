"""The attributes of source images that results carry (`data/result_attributes.json`); no other reaches a result."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.tag import BaseTag

from liver_mre.errors import MreError
from liver_mre.studies.typed_json import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE: Final = Path(__file__).resolve().parents[2] / "data" / "result_attributes.json"
CLINICAL_TRIAL: Final = "clinical_trial"
EQUIPMENT: Final = "equipment"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute that results carry.

    Attributes
    ----------
    keyword, vr : as in the dictionary of DICOM
    required : results carry it empty where it cannot be taken over
    needed : without it, the item or module that it belongs to is left out
    shorten : a text that is too long is cut; without it, it is left out, because a part of it would mean something else
    multiple : whether it may have several values
    terms : the values that it may have; any if empty
    items : of a sequence: the attributes of its items
    single : of a sequence: only its first item is taken over
    """

    keyword: str
    vr: str
    required: bool = False
    needed: bool = False
    shorten: bool = False
    multiple: bool = False
    terms: tuple[str, ...] = ()
    items: tuple[Attribute, ...] = ()
    single: bool = False

    @property
    def tag(self) -> BaseTag:
        """Its tag."""
        return BaseTag(cast("int", tag_for_keyword(self.keyword)))


@cache
def allowed() -> Mapping[str, tuple[Attribute, ...]]:
    """Return the attributes by module: patient, clinical trial, study, frame of reference, equipment."""
    table = cast("dict[str, dict[str, Any]]", read_json(_FILE, "list of result attributes", MreError, advice=_ADVICE))
    return {module: _attributes(entries) for module, entries in table.items()}


_ADVICE: Final = "Reinstall the application."


def _attributes(entries: Mapping[str, Mapping[str, Any]]) -> tuple[Attribute, ...]:
    return tuple(_attribute(keyword, entry) for keyword, entry in entries.items())


def _attribute(keyword: str, entry: Mapping[str, Any]) -> Attribute:
    flags = {flag: bool(entry.get(flag)) for flag in ("required", "needed", "shorten", "multiple", "single")}
    terms, items = tuple(entry.get("terms", ())), _attributes(entry.get("items", {}))
    return Attribute(keyword, dictionary_VR(cast("int", tag_for_keyword(keyword))), terms=terms, items=items, **flags)
