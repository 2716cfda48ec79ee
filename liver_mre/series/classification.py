"""What each series of a study is: the first scanner rule that its header meets names its role."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from liver_mre.series.header_conditions import CODE_FIELDS, TEXT_FIELDS, all_hold, tags, without_numbers
from liver_mre.series.roles import STIFFNESS_ROLES, Role, SeriesRole

if TYPE_CHECKING:
    from liver_mre.series.scanner_rules import RoleRule, ScannerRules
    from liver_mre.studies.study import Instance, Series, Study, Vector

_MEASURED: Final = STIFFNESS_ROLES | {Role.CONFIDENCE}
_UNCONTESTED: Final = frozenset({Role.COLOUR, Role.OTHER})  # never measured, whatever else the header says
_UNKNOWN: Final = "Not recognised as MR elastography by its scanner, sequence, image type or name."
_SAME_PLACE_MM: Final = 1.0
_texts = attrgetter(*sorted(TEXT_FIELDS | CODE_FIELDS))


@dataclass(frozen=True, slots=True)
class ClassifiedSeries:
    """A series, or the part of one that has one role, its role, and why, in words for a person.

    Attributes
    ----------
    mixed : roles of its images where they disagree and some show stiffness or confidence, and nothing otherwise
    rule : the rule that named the role of its first image, None if none did
    conflict : which elements of its header contradict each other and how, "" if none do
    """

    series: Series
    role: SeriesRole
    reason: str
    mixed: frozenset[SeriesRole] = frozenset()
    rule: RoleRule | None = None
    conflict: str = ""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What one image is."""

    role: SeriesRole
    reason: str
    rule: RoleRule | None = None
    conflict: str = ""


def classify(study: Study, rules: ScannerRules) -> tuple[ClassifiedSeries, ...]:
    """Give every series of a study its role.

    Every image of a series is looked at. A series whose images have several roles is taken apart into one entry for
    each role, in the order in which they appear, unless some of them show stiffness or confidence: such a mixture is
    `Role.OTHER`, because nothing may be measured in it. A header that contradicts itself about stiffness or confidence
    makes its image `Role.OTHER`, too.

    Parameters
    ----------
    study : the study, as read
    rules : scanner rules, tried in their order

    Returns
    -------
    At least one entry for every series, in the study's order.
    """
    matcher = _Matcher(study, rules)
    return tuple(entry for series in study.series for entry in _classify_series(series, matcher))


def _classify_series(series: Series, matcher: _Matcher) -> list[ClassifiedSeries]:
    verdicts = matcher.verdicts(series)
    parts: dict[SeriesRole, list[Instance]] = {}
    first: dict[SeriesRole, _Verdict] = {}
    for instance, verdict in zip(series.instances, verdicts, strict=True):
        parts.setdefault(verdict.role, []).append(instance)
        first.setdefault(verdict.role, verdict)
    if len(parts) > 1 and _MEASURED & parts.keys():
        kinds = ", ".join(sorted(role.replace("_", " ") for role in parts))
        conflict = next((verdict.conflict for verdict in verdicts if verdict.conflict), "")
        reason = f"Holds images of different kinds under one series ({kinds}), so it is not clear what it shows."
        return [
            ClassifiedSeries(series, Role.OTHER, f"{reason} {conflict}".strip(), frozenset(parts), conflict=conflict)
        ]
    return [
        ClassifiedSeries(
            series if len(parts) == 1 else replace(series, instances=tuple(images)),
            role,
            first[role].reason,
            rule=first[role].rule,
            conflict=first[role].conflict,
        )
        for role, images in parts.items()
    ]


def _header_key(instance: Instance) -> tuple[object, ...]:
    """Return everything that rules look at."""
    return _texts(instance), instance.window


class _Matcher:
    """Rules applied to one study; images with the same header are looked at once."""

    def __init__(self, study: Study, rules: ScannerRules) -> None:
        self._study = study
        self._rules = rules
        self._by_texts = [(without_numbers(rule.when), rule) for rule in rules.roles]
        self._texts_match: dict[object, tuple[RoleRule, ...]] = {}
        self._matching: dict[object, tuple[RoleRule, ...]] = {}
        self._could_be: dict[int, frozenset[SeriesRole]] = {}

    def verdicts(self, series: Series) -> list[_Verdict]:
        """Say what each image of a series is, in its order."""
        by_header: dict[object, _Verdict] = {}
        verdicts = []
        for instance in series.instances:
            key = _header_key(instance)
            if key not in by_header:
                by_header[key] = self._verdict(series, instance)
            verdicts.append(by_header[key])
        return _split(series, verdicts)

    def _verdict(self, series: Series, instance: Instance) -> _Verdict:
        rule = next((rule for rule in self._rules_for(instance) if self._has_company(series, rule)), None)
        if rule is None:
            return _Verdict(Role.OTHER, _UNKNOWN)
        conflict = self._conflict(rule, instance)
        if conflict:
            return _Verdict(Role.OTHER, conflict, rule, conflict)
        return _Verdict(rule.role, rule.reason, rule)

    def _rules_for(self, instance: Instance) -> tuple[RoleRule, ...]:
        """Return the rules that the header meets, down to the first that needs no other series."""
        key = _header_key(instance)
        if key not in self._matching:
            texts = key[0]  # most images of a series differ in their window only
            if texts not in self._texts_match:
                self._texts_match[texts] = tuple(rule for checks, rule in self._by_texts if all_hold(checks, instance))
            found = []
            for rule in self._texts_match[texts]:
                if all_hold(rule.when, instance):
                    found.append(rule)
                    if not rule.needs:
                        break
            self._matching[key] = tuple(found)
        return self._matching[key]

    def _has_company(self, series: Series, rule: RoleRule) -> bool:
        """Tell whether another series of the same slices could have a role that the rule needs."""
        if not rule.needs:
            return True
        return any(
            self._roles_of(other) & frozenset(rule.needs) and _same_slices(series, other)
            for other in self._study.series
            if other is not series
        )

    def _roles_of(self, series: Series) -> frozenset[SeriesRole]:
        """Return what the images of a series could be, if every need were met."""
        if id(series) not in self._could_be:
            candidates = [self._rules_for(instance) for instance in series.instances]
            self._could_be[id(series)] = frozenset(found[0].role for found in candidates if found)
        return self._could_be[id(series)]

    def _conflict(self, rule: RoleRule, instance: Instance) -> str:
        """Say which elements contradict each other about stiffness or confidence, "" if none do."""
        if rule.role in _UNCONTESTED:
            return ""
        said: dict[SeriesRole, dict[str, None]] = {_kind(rule.role): dict.fromkeys(tags(rule.when, instance))}
        for sign in self._rules.signs:
            if all_hold(sign.when, instance):
                said.setdefault(_kind(sign.says), {}).update(dict.fromkeys(tags(sign.when, instance)))
        if len(said) == 1 or not _MEASURED & said.keys():
            return ""
        claims = ", but ".join(
            f"{' and '.join(elements)} {'say' if len(elements) > 1 else 'says'} {kind}"
            for kind, elements in said.items()
        )
        return f"Its header contradicts itself, so it is not used: {claims}."


def _kind(role: SeriesRole) -> SeriesRole:
    return Role.STIFFNESS if role in STIFFNESS_ROLES else role


def _split(series: Series, verdicts: list[_Verdict]) -> list[_Verdict]:
    """Give the parts of a series that holds several by InstanceNumber their roles."""
    rules = {verdict.rule for verdict in verdicts if verdict.rule and verdict.rule.split}
    for rule in rules:
        members = [i for i, verdict in enumerate(verdicts) if verdict.rule is rule]
        order = {i: (series.instances[i].instance_number, series.instances[i].frame_number or 0) for i in members}
        size, rest = divmod(len(members), len(rule.split))
        if rest or len(set(order.values())) < len(members):
            continue  # parts of equal size cannot be told: it stays OTHER
        for rank, i in enumerate(sorted(members, key=order.__getitem__)):
            verdicts[i] = _Verdict(rule.split[rank // size], rule.reason, rule)
    return verdicts


def _same_slices(one: Series, other: Series) -> bool:
    """Tell whether two series show the same slices, or as many where the geometry of one is broken."""
    if (one.first.rows, one.first.columns) != (other.first.rows, other.first.columns):
        return False
    places, others = _places(one), _places(other)
    if not places or not others:
        return len(one.instances) == len(other.instances)
    fewer, more = sorted((places, others), key=len)
    return all(any(math.dist(place, found) <= _SAME_PLACE_MM for found in more) for place in fewer)


def _places(series: Series) -> set[Vector]:
    """Return the distinct positions of a series; none if they are absent or cannot tell its images apart."""
    positions = [instance.position_mm for instance in series.instances]
    distinct = {position for position in positions if position is not None}
    broken = None in positions or (len(distinct) == 1 and len(positions) > 1)
    return set() if broken else distinct
