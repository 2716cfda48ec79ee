from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from liver_mre.errors import ImplausibleStiffnessError
from liver_mre.series.acquisition import UnitEvidence
from liver_mre.stiffness.plausibility import check_body_stiffness
from simulation.exams.simulate import simulate_exam

if TYPE_CHECKING:
    from simulation.types import SimulatedExam

pytestmark = pytest.mark.slow

UNIT = UnitEvidence(0.01, 0.0, "vendor_rule", "the rule for Siemens scanners")
LIVERS = {"soft": ("F0", 1.6), "healthy": ("F0", 2.2), "stage 2": ("F2", 3.2), "cirrhosis": ("F4", 12.0)}


@pytest.fixture(scope="module", params=LIVERS.values(), ids=LIVERS)
def exam(request: pytest.FixtureRequest) -> SimulatedExam:
    """Simulate two slices with livers as soft and as stiff as they come."""
    stage, liver_kpa = request.param
    return simulate_exam(11, stage=stage, liver_stiffness_kpa=liver_kpa, slices=2)


@pytest.mark.parametrize("masked", [False, True])
def test_the_right_unit_passes_and_one_wrong_by_ten_never_does(exam: SimulatedExam, *, masked: bool) -> None:
    measured = exam.stiffness_kpa > 0
    if masked:
        measured &= exam.confidence >= 0.95
    values_kpa = exam.stiffness_kpa[measured]
    check_body_stiffness(values_kpa, UNIT, masked=masked)
    for factor in (0.001, 0.01, 0.1, 0.125, 8.0, 10.0, 100.0):
        with pytest.raises(ImplausibleStiffnessError):
            check_body_stiffness(values_kpa * factor, UNIT, masked=masked)


@pytest.mark.parametrize(("median_kpa", "sd_kpa"), [(1.8, 0.3), (1.8, 0.6), (2.8, 0.3), (2.8, 0.6)])
def test_published_healthy_livers_alone_pass_and_ten_times_wrong_they_do_not(median_kpa: float, sd_kpa: float) -> None:
    values_kpa = np.abs(np.random.default_rng(1).normal(median_kpa, sd_kpa, 5000))
    check_body_stiffness(values_kpa, UNIT, masked=True)
    for factor in (0.1, 10.0):
        with pytest.raises(ImplausibleStiffnessError):
            check_body_stiffness(values_kpa * factor, UNIT, masked=True)


def test_the_message_names_the_scale_its_evidence_and_what_would_be_plausible() -> None:
    with pytest.raises(ImplausibleStiffnessError, match=r"0\.01 kPa a count.*Siemens.*18 kPa.*0\.86-8\.6 kPa"):
        check_body_stiffness(np.full(100, 18.0), UNIT, masked=False)
    override = UnitEvidence(0.1, 0.0, "override", "0.1 kPa a count, set by the user; the headers say: nothing")
    with pytest.raises(ImplausibleStiffnessError, match="set by the user"):
        check_body_stiffness(np.full(100, 18.0), override, masked=True)


def test_without_a_measured_pixel_nothing_is_refused() -> None:
    check_body_stiffness(np.zeros(0), UNIT, masked=True)
