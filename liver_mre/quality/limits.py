"""Limits of quality numbers, as data: what passes, and on what that rests."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from liver_mre.studies.typed_json import Fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from liver_mre.errors import MreError


@dataclass(frozen=True, slots=True)
class Limit:
    """Lowest and highest number that passes; None where there is no limit."""

    low: float | None = None
    high: float | None = None

    def holds(self, value: float) -> bool:
        """Tell whether a number passes."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@dataclass(frozen=True, slots=True)
class Typical:
    """How features of good acquisitions lie together: mean, SD, and the inverse of their correlations.

    Attributes
    ----------
    names : of the features
    mean, sd : of each, of its logarithm where `logarithmic`
    logarithmic : whether the logarithm is meant
    inverse : (N, N) inverse of the correlation matrix
    largest : squared Mahalanobis distance from which an acquisition is not typical
    channels : what the network was shown that outlined the livers, as `available_channels` names it
    least_agreement : share that plausible outlines of the liver have in common, below which it is none
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    logarithmic: tuple[bool, ...]
    inverse: tuple[tuple[float, ...], ...]
    largest: float
    channels: tuple[str, ...] = ()
    least_agreement: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits.

    Attributes
    ----------
    slice : of the numbers of a slice
    exam : of the numbers of an acquisition
    familiar : of the features of `unlike.features`
    typical : how they lie together, for each input of the network that outlines the liver
    least_confident_cm2 : confident liver below which a slice is not diagnostic, whatever the networks say
    evidence : in words, where the limits come from
    model : name and version of the network whose outlines of the liver they were found with
    """

    slice: Mapping[str, Limit] = field(default_factory=dict)
    exam: Mapping[str, Limit] = field(default_factory=dict)
    familiar: Mapping[str, Limit] = field(default_factory=dict)
    typical: tuple[Typical, ...] = ()
    least_confident_cm2: float = 0.0
    evidence: str = ""
    model: str = ""


def parse_limits(content: object, error: type[MreError]) -> Limits:
    """Return limits from parsed JSON.

    Raises
    ------
    error
        If a field is missing or mistyped, or a low limit is above its high one.
    """
    fields = Fields(content, "quality limits", error)
    if not fields.text("schema_version").startswith("1."):
        fields.refuse("have a schema_version that this application does not know; it knows 1.x")
    return Limits(
        _part(fields, "slice"),
        _part(fields, "exam"),
        _part(fields, "familiar"),
        tuple(_typical(part) for part in fields.parts("typical")),
        fields.number("least_confident_cm2"),
        fields.text("evidence"),
        fields.text("model"),
    )


def _typical(part: Fields) -> Typical:
    names = part.texts("names")
    count = len(names)
    logarithmic = set(part.texts("logarithmic"))
    flat = part.numbers("inverse", count * count)
    sd = part.numbers("sd", count)
    if min(sd, default=0.0) <= 0.0:
        part.refuse("needs a positive sd of every feature")
    return Typical(
        names,
        part.numbers("mean", count),
        sd,
        tuple(name in logarithmic for name in names),
        tuple(flat[row * count : (row + 1) * count] for row in range(count)),
        part.number("largest"),
        part.texts("channels"),
        part.number("least_agreement"),
    )


def _part(fields: Fields, name: str) -> dict[str, Limit]:
    part = fields.part(name)
    limits = {}
    for key, ends in fields.mapping(name).items():
        if not isinstance(ends, list) or len(ends) != 2 or not all(map(_is_end, ends)):  # noqa: PLR2004 - low, high
            part.refuse(f"needs [low, high] for {key}, each a number or null")
        low, high = ends
        if low is not None and high is not None and low > high:
            part.refuse(f"has a low limit above the high one for {key}")
        limits[key] = Limit(low, high)
    return limits


def _is_end(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value is None or number
