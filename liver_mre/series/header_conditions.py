"""Conditions of the scanner rules on header fields, all of which must hold.

Text is compared regardless of case, accents and character width; codes (values of ImageType) are compared whole, so
that "M" never matches "PRIMARY".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from liver_mre.series.stated_frequencies import stated_frequencies

if TYPE_CHECKING:
    from collections.abc import Callable

    from liver_mre.studies.study import Instance

TEXT_FIELDS: Final = {
    "complex_image_component": "ComplexImageComponent",
    "image_comments": "ImageComments",
    "manufacturer": "Manufacturer",
    "modality": "Modality",
    "photometric_interpretation": "PhotometricInterpretation",
    "private_sequence_name": "(0019,109C)",
    "protocol_name": "ProtocolName",
    "rescale_type": "RescaleType",
    "samples_per_pixel": "SamplesPerPixel",
    "sequence_name": "SequenceName",
    "series_description": "SeriesDescription",
    "sop_class_uid": "SOPClassUID",
}
"""Fields with one text, and how messages name them."""
CODE_FIELDS: Final = {"image_type": "ImageType"}
"""Fields with several codes."""
NUMBER_FIELDS: Final = {"window_center": "WindowCenter", "window_width": "WindowWidth"}
"""Fields with a number or nothing."""
FIELDS: Final = TEXT_FIELDS | CODE_FIELDS | NUMBER_FIELDS
_WINDOW_INDEX: Final = {"window_center": 0, "window_width": 1}
_BETWEEN_WORDS: Final = re.compile(r"[\W_]+")


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Normalise text for comparison: no case, accents or differences of character width."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character)).casefold()


@lru_cache(maxsize=4096)
def words(folded: str) -> frozenset[str]:
    """Return the words of a folded text: runs of letters and digits."""
    return frozenset(_BETWEEN_WORDS.split(folded))


class Operator(StrEnum):
    """How a header field is compared with a rule's values."""

    CONTAINS_ANY = "contains_any"
    CONTAINS_NONE = "contains_none"
    STARTS_WITH_ANY = "starts_with_any"
    ENDS_WITH_ANY = "ends_with_any"
    EQUALS_ANY = "equals_any"
    HAS_WORD_ANY = "has_word_any"
    HAS_WORD_NONE = "has_word_none"
    HAS_ALL = "has_all"
    HAS_ANY = "has_any"
    HAS_NONE = "has_none"
    BETWEEN = "between"
    STATES_HZ_OUTSIDE = "states_hz_outside"
    STATES_FILTER_HZ_OUTSIDE = "states_filter_hz_outside"


NUMBER_OPERATORS: Final = frozenset({Operator.BETWEEN})
FREQUENCY_OPERATORS: Final = frozenset({Operator.STATES_HZ_OUTSIDE, Operator.STATES_FILTER_HZ_OUTSIDE})
RANGE_OPERATORS: Final = NUMBER_OPERATORS | FREQUENCY_OPERATORS
"""Operators with the lower and the upper end of a range."""
_TEXT_CHECKS: Final[dict[Operator, Callable[[str, tuple[str, ...]], bool]]] = {
    Operator.CONTAINS_ANY: lambda text, values: any(value in text for value in values),
    Operator.CONTAINS_NONE: lambda text, values: not any(value in text for value in values),
    Operator.STARTS_WITH_ANY: lambda text, values: text.startswith(values),
    Operator.ENDS_WITH_ANY: lambda text, values: text.endswith(values),
    Operator.EQUALS_ANY: lambda text, values: text in values,
    Operator.HAS_WORD_ANY: lambda text, values: not words(text).isdisjoint(values),
    Operator.HAS_WORD_NONE: lambda text, values: words(text).isdisjoint(values),
}
_CODE_CHECKS: Final[dict[Operator, Callable[[frozenset[str], frozenset[str]], bool]]] = {
    Operator.HAS_ALL: lambda codes, values: values <= codes,
    Operator.HAS_ANY: lambda codes, values: bool(values & codes),
    Operator.HAS_NONE: lambda codes, values: not values & codes,
}
TEXT_OPERATORS: Final = frozenset(_TEXT_CHECKS) | FREQUENCY_OPERATORS
CODE_OPERATORS: Final = frozenset(_CODE_CHECKS)
_NEGATIVE: Final = frozenset({Operator.CONTAINS_NONE, Operator.HAS_WORD_NONE, Operator.HAS_NONE})


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of one header field with texts or codes.

    Attributes
    ----------
    field : one of `TEXT_FIELDS` or `CODE_FIELDS`
    operator : a text operator for a text field, a code operator for a code field
    values : what the field is compared with, folded; never empty
    """

    field: str
    operator: Operator
    values: tuple[str, ...]

    def holds(self, instance: Instance) -> bool:
        """Tell whether the instance's header meets the condition."""
        found = getattr(instance, self.field)
        if self.operator in CODE_OPERATORS:
            codes = frozenset(fold(code.strip()) for code in found)
            return _CODE_CHECKS[self.operator](codes, frozenset(self.values))
        return _TEXT_CHECKS[self.operator]("" if found is None else fold(str(found).strip()), self.values)

    def tags(self, instance: Instance) -> tuple[str, ...]:  # noqa: ARG002 - the same for every kind of check
        """Name the element in which the condition found a value; none if it only excludes values."""
        return () if self.operator in _NEGATIVE or self.field == "modality" else (FIELDS[self.field],)


@dataclass(frozen=True, slots=True)
class RangeCondition:
    """A header number within a closed range; does not hold if the number is absent."""

    field: str
    low: float
    high: float

    def holds(self, instance: Instance) -> bool:
        """Tell whether the instance's header meets the condition."""
        return instance.window is not None and self.low <= instance.window[_WINDOW_INDEX[self.field]] <= self.high

    def tags(self, instance: Instance) -> tuple[str, ...]:  # noqa: ARG002 - the same for every kind of check
        """Name the element that is compared."""
        return (FIELDS[self.field],)


@dataclass(frozen=True, slots=True)
class FrequencyCondition:
    """A text that states frequencies in Hz of a driver, none of them within a closed range.

    With `of_filter`, it states none of a driver, but some that a word beside them gives to a filter or a bandwidth.
    """

    field: str
    low: float
    high: float
    of_filter: bool = False

    def holds(self, instance: Instance) -> bool:
        """Tell whether the instance's header meets the condition."""
        stated = stated_frequencies(fold(str(getattr(instance, self.field) or "")))
        if self.of_filter and stated.drivers:
            return False
        found = stated.others if self.of_filter else stated.drivers
        return bool(found) and not any(self.low <= hz <= self.high for hz in found)

    def tags(self, instance: Instance) -> tuple[str, ...]:  # noqa: ARG002 - the same for every kind of check
        """Name the element that states it."""
        return (FIELDS[self.field],)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Groups of checks, of which at least one must hold."""

    groups: tuple[tuple[Check, ...], ...]

    def holds(self, instance: Instance) -> bool:
        """Tell whether the instance's header meets one group."""
        return any(all_hold(group, instance) for group in self.groups)

    def tags(self, instance: Instance) -> tuple[str, ...]:
        """Name the elements of every group that holds."""
        return tuple(tag for group in self.groups if all_hold(group, instance) for tag in tags(group, instance))


Check: TypeAlias = Condition | RangeCondition | FrequencyCondition | AnyOf


def all_hold(checks: tuple[Check, ...], instance: Instance) -> bool:
    """Tell whether an instance meets every check of a rule."""
    return all(check.holds(instance) for check in checks)


def without_numbers(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Return the checks on texts and codes, which are the same for all images of most series."""
    return tuple(check for check in checks if not _looks_at_number(check))


def _looks_at_number(check: Check) -> bool:
    if isinstance(check, AnyOf):
        return any(_looks_at_number(inner) for group in check.groups for inner in group)
    return isinstance(check, RangeCondition)


def tags(checks: tuple[Check, ...], instance: Instance) -> tuple[str, ...]:
    """Name the elements in which checks that hold found a value, each once."""
    return tuple(dict.fromkeys(tag for check in checks for tag in check.tags(instance)))
