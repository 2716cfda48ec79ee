"""Numbers and votes in, verdicts out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.measurement.region import find_region
from liver_mre.measurement.region_rules import NO_RULES, Removal
from liver_mre.quality.judge import VOTED_STRANGE, Seen, judge
from liver_mre.quality.verdict import CAUSES, HINTS, Cause, Light
from liver_mre.stiffness.waves import WaveMaps
from tests.quality.quality_factory import BODY, LIMITS, LIVER, acquisition, liver_mask, votes
from tests.volumes import make_mask


def test_most_votes_make_a_slice_diagnostic_and_a_tie_does_not() -> None:
    quality = judge(Seen(acquisition(), liver_mask(), logits=votes([8, 5, 4])), LIMITS)
    assert quality.diagnostic == (0, 1)
    assert [one.light for one in quality.slices] == [Light.GREEN, Light.AMBER, Light.RED]
    assert quality.slices[2].cause is Cause.BREATHING
    assert quality.slices[2].hint == HINTS[Cause.BREATHING]
    assert quality.excluded == {2: "breathing or misregistration"}
    assert quality.light is Light.AMBER


@given(st.lists(st.integers(0, 8), min_size=1, max_size=6))
def test_every_slice_is_either_measured_or_excluded_with_a_cause(counts: list[int]) -> None:
    seen = Seen(acquisition(len(counts)), liver_mask(len(counts)), logits=votes(counts))
    quality = judge(seen, LIMITS)
    assert sorted([*quality.diagnostic, *quality.excluded]) == list(range(len(counts)))
    assert all((one.cause is None) == one.diagnostic for one in quality.slices)
    assert (quality.light is Light.RED) == (not quality.diagnostic)


def test_votes_do_not_help_a_slice_without_confident_liver() -> None:
    confident = liver_mask()
    confident[1] = False
    quality = judge(Seen(acquisition(confident=confident), liver_mask(), logits=votes([8, 8, 8])), LIMITS)
    assert quality.diagnostic == (0, 2)


def test_excluded_slices_are_not_measured() -> None:
    quality = judge(Seen(acquisition(), liver_mask(), logits=votes([8, 0, 8])), LIMITS)
    region = find_region(acquisition(), make_mask(liver_mask()), NO_RULES, excluded=quality.excluded)
    assert region.pixels[[0, 2]].any(axis=(1, 2)).all()
    assert not region.pixels[1].any()
    assert region.removed_by(Removal.QUALITY)[1].any()


def mirrored() -> Seen:
    volume = acquisition()
    turned = replace(
        volume,
        stiffness_kpa=volume.stiffness_kpa[..., ::-1],
        valid=volume.valid[..., ::-1],
        confident=volume.confident[..., ::-1],
    )
    return Seen(turned, liver_mask()[..., ::-1])


def test_what_is_unlike_a_liver_has_no_slice_to_measure_whatever_the_votes() -> None:
    quality = judge(replace(mirrored(), logits=votes([8, 8, 8])), LIMITS)
    assert quality.unlike == ("place of the liver between right and left",)
    assert quality.diagnostic == ()
    assert len(quality.excluded) == 3
    assert quality.light is Light.RED
    assert {one.light for one in quality.slices} == {Light.RED}
    assert "axial elastogram" in quality.hint


def test_a_stranger_that_only_the_networks_see_is_not_measured_however_diagnostic_its_slices() -> None:
    strange = votes([8, 8, 8], strange=True)
    quality = judge(Seen(acquisition(), liver_mask(), logits=strange), LIMITS)
    assert quality.unlike == (VOTED_STRANGE,)
    assert quality.diagnostic == ()
    one_slice = votes([8, 8, 8])
    one_slice[0] = strange[0]
    assert judge(Seen(acquisition(), liver_mask(), logits=one_slice), LIMITS).diagnostic == (0, 1, 2)


def test_where_networks_are_divided_about_every_slice_less_of_a_stranger_is_enough() -> None:
    """A quarter of the networks see a stranger: too few if a slice is clearly diagnostic, too many if none is."""
    for counts, diagnostic in (([7, 5, 5], (0, 1, 2)), ([6, 5, 5], ())):
        logits = votes(counts)
        logits[:, :2] = votes(counts, strange=True)[:, :2]
        quality = judge(Seen(acquisition(), liver_mask(), logits=logits), LIMITS)
        assert quality.diagnostic == diagnostic
        assert quality.unlike == (() if diagnostic else (VOTED_STRANGE,))
    assert judge(Seen(acquisition(), liver_mask(), logits=votes([6, 5, 5])), LIMITS).diagnostic == (0, 1, 2)


def test_what_is_left_of_a_failed_acquisition_is_not_measured_and_says_why_it_failed() -> None:
    """One slice that looks strange beside two that failed is no sign of another organ."""
    quality = judge(replace(mirrored(), logits=votes([8, 0, 0])), LIMITS)
    assert quality.unlike == ()
    assert quality.diagnostic == ()
    assert quality.cause is Cause.BREATHING
    assert {one.cause for one in quality.slices} == {Cause.BREATHING}


def test_a_hot_spot_warns_and_does_not_exclude() -> None:
    volume = acquisition()
    hot = volume.stiffness_kpa.copy()
    hot[0][LIVER & (np.arange(80) < 18)] = 9.0
    quality = judge(Seen(replace(volume, stiffness_kpa=hot), liver_mask(), logits=votes([8, 8, 8])), LIMITS)
    assert quality.slices[0].light is Light.AMBER
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
    seen = Seen(acquisition(confident=without_confidence()), liver_mask(), magnitude, waves)
    quality = judge(seen, LIMITS)
    assert quality.judged_by == "physics"
    assert {one.cause for one in quality.slices} == {cause}


def test_a_masked_elastogram_without_a_pixel_left_is_judged_too() -> None:
    nothing = replace(acquisition(confident=without_confidence()), valid=without_confidence())
    quality = judge(Seen(nothing, liver_mask(), waves=maps(0.005, 0.02)), LIMITS)
    assert {one.cause for one in quality.slices} == {Cause.NO_WAVES}
    assert quality.light is Light.RED


def test_a_sliver_of_liver_is_a_misplaced_slice() -> None:
    liver = liver_mask()
    liver[0] &= np.arange(80) < 16
    confident = liver_mask()
    confident[0] = False
    quality = judge(Seen(acquisition(confident=confident), liver), LIMITS)
    assert quality.slices[0].cause is Cause.NO_LIVER_HERE
    assert quality.diagnostic == (1, 2)


def test_every_cause_has_a_hint() -> None:
    assert set(HINTS) == set(CAUSES)
