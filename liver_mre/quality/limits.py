"""Limits of the quality numbers and of the domain, read from JSON."""

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
    """Lowest and highest permitted number; None where there is no limit."""

    low: float | None = None
    high: float | None = None

    def holds(self, value: float) -> bool:
        """Tell whether a number passes."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@dataclass(frozen=True, slots=True)
class DistanceModel:
    """Distribution of N features in good acquisitions, for the squared Mahalanobis distance of another one.

    Attributes
    ----------
    names : of the features
    mean, sd : of each feature, or of its logarithm where `logarithmic`
    logarithmic : whether the logarithm of the feature is used
    inverse : (N, N) inverse of the correlation matrix
    largest : largest squared distance in domain
    channels : input of the segmentation in these acquisitions (`liver.framing.shown_channels`)
    least_agreement : smallest `outline_agreement` in domain
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
    features : of single features (`out_of_domain.features`), in domain
    distance_models : of the features in combination, one for each input of the segmentation
    least_confident_cm2 : confident liver below which a slice is not diagnostic, whatever the networks say
    evidence : in words, what the limits are based on
    model : name and version of the segmentation they were found with
    """

    slice: Mapping[str, Limit] = field(default_factory=dict)
    exam: Mapping[str, Limit] = field(default_factory=dict)
    features: Mapping[str, Limit] = field(default_factory=dict)
    distance_models: tuple[DistanceModel, ...] = ()
    least_confident_cm2: float = 0.0
    evidence: str = ""
    model: str = ""


def parse_limits(content: object, error: type[MreError]) -> Limits:
    """Return limits from parsed JSON.

    Raises
    ------
    error
        If a field is missing or mistyped, or a lower limit above its upper one.
    """
    fields = Fields(content, "quality limits", error)
    if not fields.text("schema_version").startswith("1."):
        fields.refuse("have a schema_version that this application does not know; it knows 1.x")
    return Limits(
        _limits(fields, "slice"),
        _limits(fields, "exam"),
        _limits(fields, "familiar"),
        tuple(_distance_model(part) for part in fields.parts("typical")),
        fields.number("least_confident_cm2"),
        fields.text("evidence"),
        fields.text("model"),
    )


def _distance_model(part: Fields) -> DistanceModel:
    names = part.texts("names")
    count = len(names)
    logarithmic = set(part.texts("logarithmic"))
    flat = part.numbers("inverse", count * count)
    sd = part.numbers("sd", count)
    if min(sd, default=0.0) <= 0.0:
        part.refuse("needs a positive sd of every feature")
    return DistanceModel(
        names,
        part.numbers("mean", count),
        sd,
        tuple(name in logarithmic for name in names),
        tuple(flat[row * count : (row + 1) * count] for row in range(count)),
        part.number("largest"),
        part.texts("channels"),
        part.number("least_agreement"),
    )


def _limits(fields: Fields, name: str) -> dict[str, Limit]:
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
