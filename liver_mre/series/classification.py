"""The role of each series of a study, named by the first scanner rule that its header meets."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeAlias

from liver_mre.series.header_conditions import CODE_FIELDS, TEXT_FIELDS, all_hold, tags, without_numbers
from liver_mre.series.roles import STIFFNESS_ROLES, Role, SeriesRole

if TYPE_CHECKING:
    from liver_mre.series.scanner_rules import RoleRule, ScannerRules
    from liver_mre.studies.study import Instance, Series, Study, Vector

_MEASURED: Final = STIFFNESS_ROLES | {Role.CONFIDENCE}
_UNCONTESTED: Final = frozenset({Role.COLOUR, Role.OTHER})  # never measured, whatever else the header says
_UNKNOWN: Final = "Not recognised as MR elastography by its scanner, sequence, image type or name."
_NOT_SPLIT: Final = "InstanceNumber does not tell its parts apart, so none is used."
_SAME_PLACE_MM: Final = 1.0
_texts = attrgetter(*sorted(TEXT_FIELDS | CODE_FIELDS))
_Header: TypeAlias = tuple[tuple[object, ...], tuple[float, float] | None]


@dataclass(frozen=True, slots=True)
class ClassifiedSeries:
    """A series, or the part of one with a single role, with that role and the reason in words.

    Attributes
    ----------
    mixed : roles of its images if they differ and some show stiffness or confidence; otherwise empty
    rule : the rule that named the role of its first image, None if none did
    conflict : which header elements contradict each other and how, "" if none do
    copy_of : number of the series whose images it repeats under other UIDs, None if it is no copy
    copies : number, and count of images, of each series that is its copy
    repeats : how many images it held a second time
    """

    series: Series
    role: SeriesRole
    reason: str
    mixed: frozenset[SeriesRole] = frozenset()
    rule: RoleRule | None = None
    conflict: str = ""
    copy_of: int | None = None
    copies: tuple[tuple[int, int], ...] = ()
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The role of one image, and why."""

    role: SeriesRole
    reason: str
    rule: RoleRule | None = None
    conflict: str = ""


def classify(study: Study, rules: ScannerRules) -> tuple[ClassifiedSeries, ...]:
    """Give every series of a study its role.

    Every image is classified. A series whose images have several roles is split into one entry for each role, in the
    order in which they appear, unless some of them show stiffness or confidence: such a mixture is `Role.OTHER`, and
    nothing is measured in it. So is an image whose header contradicts itself about stiffness or confidence.

    Returns
    -------
    At least one entry for every series, in the study's order.
    """
    classifier = _Classifier(study, rules)
    return tuple(entry for series in study.series for entry in _classify_series(series, classifier.verdicts(series)))


def _classify_series(series: Series, verdicts: list[_Verdict]) -> list[ClassifiedSeries]:
    parts: dict[SeriesRole, list[Instance]] = {}
    first: dict[SeriesRole, _Verdict] = {}
    for instance, verdict in zip(series.instances, verdicts, strict=True):
        parts.setdefault(verdict.role, []).append(instance)
        first.setdefault(verdict.role, verdict)
    if len(parts) > 1 and _MEASURED & parts.keys():
        roles = ", ".join(sorted(role.replace("_", " ") for role in parts))
        conflict = next((verdict.conflict for verdict in verdicts if verdict.conflict), "")
        reason = f"Holds images of different kinds under one series ({roles}), so it is not clear what it shows."
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


def _header(instance: Instance) -> _Header:
    """Return everything that rules look at: texts and codes, and the display window."""
    return _texts(instance), instance.window


def _matching_rules(study: Study, rules: ScannerRules) -> dict[_Header, tuple[RoleRule, ...]]:
    """Return the rules that each header of the study meets, down to the first that needs no other series.

    Most images of a series differ in their window only, so the texts are compared once for all of them.
    """
    images = {_header(instance): instance for series in study.series for instance in series.instances}
    by_texts = [(without_numbers(rule.when), rule) for rule in rules.roles]
    candidates = {
        texts: [rule for checks, rule in by_texts if all_hold(checks, image)]
        for texts, image in {header[0]: image for header, image in images.items()}.items()
    }
    matching = {}
    for header, image in images.items():
        found = [rule for rule in candidates[header[0]] if all_hold(rule.when, image)]
        last = next((place for place, rule in enumerate(found) if not rule.needs), len(found))
        matching[header] = tuple(found[: last + 1])
    return matching


class _Classifier:
    """Rules applied to one study; every header is compared with them once."""

    def __init__(self, study: Study, rules: ScannerRules) -> None:
        self._signs = rules.signs
        self._matching = _matching_rules(study, rules)
        self._possible_roles = [(series, self._roles_of(series)) for series in study.series]

    def verdicts(self, series: Series) -> list[_Verdict]:
        """Return the verdict on each image of a series, in its order."""
        headers = [_header(instance) for instance in series.instances]
        images = dict(zip(headers, series.instances, strict=True))
        found = {header: self._verdict(series, header, image) for header, image in images.items()}
        return _split(series, [found[header] for header in headers])

    def _verdict(self, series: Series, header: _Header, image: Instance) -> _Verdict:
        rule = next((rule for rule in self._matching[header] if self._needs_are_met(series, rule)), None)
        if rule is None:
            return _Verdict(Role.OTHER, _UNKNOWN)
        conflict = self._conflict(rule, image)
        if conflict:
            return _Verdict(Role.OTHER, conflict, rule, conflict)
        return _Verdict(rule.role, rule.reason, rule)

    def _roles_of(self, series: Series) -> set[SeriesRole]:
        """Return the roles that the images of a series could have if every need were met."""
        return {found[0].role for header in set(map(_header, series.instances)) if (found := self._matching[header])}

    def _needs_are_met(self, series: Series, rule: RoleRule) -> bool:
        """Tell whether another series of the same slices could have a role that the rule needs."""
        return not rule.needs or any(
            roles & set(rule.needs) and other is not series and _same_slices(series, other)
            for other, roles in self._possible_roles
        )

    def _conflict(self, rule: RoleRule, instance: Instance) -> str:
        """Say which elements contradict each other about stiffness or confidence, "" if none do."""
        if rule.role in _UNCONTESTED:
            return ""
        elements: dict[SeriesRole, dict[str, None]] = {
            _shown(rule.role): dict.fromkeys(tags(rule.when, instance)),
        }
        for sign in self._signs:
            if all_hold(sign.when, instance):
                elements.setdefault(_shown(sign.says), {}).update(dict.fromkeys(tags(sign.when, instance)))
        if len(elements) == 1 or not _MEASURED & elements.keys():
            return ""
        contradiction = ", but ".join(
            f"{' and '.join(names)} {'say' if len(names) > 1 else 'says'} {role}" for role, names in elements.items()
        )
        return f"Its header contradicts itself, so it is not used: {contradiction}."


def _shown(role: SeriesRole) -> SeriesRole:
    """Return a role, one for all kinds of stiffness."""
    return Role.STIFFNESS if role in STIFFNESS_ROLES else role


def _split(series: Series, verdicts: list[_Verdict]) -> list[_Verdict]:
    """Give roles to the parts of a series that holds several, by InstanceNumber."""
    rules = {verdict.rule for verdict in verdicts if verdict.rule and verdict.rule.split}
    for rule in rules:
        members = [i for i, verdict in enumerate(verdicts) if verdict.rule is rule]
        order = {i: (series.instances[i].instance_number, series.instances[i].frame_number or 0) for i in members}
        size, rest = divmod(len(members), len(rule.split))
        if rest or len(set(order.values())) < len(members):
            for i in members:  # no parts of equal size: the role stays OTHER
                verdicts[i] = replace(verdicts[i], reason=f"{rule.reason} {_NOT_SPLIT}")
            continue
        for rank, i in enumerate(sorted(members, key=order.__getitem__)):
            verdicts[i] = _Verdict(rule.split[rank // size], rule.reason, rule)
    return verdicts


def _same_slices(one: Series, other: Series) -> bool:
    """Tell whether two series show the same slices, or equally many if the geometry of one is broken."""
    if (one.first.rows, one.first.columns) != (other.first.rows, other.first.columns):
        return False
    places, others = _places(one), _places(other)
    if not places or not others:
        return len(one.instances) == len(other.instances)
    fewer, more = sorted((places, others), key=len)
    return all(any(math.dist(place, found) <= _SAME_PLACE_MM for found in more) for place in fewer)


def _places(series: Series) -> set[Vector]:
    """Return the distinct positions of a series; none if they are missing or do not tell its images apart."""
    positions = [instance.position_mm for instance in series.instances]
    distinct = {position for position in positions if position is not None}
    broken = None in positions or (len(distinct) == 1 and len(positions) > 1)
    return set() if broken else distinct
