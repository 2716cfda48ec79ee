"""Typed reading of the scanner rules: an unknown key, field or value is an error, not a rule that never holds."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Final

from liver_mre.errors import SettingsError
from liver_mre.series.header_conditions import (
    CODE_FIELDS,
    CODE_OPERATORS,
    FIELDS,
    NUMBER_FIELDS,
    NUMBER_OPERATORS,
    TEXT_OPERATORS,
    AnyOf,
    Check,
    Condition,
    Operator,
    RangeCondition,
    fold,
)
from liver_mre.series.roles import Role, SeriesRole, known_roles
from liver_mre.series.rules_values import (
    a_filled_list,
    a_list,
    a_positive,
    a_text,
    a_truth,
    an_object,
    fail,
    keyed,
    listed,
    no_key_twice,
)
from liver_mre.series.scanner_rules import ConfidenceRule, RoleRule, ScannerRules, SignRule, UnitRule, VendorRule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeVar

    Rule = TypeVar("Rule")

_DOCUMENT: Final = frozenset({"words", "definitions", "roles", "signs", "vendors", "units", "confidence"})
_ROLE_RULE: Final = frozenset({"vendor", "when", "reason", "source"})
_UNIT_RULE: Final = frozenset({"vendor", "roles", "when", "kpa_per_count", "ignores_rescale", "source"})
_CONFIDENCE_RULE: Final = frozenset({"vendor", "when", "confidence_per_count", "source"})
_REFERENCE: Final = "@"  # "@stiffness" among values stands for the list of that name in "words"
_RANGE_ENDS: Final = 2


@dataclass(slots=True)
class _Names:
    """What rules may refer to by name: lists of words, and checks."""

    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    definitions: dict[str, tuple[Check, ...]] = field(default_factory=dict)


def load_scanner_rules(extra: Path | None = None) -> ScannerRules:
    """Read the rules that this application ships, and a site's own before them.

    Parameters
    ----------
    extra : a file of the same form with rules of a site; they are tried first, and may use our words and definitions

    Raises
    ------
    SettingsError
        A rules file is damaged, or the site's cannot be read.
    """
    shipped = resources.files("liver_mre").joinpath("data/scanner_rules.json").read_text("utf-8")
    if extra is None:
        return parse_scanner_rules(shipped)
    try:
        own = extra.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"The scanner rules in {extra} cannot be read: {type(error).__name__}."
        raise SettingsError(msg) from error
    names = _Names()
    ours = _parse(shipped, names)
    first = _parse(own, names)
    return ScannerRules(
        roles=first.roles + ours.roles,
        units=first.units + ours.units,
        confidence=first.confidence + ours.confidence,
        signs=first.signs + ours.signs,
        vendors=first.vendors + ours.vendors,
    )


def parse_scanner_rules(text: str) -> ScannerRules:
    """Parse scanner rules from JSON.

    Raises
    ------
    SettingsError
        The text is not JSON, or a key, field, operator or value is unknown, missing or of the wrong type; the
        message names its place.
    """
    return _parse(text, _Names())


def _parse(text: str, names: _Names) -> ScannerRules:
    try:
        document = json.loads(text, object_pairs_hook=no_key_twice)
    except json.JSONDecodeError as error:
        fail("the file", f"is not JSON ({error.msg}, line {error.lineno})")
    found = keyed(document, frozenset(), "the file", optional=_DOCUMENT)
    for name, item in an_object(found.get("words", {}), "words").items():
        _check_new(name, names.words, f"words.{name}")
        names.words[name] = _texts(item, f"words.{name}")
    for name, item in an_object(found.get("definitions", {}), "definitions").items():
        _check_new(name, names.definitions, f"definitions.{name}")
        names.definitions[name] = _checks(item, f"definitions.{name}", names)

    def rules(key: str, parse: Callable[[object, str, _Names], Rule]) -> tuple[Rule, ...]:
        return tuple(parse(item, f"{key}[{i}]", names) for i, item in enumerate(a_list(found.get(key, []), key)))

    return ScannerRules(
        roles=rules("roles", _role_rule),
        units=rules("units", _unit_rule),
        confidence=rules("confidence", _confidence_rule),
        signs=rules("signs", _sign_rule),
        vendors=rules("vendors", _vendor_rule),
    )


def _role_rule(item: object, place: str, names: _Names) -> RoleRule:
    found = keyed(item, _ROLE_RULE, place, optional=frozenset({"role", "needs", "split"}))
    if ("role" in found) == ("split" in found):
        fail(place, "must have either the key role or the key split")
    split = _roles(found["split"], f"{place}.split") if "split" in found else ()
    return RoleRule(
        vendor=a_text(found["vendor"], f"{place}.vendor"),
        role=Role.OTHER if split else _role(found["role"], f"{place}.role"),
        when=_checks(found["when"], f"{place}.when", names),
        reason=a_text(found["reason"], f"{place}.reason"),
        source=a_text(found["source"], f"{place}.source"),
        needs=_roles(found["needs"], f"{place}.needs") if "needs" in found else (),
        split=split,
    )


def _sign_rule(item: object, place: str, names: _Names) -> SignRule:
    found = keyed(item, frozenset({"says", "when", "source"}), place)
    return SignRule(
        says=_role(found["says"], f"{place}.says"),
        when=_checks(found["when"], f"{place}.when", names),
        source=a_text(found["source"], f"{place}.source"),
    )


def _vendor_rule(item: object, place: str, names: _Names) -> VendorRule:
    found = keyed(item, frozenset({"vendor", "signs", "source"}), place)
    signs = a_filled_list(found["signs"], f"{place}.signs")
    return VendorRule(
        vendor=a_text(found["vendor"], f"{place}.vendor"),
        signs=tuple(_checks(sign, f"{place}.signs[{i}]", names) for i, sign in enumerate(signs)),
        source=a_text(found["source"], f"{place}.source"),
    )


def _unit_rule(item: object, place: str, names: _Names) -> UnitRule:
    found = keyed(item, _UNIT_RULE, place, optional=frozenset({"only_contradicts"}))
    return UnitRule(
        vendor=a_text(found["vendor"], f"{place}.vendor"),
        roles=_roles(found["roles"], f"{place}.roles"),
        when=_checks(found["when"], f"{place}.when", names),
        kpa_per_count=a_positive(found["kpa_per_count"], f"{place}.kpa_per_count"),
        ignores_rescale=a_truth(found["ignores_rescale"], f"{place}.ignores_rescale"),
        source=a_text(found["source"], f"{place}.source"),
        only_contradicts=a_truth(found.get("only_contradicts", False), f"{place}.only_contradicts"),
    )


def _confidence_rule(item: object, place: str, names: _Names) -> ConfidenceRule:
    found = keyed(item, _CONFIDENCE_RULE, place)
    return ConfidenceRule(
        vendor=a_text(found["vendor"], f"{place}.vendor"),
        when=_checks(found["when"], f"{place}.when", names),
        confidence_per_count=a_positive(found["confidence_per_count"], f"{place}.confidence_per_count"),
        source=a_text(found["source"], f"{place}.source"),
    )


def _checks(item: object, place: str, names: _Names) -> tuple[Check, ...]:
    checks: list[Check] = []
    for key, value in an_object(item, place).items():
        inside = f"{place}.{key}"
        if key == "is":
            for name in a_filled_list(value, inside):
                if not isinstance(name, str) or name not in names.definitions:
                    fail(inside, f"names {name!r}, which is none of the definitions before it")
                checks += names.definitions[name]
        elif key == "any_of":
            groups = a_filled_list(value, inside)
            checks.append(AnyOf(tuple(_checks(group, f"{inside}[{i}]", names) for i, group in enumerate(groups))))
        else:
            checks += _comparisons(key, value, inside, names)
    if not checks:
        fail(place, "must hold at least one condition")
    return tuple(checks)


def _comparisons(key: str, item: object, place: str, names: _Names) -> list[Check]:
    if key not in FIELDS:
        fail(place, f"is not a known header field; known are {listed(set(FIELDS))}")
    allowed = TEXT_OPERATORS
    if key in CODE_FIELDS:
        allowed = CODE_OPERATORS
    elif key in NUMBER_FIELDS:
        allowed = NUMBER_OPERATORS
    checks: list[Check] = []
    for name, values in an_object(item, place).items():
        inside = f"{place}.{name}"
        if name not in allowed:
            fail(inside, f"is not a comparison of this field; known are {listed(allowed)}")
        if name == Operator.BETWEEN:
            checks.append(RangeCondition(key, *_range(values, inside)))
        else:
            checks.append(Condition(key, Operator(name), _values(values, inside, names)))
    return checks


def _values(item: object, place: str, names: _Names) -> tuple[str, ...]:
    """Return texts to compare with, lists that are referred to by name put in."""
    values: list[str] = []
    for text in _texts(item, place):
        if not text.startswith(_REFERENCE):
            values.append(text)
        elif text[1:] in names.words:
            values += names.words[text[1:]]
        else:
            fail(place, f"refers to {text!r}, which is none of the lists of words")
    return tuple(values)


def _texts(item: object, place: str) -> tuple[str, ...]:
    values = a_list(item, place)
    if not values or any(isinstance(value, bool) or not isinstance(value, str | int) for value in values):
        fail(place, "must be a list of texts or whole numbers")
    texts = tuple(fold(str(value)) for value in values)
    if not all(texts):
        fail(place, "must not hold an empty text, which every header contains")
    return texts


def _range(item: object, place: str) -> tuple[float, float]:
    ends = a_list(item, place)
    numbers = [float(end) for end in ends if isinstance(end, int | float) and not isinstance(end, bool)]
    if len(ends) != _RANGE_ENDS or len(numbers) != _RANGE_ENDS or not numbers[0] < numbers[1]:
        fail(place, "must be two numbers, the smaller first")
    return numbers[0], numbers[1]


def _check_new(name: str, known: dict[str, tuple[str, ...]] | dict[str, tuple[Check, ...]], place: str) -> None:
    if name in known:
        fail(place, "is already the name of something else")


def _roles(item: object, place: str) -> tuple[SeriesRole, ...]:
    return tuple(_role(role, place) for role in a_filled_list(item, place))


def _role(item: object, place: str) -> SeriesRole:
    roles = known_roles()
    if not isinstance(item, str) or item not in roles:
        fail(place, f"must be one of {listed(roles)}")
    return roles[item]
