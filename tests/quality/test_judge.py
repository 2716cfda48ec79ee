"""Verdicts from numbers and votes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.measurement.region import find_region
from liver_mre.measurement.region_rules import NO_RULES, Removal
from liver_mre.quality.judge import OUT_OF_DOMAIN_BY_VOTE, QualityInput, judge
from liver_mre.quality.verdict import CAUSES, HINTS, Cause, Verdict
from liver_mre.stiffness.waves import WaveMaps
from tests.quality.quality_factory import BODY, LIMITS, LIVER, acquisition, liver_mask, votes
from tests.volumes import make_mask


def test_most_votes_make_a_slice_diagnostic_and_a_tie_does_not() -> None:
    quality = judge(QualityInput(acquisition(), liver_mask(), logits=votes([8, 5, 4])), LIMITS)
    assert quality.diagnostic == (0, 1)
    assert [one.verdict for one in quality.slices] == [Verdict.GREEN, Verdict.AMBER, Verdict.RED]
    assert quality.slices[2].cause is Cause.BREATHING
    assert quality.slices[2].hint == HINTS[Cause.BREATHING]
    assert quality.excluded == {2: "breathing or misregistration"}
    assert quality.verdict is Verdict.AMBER


@given(st.lists(st.integers(0, 8), min_size=1, max_size=6))
def test_every_slice_is_either_measured_or_excluded_with_a_cause(counts: list[int]) -> None:
    given = QualityInput(acquisition(len(counts)), liver_mask(len(counts)), logits=votes(counts))
    quality = judge(given, LIMITS)
    assert sorted([*quality.diagnostic, *quality.excluded]) == list(range(len(counts)))
    assert all((one.cause is None) == one.diagnostic for one in quality.slices)
    assert (quality.verdict is Verdict.RED) == (not quality.diagnostic)


def test_votes_do_not_help_a_slice_without_confident_liver() -> None:
    confident = liver_mask()
    confident[1] = False
    quality = judge(QualityInput(acquisition(confident=confident), liver_mask(), logits=votes([8, 8, 8])), LIMITS)
    assert quality.diagnostic == (0, 2)


def test_excluded_slices_are_not_measured() -> None:
    quality = judge(QualityInput(acquisition(), liver_mask(), logits=votes([8, 0, 8])), LIMITS)
    region = find_region(acquisition(), make_mask(liver_mask()), NO_RULES, excluded=quality.excluded)
    assert region.pixels[[0, 2]].any(axis=(1, 2)).all()
    assert not region.pixels[1].any()
    assert region.removed_by(Removal.QUALITY)[1].any()


def mirrored() -> QualityInput:
    volume = acquisition()
    turned = replace(
        volume,
        stiffness_kpa=volume.stiffness_kpa[..., ::-1],
        valid=volume.valid[..., ::-1],
        confident=volume.confident[..., ::-1],
    )
    return QualityInput(turned, liver_mask()[..., ::-1])


def test_an_acquisition_out_of_domain_has_no_diagnostic_slice_whatever_the_votes() -> None:
    quality = judge(replace(mirrored(), logits=votes([8, 8, 8])), LIMITS)
    assert quality.out_of_domain == ("place of the liver between right and left",)
    assert quality.diagnostic == ()
    assert len(quality.excluded) == 3
    assert quality.verdict is Verdict.RED
    assert {one.verdict for one in quality.slices} == {Verdict.RED}
    assert "axial elastogram" in quality.hint


def test_networks_alone_can_call_an_acquisition_out_of_domain() -> None:
    outside = votes([8, 8, 8], out_of_domain=True)
    quality = judge(QualityInput(acquisition(), liver_mask(), logits=outside), LIMITS)
    assert quality.out_of_domain == (OUT_OF_DOMAIN_BY_VOTE,)
    assert quality.diagnostic == ()
    one_slice = votes([8, 8, 8])
    one_slice[0] = outside[0]
    assert judge(QualityInput(acquisition(), liver_mask(), logits=one_slice), LIMITS).diagnostic == (0, 1, 2)


def test_a_lower_probability_of_out_of_domain_suffices_where_networks_are_divided_about_every_slice() -> None:
    """A quarter of the networks say out of domain: too few if a slice is clearly diagnostic, enough if none is."""
    for counts, diagnostic in (([7, 5, 5], (0, 1, 2)), ([6, 5, 5], ())):
        logits = votes(counts)
        logits[:, :2] = votes(counts, out_of_domain=True)[:, :2]
        quality = judge(QualityInput(acquisition(), liver_mask(), logits=logits), LIMITS)
        assert quality.diagnostic == diagnostic
        assert quality.out_of_domain == (() if diagnostic else (OUT_OF_DOMAIN_BY_VOTE,))
    assert judge(QualityInput(acquisition(), liver_mask(), logits=votes([6, 5, 5])), LIMITS).diagnostic == (0, 1, 2)


def test_the_last_slice_of_a_failed_acquisition_is_not_measured_and_takes_its_cause() -> None:
    """One unusual slice beside two that failed is no sign of another organ."""
    quality = judge(replace(mirrored(), logits=votes([8, 0, 0])), LIMITS)
    assert quality.out_of_domain == ()
    assert quality.diagnostic == ()
    assert quality.cause is Cause.BREATHING
    assert {one.cause for one in quality.slices} == {Cause.BREATHING}


def test_a_hot_spot_warns_and_does_not_exclude() -> None:
    volume = acquisition()
    hot = volume.stiffness_kpa.copy()
    hot[0][LIVER & (np.arange(80) < 18)] = 9.0
    quality = judge(QualityInput(replace(volume, stiffness_kpa=hot), liver_mask(), logits=votes([8, 8, 8])), LIMITS)
    assert quality.slices[0].verdict is Verdict.AMBER
    assert quality.slices[0].diagnostic


def without_confidence() -> np.ndarray:
    return np.zeros(liver_mask().shape, bool)


def maps(amplitude: float, residual: float) -> WaveMaps:
    shape = liver_mask().shape
    return WaveMaps(np.full(shape, amplitude, np.float32), np.full(shape, residual, np.float32), 4)


@pytest.mark.parametrize(
    ("waves", "iron", "cause"),
    [
        (maps(0.005, 0.02), False, Cause.NO_WAVES),
        (maps(0.6, 0.5), False, Cause.BREATHING),
        (maps(0.1, 0.02), False, Cause.DRIVER),
        (maps(0.1, 0.02), True, Cause.LOW_SIGNAL),
        (None, False, Cause.NO_WAVES),
    ],
)
def test_physics_alone_names_a_cause(waves: WaveMaps | None, iron: bool, cause: Cause) -> None:  # noqa: FBT001
    magnitude = np.where(LIVER, 5.0 if iron else 60.0, 100.0) * BODY * np.ones((3, 1, 1))
    given = QualityInput(acquisition(confident=without_confidence()), liver_mask(), magnitude, waves)
    quality = judge(given, LIMITS)
    assert quality.judged_by == "physics"
    assert {one.cause for one in quality.slices} == {cause}


def test_a_masked_elastogram_without_a_pixel_left_is_judged_too() -> None:
    nothing = replace(acquisition(confident=without_confidence()), valid=without_confidence())
    quality = judge(QualityInput(nothing, liver_mask(), waves=maps(0.005, 0.02)), LIMITS)
    assert {one.cause for one in quality.slices} == {Cause.NO_WAVES}
    assert quality.verdict is Verdict.RED


def test_a_sliver_of_liver_is_a_misplaced_slice() -> None:
    liver = liver_mask()
    liver[0] &= np.arange(80) < 16
    confident = liver_mask()
    confident[0] = False
    quality = judge(QualityInput(acquisition(confident=confident), liver), LIMITS)
    assert quality.slices[0].cause is Cause.NO_LIVER_HERE
    assert quality.diagnostic == (1, 2)


def test_every_cause_has_a_hint() -> None:
    assert set(HINTS) == set(CAUSES)
