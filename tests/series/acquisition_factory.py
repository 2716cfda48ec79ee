"""Series of several acquisitions, and rules that know a confidence map and a stiffness of unknown masking."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from liver_mre.series.header_conditions import Condition, Operator
from liver_mre.series.roles import Role
from liver_mre.series.scanner_rules import ConfidenceRule, RoleRule, UnitRule
from liver_mre.series.scanner_rules_file import load_scanner_rules
from tests.planning import select
from tests.series import study_factory as made

if TYPE_CHECKING:
    from liver_mre.series.acquisition import Acquisition
    from liver_mre.studies.study import Instance, Series

RULES = load_scanner_rules()
_CONFIDENCE = (Condition("series_description", Operator.ENDS_WITH_ANY, ("conf",)),)
_UNNAMED = (Condition("series_description", Operator.ENDS_WITH_ANY, ("unnamed",)),)
WITH_CONFIDENCE = replace(
    RULES,
    roles=(
        RoleRule("test", Role.CONFIDENCE, _CONFIDENCE, "Confidence map.", "test"),
        RoleRule("test", Role.STIFFNESS_MASK_UNKNOWN, _UNNAMED, "Stiffness.", "test"),
        *RULES.roles,
    ),
    units=(UnitRule("test", (Role.STIFFNESS_MASK_UNKNOWN,), _UNNAMED, 0.01, ignores_rescale=False, source="test"),),
    confidence=(ConfidenceRule("test", _CONFIDENCE, 0.001, "test"),),
)
WITH_CONFIDENCE = replace(WITH_CONFIDENCE, units=(*WITH_CONFIDENCE.units, *RULES.units))
CONFIDENCE = replace(made.MASKED, series_description=f"{made.PROTOCOL}_Conf")
UNNAMED = replace(made.MASKED, series_description="unnamed")
EPI = {"sequence_name": "epiMR", "protocol_name": "epiMRE"}
FULL_EXAM = (
    made.series(made.LOCALIZER, 1, (0.0,)),
    made.series(made.T2, 2),
    made.series(made.MAGNITUDE, 3),
    made.series(made.PHASE, 4),
    made.series(made.WAVE, 5),
    made.series(made.UNMASKED, 6),
    made.series(made.MASKED, 7),
    made.series(made.COLOUR, 8),
)
MASKED_OF_EXAM = FULL_EXAM[6]


def at(template: Instance, number: int, second: float | None, *z_mm: float) -> Series:
    """Return a series acquired at a time; of the usual four slices unless their positions are given."""
    timed = replace(template, acquired_s=second)
    return made.series(timed, number, z_mm) if z_mm else made.series(timed, number)


def selections(*series: Series, **options: object) -> tuple[Acquisition, ...]:
    """Return what is measured in a study of these series."""
    return select(made.study(*series), WITH_CONFIDENCE, **options).acquisitions  # type: ignore[arg-type]


def only(*series: Series, **options: object) -> Acquisition:
    """Return the one thing that is measured in a study of these series."""
    (selection,) = selections(*series, **options)
    return selection
