"""Scanner rules from their data file: an unknown key, field or value is an error, not a rule that never holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from liver_mre.errors import SettingsError
from liver_mre.series.header_conditions import (
    CODE_FIELDS,
    CODE_OPERATORS,
    FIELDS,
    NUMBER_FIELDS,
    NUMBER_OPERATORS,
    RANGE_OPERATORS,
    TEXT_OPERATORS,
    AnyOf,
    Check,
    Condition,
    FrequencyCondition,
    Operator,
    RangeCondition,
    fold,
)
from liver_mre.series.roles import Role, SeriesRole, known_roles
from liver_mre.series.scanner_rules import (
    ConfidenceRule,
    OtherExamRule,
    RoleRule,
    ScaledOneByOneRule,
    ScannerRules,
    SignRule,
    UnitRule,
    VendorRule,
)
from liver_mre.studies.typed_json import Fields, parse_json, read_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Rule = TypeVar("Rule")

_SHIPPED: Final = Path(__file__).resolve().parents[1] / "data" / "scanner_rules.json"
_ADVICE: Final = "Compare it with docs/scanners.md."
_REFERENCE: Final = "@"  # "@stiffness" among values stands for the list of that name in "words"


@dataclass(slots=True)
class _Names:
    """What rules may refer to by name: lists of words, and checks."""

    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    definitions: dict[str, tuple[Check, ...]] = field(default_factory=dict)


def load_scanner_rules(extra: Path | None = None) -> ScannerRules:
    """Read the rules of this application, preceded by those of the site.

    Parameters
    ----------
    extra : file of the site's rules, of the same form; they may use the application's words and definitions

    Raises
    ------
    SettingsError
        A rules file cannot be read or is not valid.
    """
    names = _Names()
    ours = _load(_SHIPPED, names, advice="Reinstall the application.")
    if extra is None:
        return ours
    site = _load(extra, names, advice=_ADVICE)
    return ScannerRules(
        roles=site.roles + ours.roles,
        units=site.units + ours.units,
        confidence=site.confidence + ours.confidence,
        signs=site.signs + ours.signs,
        vendors=site.vendors + ours.vendors,
        scaled_one_by_one=site.scaled_one_by_one + ours.scaled_one_by_one,
        other_exams=site.other_exams + ours.other_exams,
    )


def parse_scanner_rules(text: str) -> ScannerRules:
    """Parse scanner rules from JSON.

    Raises
    ------
    SettingsError
        The text is not JSON, or a key, field, operator or value is unknown, missing or of the wrong type; the
        message names its place.
    """
    where = "scanner rules file"
    return _parse(parse_json(text, where, SettingsError, advice=_ADVICE), where, _Names())


def _load(path: Path, names: _Names, *, advice: str) -> ScannerRules:
    where = f"scanner rules file {path}"
    return _parse(read_json(path, where, SettingsError, advice=advice), where, names)


def _parse(content: object, where: str, names: _Names) -> ScannerRules:
    fields = Fields(content, where, SettingsError)
    words = fields.part("words", required=False)
    for name in words:
        if name in names.words:
            words.refuse("is defined already", name)
        names.words[name] = _texts(words, name)
    definitions = fields.part("definitions", required=False)
    for name in definitions:
        if name in names.definitions:
            definitions.refuse("is defined already", name)
        names.definitions[name] = _checks(definitions.part(name), names)

    def rules(key: str, parse: Callable[[Fields, _Names], Rule]) -> tuple[Rule, ...]:
        found = []
        for rule in fields.parts(key, required=False):
            found.append(parse(rule, names))
            rule.finish()
        return tuple(found)

    found = ScannerRules(
        roles=rules("roles", _role_rule),
        units=rules("units", _unit_rule),
        confidence=rules("confidence", _confidence_rule),
        signs=rules("signs", _sign_rule),
        vendors=rules("vendors", _vendor_rule),
        scaled_one_by_one=rules("scaled_one_by_one", _scaled_one_by_one_rule),
        other_exams=rules("other_exams", _other_exam_rule),
    )
    fields.finish()
    return found


def _role_rule(rule: Fields, names: _Names) -> RoleRule:
    if ("role" in rule) == ("split" in rule):
        rule.refuse("must have either the key 'role' or the key 'split'")
    return RoleRule(
        vendor=rule.text("vendor"),
        role=_role(rule, "role") if "role" in rule else Role.OTHER,
        when=_checks(rule.part("when"), names),
        reason=rule.text("reason"),
        source=rule.text("source"),
        needs=_roles(rule, "needs") if "needs" in rule else (),
        split=_roles(rule, "split") if "split" in rule else (),
    )


def _sign_rule(rule: Fields, names: _Names) -> SignRule:
    return SignRule(_role(rule, "says"), _checks(rule.part("when"), names), rule.text("source"))


def _vendor_rule(rule: Fields, names: _Names) -> VendorRule:
    signs = tuple(_checks(sign, names) for sign in rule.parts("signs", empty=False))
    return VendorRule(rule.text("vendor"), signs, rule.text("source"))


def _unit_rule(rule: Fields, names: _Names) -> UnitRule:
    return UnitRule(
        vendor=rule.text("vendor"),
        roles=_roles(rule, "roles"),
        when=_checks(rule.part("when"), names),
        kpa_per_count=rule.positive("kpa_per_count"),
        ignores_rescale=rule.flag("ignores_rescale"),
        source=rule.text("source"),
        only_contradicts=rule.flag("only_contradicts", default=False),
    )


def _scaled_one_by_one_rule(rule: Fields, names: _Names) -> ScaledOneByOneRule:
    return ScaledOneByOneRule(rule.text("vendor"), _checks(rule.part("when"), names), rule.text("source"))


def _other_exam_rule(rule: Fields, names: _Names) -> OtherExamRule:
    when = _checks(rule.part("when"), names)
    return OtherExamRule(rule.text("says"), when, rule.flag("refused"), rule.text("why"), rule.text("source"))


def _confidence_rule(rule: Fields, names: _Names) -> ConfidenceRule:
    return ConfidenceRule(
        vendor=rule.text("vendor"),
        when=_checks(rule.part("when"), names),
        confidence_per_count=rule.positive("confidence_per_count"),
        source=rule.text("source"),
    )


def _checks(fields: Fields, names: _Names) -> tuple[Check, ...]:
    checks: list[Check] = []
    for key in fields:
        if key == "is":
            for name in fields.choices(key, names.definitions):
                checks += names.definitions[name]
        elif key == "any_of":
            checks.append(AnyOf(tuple(_checks(group, names) for group in fields.parts(key, empty=False))))
        elif key in FIELDS:
            checks += _comparisons(key, fields.part(key), names)
        else:
            fields.refuse(f"is not a known header field; known are {', '.join(sorted(FIELDS))}", key)
    if not checks:
        fields.refuse("must hold at least one condition")
    return tuple(checks)


def _comparisons(field_name: str, fields: Fields, names: _Names) -> list[Check]:
    allowed = TEXT_OPERATORS
    if field_name in CODE_FIELDS:
        allowed = CODE_OPERATORS
    elif field_name in NUMBER_FIELDS:
        allowed = NUMBER_OPERATORS
    checks: list[Check] = []
    for operator in fields:
        if operator not in allowed:
            fields.refuse(f"is not a comparison of this field; known are {', '.join(sorted(allowed))}", operator)
        if operator in RANGE_OPERATORS:
            low, high = fields.numbers(operator, 2)
            if low >= high:
                fields.refuse("must have the smaller number first", operator)
            if operator == Operator.BETWEEN:
                checks.append(RangeCondition(field_name, low, high))
            else:
                of_filter = operator == Operator.STATES_FILTER_HZ_OUTSIDE
                checks.append(FrequencyCondition(field_name, low, high, of_filter))
        else:
            checks.append(Condition(field_name, Operator(operator), _values(fields, operator, names)))
    return checks


def _values(fields: Fields, key: str, names: _Names) -> tuple[str, ...]:
    """Return the texts to compare with; a reference is replaced by the list of words that it names."""
    values: list[str] = []
    for text in _texts(fields, key):
        if not text.startswith(_REFERENCE):
            values.append(text)
        elif text[1:] in names.words:
            values += names.words[text[1:]]
        else:
            fields.refuse(f"refers to {text!r}, which is none of the lists of words", key)
    return tuple(values)


def _texts(fields: Fields, key: str) -> tuple[str, ...]:
    values = fields.array(key, empty=False)
    if any(isinstance(value, bool) or not isinstance(value, str | int) for value in values):
        fields.refuse("must be an array of texts or whole numbers", key)
    texts = tuple(fold(str(value)) for value in values)
    if not all(texts):
        fields.refuse("must not hold an empty text, which every header contains", key)
    return texts


def _roles(fields: Fields, key: str) -> tuple[SeriesRole, ...]:
    roles = known_roles()
    return tuple(roles[name] for name in fields.choices(key, roles))


def _role(fields: Fields, key: str) -> SeriesRole:
    roles = known_roles()
    return roles[fields.choice(key, roles)]
