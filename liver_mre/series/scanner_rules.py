"""Scanner rules: roles, units and confidence scales by header values, with the source of each rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from liver_mre.series.header_conditions import Check
    from liver_mre.series.roles import SeriesRole


@dataclass(frozen=True, slots=True)
class RoleRule:
    """The role of a series whose header meets the checks.

    Attributes
    ----------
    reason : what the series is, in words for a radiologist
    source : evidence for the rule
    needs : the rule holds only if another series of the same slices has one of these roles; for weak evidence
    split : roles of equal parts of the series, by InstanceNumber; `role` is then OTHER
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
    """The role that one element alone indicates; elements that indicate different roles contradict each other."""

    says: SeriesRole
    when: tuple[Check, ...]
    source: str


@dataclass(frozen=True, slots=True)
class VendorRule:
    """Signs of a scanner manufacturer, each sufficient; signs of two manufacturers contradict each other."""

    vendor: str
    signs: tuple[tuple[Check, ...], ...]
    source: str


@dataclass(frozen=True, slots=True)
class UnitRule:
    """Scale of a vendor's stiffness pixels: stiffness_kpa = stored * kpa_per_count.

    Attributes
    ----------
    roles : roles of series with this scale
    ignores_rescale : True if the vendor's RescaleSlope is unrelated to stiffness; otherwise a RescaleSlope other than 1
        contradicts the rule
    only_contradicts : True for evidence that is too weak to give the scale, but contradicts another one
    """

    vendor: str
    roles: tuple[SeriesRole, ...]
    when: tuple[Check, ...]
    kpa_per_count: float
    ignores_rescale: bool
    source: str
    only_contradicts: bool = False


@dataclass(frozen=True, slots=True)
class ScaledOneByOneRule:
    """A scanner that gives each stiffness image of a series a scale of its own; others give all the same."""

    vendor: str
    when: tuple[Check, ...]
    source: str


@dataclass(frozen=True, slots=True)
class ConfidenceRule:
    """Scale of a vendor's confidence map: confidence (0 to 1) = stored * confidence_per_count."""

    vendor: str
    when: tuple[Check, ...]
    confidence_per_count: float
    source: str


@dataclass(frozen=True, slots=True)
class OtherExamRule:
    """A name of the stiffness series that is none of an exam of the liver at 60 Hz.

    Attributes
    ----------
    says : what it says, as a clause after the names of the elements
    refused : True if nothing is measured, False if a note says so
    why : why that matters, as a sentence
    source : evidence for the rule
    """

    says: str
    when: tuple[Check, ...]
    refused: bool
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class ScannerRules:
    """All rules; the first of `roles` that matches names the role."""

    roles: tuple[RoleRule, ...]
    units: tuple[UnitRule, ...]
    confidence: tuple[ConfidenceRule, ...]
    signs: tuple[SignRule, ...] = ()
    vendors: tuple[VendorRule, ...] = ()
    scaled_one_by_one: tuple[ScaledOneByOneRule, ...] = ()
    other_exams: tuple[OtherExamRule, ...] = ()
