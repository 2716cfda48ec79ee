"""From numbers and votes to a verdict on every slice and on the acquisition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.quality.ballot import count_votes
from liver_mre.quality.checks import checks, exam_numbers, slice_numbers
from liver_mre.quality.out_of_domain import features, unlike, untypical
from liver_mre.quality.verdict import CAUSES, AcquisitionQuality, Cause, SliceQuality, commonest_cause

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from liver_mre.quality.ballot import Ballot
    from liver_mre.quality.limits import Limits
    from liver_mre.stiffness.volume import StiffnessVolume
    from liver_mre.stiffness.waves import WaveMaps

LEAST_LIVER_CM2: Final = 25.0
"""Slices with less liver are not placed in it: as the simulator counts them. Ours."""
DIAGNOSTIC_CM2: Final = 3.0
"""Least confident liver of a diagnostic slice where no network judges: as the simulated truth counts it. Ours."""
DARK: Final = 0.12
"""Magnitude of a liver with much iron, relative to the brightest tissue. Ours."""
NO_WAVE_RAD: Final = 0.05
"""Amplitude in the phase that 5 in 100 pixels of the body exceed as soon as the driver shakes. Ours."""
BREATHING_CONSISTENCY: Final = 0.7
"""Share of the phase's variance that waves explain, below which strong phase changes are breathing. Ours."""
STRANGE: Final = 0.5
"""Average probability of a stranger, over networks and slices, above which an acquisition is one: rather than not."""
STRANGE_IN_DOUBT: Final = 0.2
"""The same where the networks are divided about every slice: what passes for a liver in no slice for sure. Ours."""
CLEAR_SHARE: Final = 7 / 8
"""Share of the networks that have to agree on a diagnostic slice, so that they are not divided about it. Ours."""
VOTED_STRANGE: Final = "the whole picture, as the networks see it"
# What still counts where no slice is diagnostic: numbers that a failed acquisition of a liver has, too.
_OF_THE_BODY: Final = ("body_width_mm", "body_depth_mm", "body_aspect", "body_fill", "magnitude_likeness", "axial")


@dataclass(frozen=True, slots=True)
class Seen:
    """What quality is judged on.

    Attributes
    ----------
    volume : (S, R, C) stiffness
    liver : (S, R, C) predicted liver
    magnitude : (S, R, C), any unit, or None
    waves : amplitude and residual of the phase, or None
    logits : (S, members, `OUTPUTS`) of the networks, or None without a model
    shown : channels from which the liver was outlined
    alternatives : (S, R, C) each; other plausible outlines of it
    """

    volume: StiffnessVolume
    liver: NDArray[np.bool_]
    magnitude: NDArray[np.floating] | None = None
    waves: WaveMaps | None = None
    logits: NDArray[np.floating] | None = None
    shown: tuple[str, ...] = ()
    alternatives: tuple[NDArray[np.bool_], ...] = ()


def judge(seen: Seen, limits: Limits) -> AcquisitionQuality:
    """Return the quality of an acquisition.

    A slice is diagnostic if more than half of the networks say so and it has some confident liver; without networks, if
    it has 3 cm2 of confident liver. Numbers out of their limits are a warning, not a verdict. The cause is the one that
    the networks find likeliest on average, or the first of a few rules that physics gives. No slice is diagnostic of
    an acquisition that is unlike those of livers.
    """
    numbers = [slice_numbers(seen.volume, seen.liver, index, seen.waves) for index in range(len(seen.liver))]
    ballot = None if seen.logits is None else count_votes(seen.logits)
    slices = tuple(_slice(seen, index, one, limits, ballot) for index, one in enumerate(numbers))
    diagnostic = tuple(one.slice_index for one in slices if one.diagnostic)
    strange = _strange(seen, limits, ballot, any_diagnostic=bool(diagnostic))
    mostly_failed = 2 * len(diagnostic) < len(slices)
    if strange.body or strange.liver:
        cause = commonest_cause(slices) if mostly_failed and not strange.body else None
        slices = tuple(replace(one, diagnostic=False, cause=one.cause or cause) for one in slices)
    return AcquisitionQuality(
        slices=slices,
        checks=checks(exam_numbers(seen.volume, seen.liver, diagnostic), limits.exam),
        # The few slices that are left of a failed acquisition look strange because it failed: its cause says more.
        unlike=strange.body or (() if mostly_failed else strange.liver),
        judged_by="physics" if seen.logits is None else "network and physics",
    )


@dataclass(frozen=True, slots=True)
class _Strange:
    """In what an acquisition is unlike those of livers: by its body, or by what was taken for its liver as well."""

    body: tuple[str, ...]
    liver: tuple[str, ...]


def _strange(seen: Seen, limits: Limits, ballot: Ballot | None, *, any_diagnostic: bool) -> _Strange:
    found = features(seen.volume, seen.liver, seen.magnitude, seen.alternatives)
    of_body = {name: limit for name, limit in limits.familiar.items() if name in _OF_THE_BODY}
    if not any_diagnostic:
        return _Strange(unlike(found, of_body), ())
    together = unlike(found, limits.familiar) or untypical(found, limits.typical, seen.shown)
    voted = ballot is not None and _voted_strange(ballot)
    return _Strange(unlike(found, of_body), together or ((VOTED_STRANGE,) if voted else ()))


def _voted_strange(ballot: Ballot) -> bool:
    """Tell whether the networks see a stranger; where they are divided about every slice, less of it is enough."""
    divided = int(ballot.votes.max()) < CLEAR_SHARE * ballot.members
    return float(ballot.strange.mean()) > (STRANGE_IN_DOUBT if divided else STRANGE)


def _slice(seen: Seen, index: int, numbers: Mapping[str, float], limits: Limits, ballot: Ballot | None) -> SliceQuality:
    area_cm2, image = numbers["confident_liver"], seen.volume.instances[index] if seen.volume.instances else None
    if ballot is None:
        probability, votes = None, None
        diagnostic = area_cm2 >= DIAGNOSTIC_CM2
        cause = None if diagnostic else _cause(seen, index)
    else:
        probability, votes = float(ballot.probability[index]), (int(ballot.votes[index]), ballot.members)
        diagnostic = bool(ballot.diagnostic[index]) and area_cm2 >= limits.least_confident_cm2
        cause = None if diagnostic else CAUSES[ballot.cause[index]]
    return SliceQuality(
        index,
        diagnostic,
        probability,
        votes,
        cause,
        checks(numbers, limits.slice),
        image.sop_instance_uid if image else "",
        image.frame_number if image else None,
    )


def _cause(seen: Seen, index: int) -> Cause:
    """Return the likely cause by physics alone."""
    liver = seen.liver[index]
    if np.count_nonzero(liver) * seen.volume.pixel_area_cm2 < LEAST_LIVER_CM2:
        return Cause.NO_LIVER_HERE
    if seen.magnitude is not None:
        bright = float(np.percentile(seen.magnitude[index], 99.0))
        if bright > 0.0 and float(np.median(seen.magnitude[index][liver])) < DARK * bright:
            return Cause.LOW_SIGNAL
    if seen.waves is None:
        return Cause.PROPAGATION if seen.volume.confident[index].any() else Cause.NO_WAVES
    amplitude = seen.waves.amplitude_rad[index]
    # A masked elastogram may have no pixel left; air, whose phase is noise, must not pass for waves.
    body = seen.volume.valid[index] if seen.volume.valid[index].any() else liver
    if float(np.percentile(amplitude[body], 95.0)) < NO_WAVE_RAD:
        return Cause.NO_WAVES
    signal, rest = np.mean(amplitude[liver] ** 2), np.mean(seen.waves.residual_rad[index][liver] ** 2)
    if 0.5 * signal < BREATHING_CONSISTENCY * (0.5 * signal + rest):
        return Cause.BREATHING
    return Cause.DRIVER
