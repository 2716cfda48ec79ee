"""Typed reading of the scanner rules: an unknown key, field or value is an error, not a rule that never holds."""

from __future__ import annotations

import json
from importlib import resources
from typing import Final, NoReturn

from liver_mre.core.rules import (
    CODE_FIELDS,
    CODE_OPERATORS,
    TEXT_FIELDS,
    TEXT_OPERATORS,
    Condition,
    ConfidenceRule,
    Operator,
    RoleRule,
    ScannerRules,
    UnitRule,
)
from liver_mre.core.study import Role
from liver_mre.errors import SettingsError

_DOCUMENT: Final = frozenset({"roles", "units", "confidence"})
_ROLE_RULE: Final = frozenset({"vendor", "role", "when", "reason", "source"})
_UNIT_RULE: Final = frozenset({"vendor", "roles", "when", "kpa_per_count", "ignores_rescale", "source"})
_CONFIDENCE_RULE: Final = frozenset({"vendor", "when", "confidence_per_count", "source"})


def load_scanner_rules() -> ScannerRules:
    """Read the rules that this application ships.

    Raises
    ------
    SettingsError
        The rules file is damaged.
    """
    return parse_scanner_rules(resources.files("liver_mre").joinpath("data/scanner_rules.json").read_text("utf-8"))


def parse_scanner_rules(text: str) -> ScannerRules:
    """Parse scanner rules from JSON.

    Raises
    ------
    SettingsError
        The text is not JSON, or a key, field, operator or value is unknown, missing or of the wrong type; the
        message names its place.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        _fail("the file", f"is not JSON ({error.msg}, line {error.lineno})")
    found = _keys(document, _DOCUMENT, "the file")
    return ScannerRules(
        roles=tuple(_role_rule(item, f"roles[{i}]") for i, item in enumerate(_list(found["roles"], "roles"))),
        units=tuple(_unit_rule(item, f"units[{i}]") for i, item in enumerate(_list(found["units"], "units"))),
        confidence=tuple(
            _confidence_rule(item, f"confidence[{i}]")
            for i, item in enumerate(_list(found["confidence"], "confidence"))
        ),
    )


def _role_rule(item: object, place: str) -> RoleRule:
    found = _keys(item, _ROLE_RULE, place)
    return RoleRule(
        vendor=_text(found["vendor"], f"{place}.vendor"),
        role=_role(found["role"], f"{place}.role"),
        when=_conditions(found["when"], f"{place}.when"),
        reason=_text(found["reason"], f"{place}.reason"),
        source=_text(found["source"], f"{place}.source"),
    )


def _unit_rule(item: object, place: str) -> UnitRule:
    found = _keys(item, _UNIT_RULE, place)
    ignores_rescale = found["ignores_rescale"]
    if not isinstance(ignores_rescale, bool):
        _fail(f"{place}.ignores_rescale", "must be true or false")
    roles = _list(found["roles"], f"{place}.roles")
    return UnitRule(
        vendor=_text(found["vendor"], f"{place}.vendor"),
        roles=tuple(_role(role, f"{place}.roles") for role in roles),
        when=_conditions(found["when"], f"{place}.when"),
        kpa_per_count=_positive(found["kpa_per_count"], f"{place}.kpa_per_count"),
        ignores_rescale=ignores_rescale,
        source=_text(found["source"], f"{place}.source"),
    )


def _confidence_rule(item: object, place: str) -> ConfidenceRule:
    found = _keys(item, _CONFIDENCE_RULE, place)
    return ConfidenceRule(
        vendor=_text(found["vendor"], f"{place}.vendor"),
        when=_conditions(found["when"], f"{place}.when"),
        confidence_per_count=_positive(found["confidence_per_count"], f"{place}.confidence_per_count"),
        source=_text(found["source"], f"{place}.source"),
    )


def _conditions(item: object, place: str) -> tuple[Condition, ...]:
    fields = _object(item, place)
    if not fields:
        _fail(place, "must hold at least one condition")
    conditions = []
    for field, comparisons in fields.items():
        if field not in TEXT_FIELDS | CODE_FIELDS:
            _fail(
                f"{place}.{field}",
                f"is not a known header field; known are {_listed(TEXT_FIELDS | CODE_FIELDS)}",
            )
        allowed = CODE_OPERATORS if field in CODE_FIELDS else TEXT_OPERATORS
        for name, values in _object(comparisons, f"{place}.{field}").items():
            if name not in allowed:
                _fail(
                    f"{place}.{field}.{name}",
                    f"is not a comparison of this field; known are {_listed(allowed)}",
                )
            conditions.append(Condition(field, Operator(name), _values(values, f"{place}.{field}.{name}")))
    if not conditions:
        _fail(place, "must hold at least one condition")
    return tuple(conditions)


def _values(item: object, place: str) -> tuple[str, ...]:
    values = _list(item, place)
    if not values or any(isinstance(value, bool) or not isinstance(value, str | int) for value in values):
        _fail(place, "must be a list of texts or whole numbers")
    texts = tuple(str(value).casefold() for value in values)
    if not all(texts):
        _fail(place, "must not hold an empty text, which every header contains")
    return texts


def _keys(item: object, expected: frozenset[str], place: str) -> dict[str, object]:
    found = _object(item, place)
    if unknown := found.keys() - expected:
        _fail(place, f"has the unknown key {_listed(unknown)}")
    if missing := expected - found.keys():
        _fail(place, f"lacks the key {_listed(missing)}")
    return found


def _object(item: object, place: str) -> dict[str, object]:
    if not isinstance(item, dict):
        _fail(place, "must be an object")
    return item


def _list(item: object, place: str) -> list[object]:
    if not isinstance(item, list):
        _fail(place, "must be a list")
    return item


def _text(item: object, place: str) -> str:
    if not isinstance(item, str) or not item.strip():
        _fail(place, "must be a text")
    return item


def _role(item: object, place: str) -> Role:
    if not isinstance(item, str) or item not in {role.value for role in Role}:
        _fail(place, f"must be one of {_listed(frozenset(Role))}")
    return Role(item)


def _positive(item: object, place: str) -> float:
    if isinstance(item, bool) or not isinstance(item, int | float) or item <= 0:
        _fail(place, "must be a positive number")
    return float(item)


def _listed(names: frozenset[str] | set[str]) -> str:
    return ", ".join(sorted(str(name) for name in names))


def _fail(place: str, problem: str) -> NoReturn:
    msg = f"Scanner rules: {place} {problem}."
    raise SettingsError(msg)
