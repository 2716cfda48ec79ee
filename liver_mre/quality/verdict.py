"""What is said about the quality of an acquisition."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence


class Cause(StrEnum):
    """Why a slice is not diagnostic, in the groups of Gill 2021; the order is that of the network's outputs."""

    NO_WAVES = "no_waves"
    DRIVER = "driver"
    LOW_SIGNAL = "low_signal"
    BREATHING = "breathing"
    PROPAGATION = "propagation"
    NO_LIVER_HERE = "no_liver_here"


CAUSES: Final = tuple(Cause)
OUTPUTS: Final = 2 + len(CAUSES)
"""Logits of a network for a slice: that it is diagnostic, one of each cause, that it is a stranger."""
DIAGNOSTIC_OUTPUT: Final = 0
CAUSE_OUTPUTS: Final = slice(1, 1 + len(CAUSES))
STRANGER_OUTPUT: Final = 1 + len(CAUSES)
"""A stranger is no axial elastogram of a liver in its usual place."""
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
"""Causes in at most twelve letters, to stand beside a picture."""
HINTS: Final = {
    Cause.NO_WAVES: "Check that the driver is switched on and its hose connected at both ends, then repeat.",
    Cause.DRIVER: "Reposition the driver over the right lobe, tighten the belt, check its amplitude, then repeat.",
    Cause.LOW_SIGNAL: "Repeat with spin-echo EPI (SE-EPI) and a short echo time; iron darkens gradient echoes.",
    Cause.BREATHING: "Repeat at the end of expiration, and practise the breath-hold with the patient first.",
    Cause.PROPAGATION: "Increase the driver's amplitude and check that it lies flat on the chest wall, then repeat.",
    Cause.NO_LIVER_HERE: "Place the slices lower or higher, through the widest part of the liver.",
}


class Light(StrEnum):
    """The verdict for a technologist at the scanner."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Check:
    """One number that physics gives, beside its limit.

    Attributes
    ----------
    name : which one, stable
    value : the number; NaN where the acquisition does not have what it needs
    unit : UCUM
    low, high : limits, None where there is none
    passed : whether the number lies within the limits; None where there is no number
    """

    name: str
    value: float
    unit: str
    low: float | None
    high: float | None
    passed: bool | None


@dataclass(frozen=True, slots=True)
class SliceQuality:
    """One slice.

    Attributes
    ----------
    slice_index : s of the stiffness volume
    diagnostic : whether it may be measured
    probability : that it is diagnostic, 0 to 1; None where no network judged it
    votes : how many of the networks call it diagnostic, of how many; None where no network judged it
    cause : the likely one, where it is not diagnostic
    checks : of this slice
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
    def light(self) -> Light:
        """Green; amber where a check is out of its limits or the networks are divided; red if not diagnostic."""
        if not self.diagnostic:
            return Light.RED
        divided = self.votes is not None and self.votes[0] < self.votes[1]
        return Light.AMBER if divided or any(check.passed is False for check in self.checks) else Light.GREEN


def commonest_cause(slices: Sequence[SliceQuality]) -> Cause | None:
    """Return the cause that most slices have; None where none has one."""
    causes = [one.cause for one in slices if one.cause]
    return max(CAUSES, key=causes.count) if causes else None


@dataclass(frozen=True, slots=True)
class AcquisitionQuality:
    """One acquisition.

    Attributes
    ----------
    slices : every slice of the stiffness volume
    checks : of the whole acquisition
    unlike : in what it is unlike the elastograms of livers that the application knows; empty if in nothing
    judged_by : "network and physics" or "physics"
    """

    slices: tuple[SliceQuality, ...]
    checks: tuple[Check, ...]
    unlike: tuple[str, ...]
    judged_by: str

    @property
    def diagnostic(self) -> tuple[int, ...]:
        """Indices of the slices that may be measured; none where the acquisition is no elastogram of a liver."""
        return () if self.unlike else tuple(one.slice_index for one in self.slices if one.diagnostic)

    @property
    def excluded(self) -> dict[int, str]:
        """Slices that may not be measured, and why, in words."""
        if self.unlike:
            return {one.slice_index: UNLIKE_WORDS for one in self.slices}
        return {
            one.slice_index: CAUSE_WORDS[one.cause] if one.cause else "not diagnostic"
            for one in self.slices
            if not one.diagnostic
        }

    @property
    def cause(self) -> Cause | None:
        """The commonest cause among its slices."""
        return commonest_cause(self.slices)

    @property
    def light(self) -> Light:
        """Red where no slice is diagnostic; amber where a slice is lost or a check is out of its limits."""
        if not self.diagnostic:
            return Light.RED
        clean = all(one.light is Light.GREEN for one in self.slices)
        return Light.GREEN if clean and all(check.passed is not False for check in self.checks) else Light.AMBER

    @property
    def hint(self) -> str:
        """What to do; "" if nothing."""
        if self.unlike:
            return UNLIKE_HINT
        return HINTS[self.cause] if self.cause else ""


UNLIKE_WORDS: Final = "not like an axial elastogram of a liver"
UNLIKE_HINT: Final = (
    "Check that this is an axial elastogram of the upper abdomen, and no phantom, other organ, other plane or other "
    "series."
)
