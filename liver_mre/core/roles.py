"""What each series of a study is: the first scanner rule that its header meets names its role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from liver_mre.core.rules import all_hold
from liver_mre.core.study import Role

if TYPE_CHECKING:
    from liver_mre.core.rules import RoleRule, ScannerRules
    from liver_mre.core.study import Instance, Series, Study

_UNKNOWN: Final = "Not recognised as MR elastography by its scanner, sequence, image type or name."


@dataclass(frozen=True, slots=True)
class ClassifiedSeries:
    """A series, its role, and why it has that role, in words for a person.

    `mixed` holds the roles of its instances where they disagree, and nothing otherwise.
    """

    series: Series
    role: Role
    reason: str
    mixed: frozenset[Role] = frozenset()


def classify(study: Study, rules: ScannerRules) -> tuple[ClassifiedSeries, ...]:
    """Give every series of a study its role.

    Every instance of a series is looked at: a series whose instances disagree is `Role.OTHER`, because nothing
    may be measured in a mixture.

    Parameters
    ----------
    study : the study, as read
    rules : scanner rules, tried in their order

    Returns
    -------
    One entry for every series, in the study's order.
    """
    return tuple(_classify_series(series, rules) for series in study.series)


def _classify_series(series: Series, rules: ScannerRules) -> ClassifiedSeries:
    matches = {_first_match(instance, rules) for instance in series.instances}
    roles = {match.role if match else Role.OTHER for match in matches}
    if len(roles) > 1:
        kinds = ", ".join(sorted(roles))
        reason = f"Holds images of different kinds under one series ({kinds}), so it is not clear what it shows."
        return ClassifiedSeries(series, Role.OTHER, reason, frozenset(roles))
    match = _first_match(series.first, rules)
    return ClassifiedSeries(series, roles.pop(), match.reason if match else _UNKNOWN)


def _first_match(instance: Instance, rules: ScannerRules) -> RoleRule | None:
    return next((rule for rule in rules.roles if all_hold(rule.when, instance)), None)
