"""Families of physics share nothing; a good exam of each is read as its scanner would read it without noise."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from simulation.exams.cohorts import DESIGNS, World, variety_of
from simulation.exams.simulate import simulate_exam
from simulation.physics.confidence import QUALITIES
from simulation.physics.inversions import INVERSIONS
from simulation.physics.magnitude_kinds import KINDS
from simulation.physics.motion import saturated
from simulation.physics.sources import SOURCES
from simulation.planning.physics import FAMILIES, STANDARD_PHYSICS, draw_physics
from simulation.planning.variety import FAMILIES as ALL_FAMILIES
from simulation.types import SimulatedExam, Tissue

PARTS = ("waves", "inversion", "confidence", "magnitude")


def exam_of(name: str, failure: str = "") -> SimulatedExam:
    # One slice of a small matrix: what is claimed of physics needs no more.
    small = tuple(each for each in ALL_FAMILIES.protocols if each.columns == 128 and each.sequence == "gre")
    variety = replace(ALL_FAMILIES, families=(name,), protocols=small)
    return simulate_exam(12, slices=1, variety=variety, failure=failure)


def test_families_share_no_component_and_each_component_is_known() -> None:
    for one, other in combinations(FAMILIES.values(), 2):
        assert all(getattr(one, part) != getattr(other, part) for part in PARTS)
    for family in FAMILIES.values():
        assert family.waves in SOURCES
        assert family.inversion in INVERSIONS
        assert family.confidence in QUALITIES
        assert family.magnitude in KINDS


def test_a_single_family_is_pure_and_several_are_mixed() -> None:
    pure = draw_physics(np.random.default_rng(3), ("polynomial",))
    assert all(getattr(pure, part) == getattr(FAMILIES["polynomial"], part) for part in PARTS)
    drawn = [draw_physics(np.random.default_rng(seed), tuple(FAMILIES)) for seed in range(60)]
    assert {each.inversion for each in drawn} == set(INVERSIONS)
    assert {each.family for each in drawn} == {"mixed"}
    assert draw_physics(np.random.default_rng(3), ()) == STANDARD_PHYSICS


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_a_good_exam_reads_what_its_scanner_would_read_without_noise(name: str) -> None:
    exam = exam_of(name)
    truth = exam.truth
    confident = (exam.confidence >= 0.95) & (truth.tissue == Tissue.LIVER)
    assert truth.reference_kpa is not None
    assert exam.stiffness_kpa[confident].mean() == pytest.approx(truth.reference_kpa[confident].mean(), rel=0.15)
    share = confident.sum() / (truth.tissue == Tissue.LIVER).sum()
    assert 0.05 < share <= 1.0
    assert not exam.stiffness_kpa[truth.tissue == Tissue.AIR].any()


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_without_a_wave_nothing_is_confident(name: str) -> None:
    exam = exam_of(name, failure="no waves")
    assert ((exam.confidence >= 0.95) & exam.truth.liver).sum() < 0.02 * exam.truth.liver.sum()


def test_motion_saturates_smoothly() -> None:
    wave = np.array([0.1, 1.0, 100.0], np.complex64)
    found = np.abs(saturated(wave, 2.0))
    assert found[0] == pytest.approx(0.1, rel=0.01)
    assert found[2] == pytest.approx(2.0, rel=0.01)
    assert saturated(wave, 0.0) is wave


def test_a_world_replaces_the_physics_of_a_design() -> None:
    variety = variety_of(DESIGNS["families"], world=World(("local-frequency",), "maps", 0.5))
    assert (variety.families, variety.label_maps, variety.label_map_share) == (("local-frequency",), "maps", 0.5)
    assert variety_of(DESIGNS["families"]).families == tuple(FAMILIES)
    with pytest.raises(ValueError, match="unknown family"):
        variety_of(DESIGNS["families"], world=World(("magic",)))
