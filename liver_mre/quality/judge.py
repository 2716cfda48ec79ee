"""From physical numbers and votes to a verdict on every slice and on the acquisition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.quality.ballot import count_votes
from liver_mre.quality.checks import compare, exam_numbers, slice_numbers
from liver_mre.quality.out_of_domain import features, outside_limits, unusual_combination
from liver_mre.quality.verdict import CAUSES, AcquisitionQuality, Cause, SliceQuality, most_frequent_cause

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.quality.ballot import Ballot
    from liver_mre.quality.limits import Limits
    from liver_mre.stiffness.volume import StiffnessVolume
    from liver_mre.stiffness.waves import WaveMaps

SMALL_LIVER_CM2: Final = 25.0
"""A slice with less liver is misplaced, as in the simulated truth. Ours."""
DIAGNOSTIC_CM2: Final = 3.0
"""Least confident liver of a diagnostic slice if no network judges, as in the simulated truth. Ours."""
DARK_LIVER: Final = 0.12
"""Median magnitude of a liver with much iron, relative to the brightest tissue. Ours."""
NO_WAVE_RAD: Final = 0.05
"""Phase amplitude that 5 % of the body's pixels exceed as soon as the driver vibrates. Ours."""
BREATHING_CONSISTENCY: Final = 0.7
"""Phase consistency below which strong phase changes are breathing. Ours."""
OUT_OF_DOMAIN_PROBABILITY: Final = 0.5
"""Mean probability over networks and slices above which an acquisition is out of domain."""
OUT_OF_DOMAIN_IF_DIVIDED: Final = 0.2
"""The same where no slice has a clear majority for diagnostic. Ours."""
CLEAR_MAJORITY: Final = 7 / 8
"""Share of the networks that must call a slice diagnostic. Ours."""
OUT_OF_DOMAIN_BY_VOTE: Final = "the whole picture, as the networks see it"
# Features still valid when every slice failed; they do not depend on the liver outline.
_BODY_FEATURES: Final = ("body_width_mm", "body_depth_mm", "body_aspect", "body_fill", "magnitude_likeness", "axial")


@dataclass(frozen=True, slots=True)
class QualityInput:
    """What the quality of an acquisition is judged by.

    Attributes
    ----------
    volume : (S, R, C) stiffness
    liver : (S, R, C) predicted liver
    magnitude : (S, R, C), any unit, or None
    waves : amplitude and residual of the phase, or None
    logits : (S, members, `OUTPUTS`) of the networks, or None without networks
    network_channels : input of the segmentation (`liver.framing.shown_channels`)
    alternatives : (S, R, C) each; other plausible outlines of the liver
    """

    volume: StiffnessVolume
    liver: NDArray[np.bool_]
    magnitude: NDArray[np.floating] | None = None
    waves: WaveMaps | None = None
    logits: NDArray[np.floating] | None = None
    network_channels: tuple[str, ...] = ()
    alternatives: tuple[NDArray[np.bool_], ...] = ()


def judge(given: QualityInput, limits: Limits) -> AcquisitionQuality:
    """Judge an acquisition and each of its slices.

    A slice is diagnostic if more than half of the networks say so and it has a minimum of confident liver; without
    networks, if `DIAGNOSTIC_CM2` of its liver are confident. Its cause is the one with the highest mean probability;
    without networks it follows from a few physical rules. A number outside its limits is a warning only. An
    acquisition that is out of domain has no diagnostic slice.
    """
    ballot = None if given.logits is None else count_votes(given.logits)
    slices = tuple(_judge_slice(given, index, limits, ballot) for index in range(len(given.liver)))
    diagnostic = tuple(one.slice_index for one in slices if one.diagnostic)
    by_body, by_liver = _out_of_domain(given, limits, ballot, any_diagnostic=bool(diagnostic))
    mostly_failed = 2 * len(diagnostic) < len(slices)
    if by_body or by_liver:
        cause = most_frequent_cause(slices) if mostly_failed and not by_body else None
        slices = tuple(replace(one, diagnostic=False, cause=one.cause or cause) for one in slices)
    return AcquisitionQuality(
        slices=slices,
        checks=compare(exam_numbers(given.volume, given.liver, diagnostic), limits.exam),
        # The few slices left of a failed acquisition may look out of domain because it failed: the cause says more.
        out_of_domain=by_body or (() if mostly_failed else by_liver),
        judged_by="physics" if ballot is None else "network and physics",
    )


def _out_of_domain(
    given: QualityInput, limits: Limits, ballot: Ballot | None, *, any_diagnostic: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is unusual about the body, and about body, liver and picture together; empty if nothing is."""
    found = features(given.volume, given.liver, given.magnitude, given.alternatives)
    of_body = {name: limit for name, limit in limits.features.items() if name in _BODY_FEATURES}
    by_body = outside_limits(found, of_body)
    if not any_diagnostic:
        return by_body, ()
    by_liver = outside_limits(found, limits.features) or unusual_combination(
        found, limits.distance_models, given.network_channels
    )
    voted = ballot is not None and _voted_out_of_domain(ballot)
    return by_body, by_liver or ((OUT_OF_DOMAIN_BY_VOTE,) if voted else ())


def _voted_out_of_domain(ballot: Ballot) -> bool:
    divided = int(ballot.votes.max()) < CLEAR_MAJORITY * ballot.members
    return float(ballot.out_of_domain.mean()) > (OUT_OF_DOMAIN_IF_DIVIDED if divided else OUT_OF_DOMAIN_PROBABILITY)


def _judge_slice(given: QualityInput, index: int, limits: Limits, ballot: Ballot | None) -> SliceQuality:
    numbers = slice_numbers(given.volume, given.liver, index, given.waves)
    area_cm2 = numbers["confident_liver"]
    probability, votes = None, None
    if ballot is None:
        diagnostic = area_cm2 >= DIAGNOSTIC_CM2
        cause = None if diagnostic else _cause_by_physics(given, index)
    else:
        probability, votes = float(ballot.probability[index]), (int(ballot.votes[index]), ballot.members)
        diagnostic = bool(ballot.diagnostic[index]) and area_cm2 >= limits.least_confident_cm2
        cause = None if diagnostic else CAUSES[ballot.cause[index]]
    image = given.volume.instances[index] if given.volume.instances else None
    return SliceQuality(
        index,
        diagnostic,
        probability,
        votes,
        cause,
        compare(numbers, limits.slice),
        image.sop_instance_uid if image else "",
        image.frame_number if image else None,
    )


def _cause_by_physics(given: QualityInput, index: int) -> Cause:
    liver = given.liver[index]
    if np.count_nonzero(liver) * given.volume.pixel_area_cm2 < SMALL_LIVER_CM2:
        return Cause.NO_LIVER_HERE
    if given.magnitude is not None:
        bright = float(np.percentile(given.magnitude[index], 99.0))
        if bright > 0.0 and float(np.median(given.magnitude[index][liver])) < DARK_LIVER * bright:
            return Cause.LOW_SIGNAL
    if given.waves is None:
        return Cause.PROPAGATION if given.volume.confident[index].any() else Cause.NO_WAVES
    amplitude = given.waves.amplitude_rad[index]
    # A masked elastogram may have no pixel left; noise in air must not count as waves.
    body = given.volume.valid[index] if given.volume.valid[index].any() else liver
    if float(np.percentile(amplitude[body], 95.0)) < NO_WAVE_RAD:
        return Cause.NO_WAVES
    signal, rest = np.mean(amplitude[liver] ** 2), np.mean(given.waves.residual_rad[index][liver] ** 2)
    breathing = 0.5 * signal < BREATHING_CONSISTENCY * (0.5 * signal + rest)
    return Cause.BREATHING if breathing else Cause.DRIVER
