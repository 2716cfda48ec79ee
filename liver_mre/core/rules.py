"""Scanner rules as data: how a header tells what a series is and in which unit its pixels are.

A rule holds conditions on header fields, and all of them must hold. Text is compared without regard to case; codes
(values of ImageType) are compared whole, so that "M" never matches "PRIMARY".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from liver_mre.core.study import Instance, Role

TEXT_FIELDS: Final = frozenset(
    {
        "complex_image_component",
        "image_comments",
        "manufacturer",
        "modality",
        "photometric_interpretation",
        "private_sequence_name",
        "protocol_name",
        "samples_per_pixel",
        "sequence_name",
        "series_description",
    }
)
CODE_FIELDS: Final = frozenset({"image_type"})


class Operator(StrEnum):
    """How a header field is compared with a rule's values."""

    CONTAINS_ANY = "contains_any"
    CONTAINS_NONE = "contains_none"
    ENDS_WITH_ANY = "ends_with_any"
    EQUALS_ANY = "equals_any"
    HAS_ALL = "has_all"
    HAS_ANY = "has_any"
    HAS_NONE = "has_none"


TEXT_OPERATORS: Final = frozenset(
    {Operator.CONTAINS_ANY, Operator.CONTAINS_NONE, Operator.ENDS_WITH_ANY, Operator.EQUALS_ANY}
)
CODE_OPERATORS: Final = frozenset({Operator.HAS_ALL, Operator.HAS_ANY, Operator.HAS_NONE})

_TEXT_CHECKS: Final[dict[Operator, Callable[[str, tuple[str, ...]], bool]]] = {
    Operator.CONTAINS_ANY: lambda text, values: any(value in text for value in values),
    Operator.CONTAINS_NONE: lambda text, values: not any(value in text for value in values),
    Operator.ENDS_WITH_ANY: lambda text, values: text.endswith(values),
    Operator.EQUALS_ANY: lambda text, values: text in values,
}
_CODE_CHECKS: Final[dict[Operator, Callable[[frozenset[str], frozenset[str]], bool]]] = {
    Operator.HAS_ALL: lambda codes, values: values <= codes,
    Operator.HAS_ANY: lambda codes, values: bool(values & codes),
    Operator.HAS_NONE: lambda codes, values: not values & codes,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of one header field.

    Attributes
    ----------
    field : an attribute of `Instance`, one of `TEXT_FIELDS` or `CODE_FIELDS`
    operator : a text operator for a text field, a code operator for a code field
    values : what the field is compared with, in lower case; never empty
    """

    field: str
    operator: Operator
    values: tuple[str, ...]

    def holds(self, instance: Instance) -> bool:
        """Tell whether the instance's header meets the condition."""
        found = getattr(instance, self.field)
        if self.operator in CODE_OPERATORS:
            codes = frozenset(code.strip().casefold() for code in found)
            return _CODE_CHECKS[self.operator](codes, frozenset(self.values))
        return _TEXT_CHECKS[self.operator](str(found).strip().casefold(), self.values)


def all_hold(conditions: tuple[Condition, ...], instance: Instance) -> bool:
    """Tell whether an instance meets every condition of a rule."""
    return all(condition.holds(instance) for condition in conditions)


@dataclass(frozen=True, slots=True)
class RoleRule:
    """What a series is if its header meets the conditions.

    `reason` says it in words for a radiologist; `source` says where the rule is known from.
    """

    vendor: str
    role: Role
    when: tuple[Condition, ...]
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class UnitRule:
    """Scale of a vendor's stiffness pixels: stiffness_kpa = stored * kpa_per_count.

    Attributes
    ----------
    roles : the kinds of series whose pixels have this scale
    ignores_rescale : True if the vendor writes a RescaleSlope that has nothing to do with stiffness; otherwise
        a RescaleSlope other than 1 contradicts the rule
    """

    vendor: str
    roles: tuple[Role, ...]
    when: tuple[Condition, ...]
    kpa_per_count: float
    ignores_rescale: bool
    source: str


@dataclass(frozen=True, slots=True)
class ConfidenceRule:
    """Scale of a vendor's confidence map: confidence (0 to 1) = stored * confidence_per_count."""

    vendor: str
    when: tuple[Condition, ...]
    confidence_per_count: float
    source: str


@dataclass(frozen=True, slots=True)
class ScannerRules:
    """Every rule, in the order in which roles are tried: the first that matches names the role."""

    roles: tuple[RoleRule, ...]
    units: tuple[UnitRule, ...]
    confidence: tuple[ConfidenceRule, ...]
