"""Scanner rules: what a header tells of a series, its unit and its confidence scale, with the source of each rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from liver_mre.series.header_conditions import Check
    from liver_mre.series.roles import SeriesRole


@dataclass(frozen=True, slots=True)
class RoleRule:
    """What a series is if its header meets the checks.

    Attributes
    ----------
    reason : says it in words for a radiologist
    source : where the rule is known from
    needs : roles of which another series of the same slices must have one, or else the rule does not hold; for
        evidence that is too weak alone
    split : where a series holds as many parts of equal size, by InstanceNumber: the role of each; `role` is then OTHER
    """

    vendor: str
    role: SeriesRole
    when: tuple[Check, ...]
    reason: str
    source: str
    needs: tuple[SeriesRole, ...] = ()
    split: tuple[SeriesRole, ...] = ()


@dataclass(frozen=True, slots=True)
class SignRule:
    """What one element alone says that a series is; elements that say different things contradict each other."""

    says: SeriesRole
    when: tuple[Check, ...]
    source: str


@dataclass(frozen=True, slots=True)
class VendorRule:
    """Signs of a scanner's maker, each enough alone; signs of two makers contradict each other."""

    vendor: str
    signs: tuple[tuple[Check, ...], ...]
    source: str


@dataclass(frozen=True, slots=True)
class UnitRule:
    """Scale of a vendor's stiffness pixels: stiffness_kpa = stored * kpa_per_count.

    Attributes
    ----------
    roles : the kinds of series whose pixels have this scale
    ignores_rescale : True if the vendor writes a RescaleSlope that has nothing to do with stiffness; otherwise
        a RescaleSlope other than 1 contradicts the rule
    only_contradicts : True for signs that are too weak to give the scale, but that contradict any other
    """

    vendor: str
    roles: tuple[SeriesRole, ...]
    when: tuple[Check, ...]
    kpa_per_count: float
    ignores_rescale: bool
    source: str
    only_contradicts: bool = False


@dataclass(frozen=True, slots=True)
class ConfidenceRule:
    """Scale of a vendor's confidence map: confidence (0 to 1) = stored * confidence_per_count."""

    vendor: str
    when: tuple[Check, ...]
    confidence_per_count: float
    source: str


@dataclass(frozen=True, slots=True)
class ScannerRules:
    """Every rule, in the order in which roles are tried: the first that matches names the role."""

    roles: tuple[RoleRule, ...]
    units: tuple[UnitRule, ...]
    confidence: tuple[ConfidenceRule, ...]
    signs: tuple[SignRule, ...] = ()
    vendors: tuple[VendorRule, ...] = ()
