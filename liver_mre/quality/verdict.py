"""Quality of an acquisition and of its slices: verdict, causes and checks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence


class Cause(StrEnum):
    """Why a slice is not diagnostic, in the groups of Gill 2021 and the order of the network's outputs."""

    NO_WAVES = "no_waves"
    DRIVER = "driver"
    LOW_SIGNAL = "low_signal"
    BREATHING = "breathing"
    PROPAGATION = "propagation"
    NO_LIVER_HERE = "no_liver_here"


CAUSES: Final = tuple(Cause)
OUTPUTS: Final = 2 + len(CAUSES)
"""Logits of a network per slice: diagnostic, each cause, out of domain."""
DIAGNOSTIC_OUTPUT: Final = 0
CAUSE_OUTPUTS: Final = slice(1, 1 + len(CAUSES))
OUT_OF_DOMAIN_OUTPUT: Final = 1 + len(CAUSES)
"""Out of domain: not an axial elastogram of a liver in its normal position."""
CAUSE_WORDS: Final = {
    Cause.NO_WAVES: "no waves",
    Cause.DRIVER: "weak or misplaced driver",
    Cause.LOW_SIGNAL: "iron or low signal",
    Cause.BREATHING: "breathing or misregistration",
    Cause.PROPAGATION: "poor wave propagation",
    Cause.NO_LIVER_HERE: "little or no liver in the slice",
}
SHORT_WORDS: Final = {
    Cause.NO_WAVES: "no waves",
    Cause.DRIVER: "driver",
    Cause.LOW_SIGNAL: "low signal",
    Cause.BREATHING: "breathing",
    Cause.PROPAGATION: "poor waves",
    Cause.NO_LIVER_HERE: "little liver",
}
"""Causes in at most twelve letters, for pictures."""
HINTS: Final = {
    Cause.NO_WAVES: "Check that the driver is switched on and its hose connected at both ends, then repeat.",
    Cause.DRIVER: "Reposition the driver over the right lobe, tighten the belt, check its amplitude, then repeat.",
    Cause.LOW_SIGNAL: "Repeat with spin-echo EPI (SE-EPI) and a short echo time; iron darkens gradient echoes.",
    Cause.BREATHING: "Repeat at the end of expiration, and practise the breath-hold with the patient first.",
    Cause.PROPAGATION: "Increase the driver's amplitude and check that it lies flat on the chest wall, then repeat.",
    Cause.NO_LIVER_HERE: "Place the slices lower or higher, through the widest part of the liver.",
}


class Verdict(StrEnum):
    """The verdict for the technologist at the scanner."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Check:
    """One physical quantity of a slice or acquisition, with its limits.

    Attributes
    ----------
    name : stable key
    value : NaN where it cannot be computed
    unit : UCUM
    low, high : limits, None where there is none
    passed : whether the value is within the limits; None without value or limits
    """

    name: str
    value: float
    unit: str
    low: float | None
    high: float | None
    passed: bool | None


@dataclass(frozen=True, slots=True)
class SliceQuality:
    """Quality of one slice.

    Attributes
    ----------
    slice_index : s of the stiffness volume
    diagnostic : whether it may be measured
    probability : of diagnostic, 0 to 1; None where no network judged it
    votes : for diagnostic, and number of networks; None where no network judged it
    cause : the likely one, if it is not diagnostic
    checks : its physical quantities
    sop_instance_uid, frame_number : its image
    """

    slice_index: int
    diagnostic: bool
    probability: float | None = None
    votes: tuple[int, int] | None = None
    cause: Cause | None = None
    checks: tuple[Check, ...] = ()
    sop_instance_uid: str = ""
    frame_number: int | None = None

    @property
    def hint(self) -> str:
        """What to do; "" for a diagnostic slice."""
        return HINTS[self.cause] if self.cause else ""

    @property
    def divided(self) -> bool:
        """Whether the networks disagree."""
        return self.votes is not None and self.votes[0] < self.votes[1]

    @property
    def verdict(self) -> Verdict:
        """Red if not diagnostic; amber where networks are divided or a check fails; green otherwise."""
        if not self.diagnostic:
            return Verdict.RED
        return Verdict.AMBER if self.divided or any(check.passed is False for check in self.checks) else Verdict.GREEN


def most_frequent_cause(slices: Sequence[SliceQuality]) -> Cause | None:
    """Return the most frequent cause; None where no slice has one."""
    causes = [one.cause for one in slices if one.cause]
    return max(CAUSES, key=causes.count) if causes else None


@dataclass(frozen=True, slots=True)
class AcquisitionQuality:
    """Quality of one acquisition.

    Attributes
    ----------
    slices : every slice of the stiffness volume
    checks : physical quantities of the whole acquisition
    out_of_domain : in words, the unusual features that put it out of domain; empty in domain
    judged_by : "network and physics" or "physics"
    """

    slices: tuple[SliceQuality, ...]
    checks: tuple[Check, ...]
    out_of_domain: tuple[str, ...]
    judged_by: str

    @property
    def diagnostic(self) -> tuple[int, ...]:
        """Indices of the slices that may be measured; none out of domain."""
        return () if self.out_of_domain else tuple(one.slice_index for one in self.slices if one.diagnostic)

    @property
    def excluded(self) -> dict[int, str]:
        """Slices that may not be measured, with the reason in words."""
        if self.out_of_domain:
            return {one.slice_index: OUT_OF_DOMAIN_WORDS for one in self.slices}
        return {
            one.slice_index: CAUSE_WORDS[one.cause] if one.cause else "not diagnostic"
            for one in self.slices
            if not one.diagnostic
        }

    @property
    def cause(self) -> Cause | None:
        """The most frequent cause among its slices."""
        return most_frequent_cause(self.slices)

    @property
    def verdict(self) -> Verdict:
        """Red where no slice is diagnostic; amber where a slice is not green or a check fails; green otherwise."""
        if not self.diagnostic:
            return Verdict.RED
        clean = all(one.verdict is Verdict.GREEN for one in self.slices)
        return Verdict.GREEN if clean and all(check.passed is not False for check in self.checks) else Verdict.AMBER

    @property
    def hint(self) -> str:
        """What to do; "" if nothing."""
        if self.out_of_domain:
            return OUT_OF_DOMAIN_HINT
        return HINTS[self.cause] if self.cause else ""


OUT_OF_DOMAIN_WORDS: Final = "not like an axial elastogram of a liver"
OUT_OF_DOMAIN_HINT: Final = (
    "Check that this is an axial elastogram of the upper abdomen, and no phantom, other organ, other plane or other "
    "series."
)
