"""Roles of series.

Those of MRE studies are defined here. Another kind of study adds its own enumeration to `ROLE_SETS`, so that scanner
rules may name its roles.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

SeriesRole: TypeAlias = StrEnum
"""A role in any kind of study."""


class Role(StrEnum):
    """What a series is, in an MRE study."""

    STIFFNESS = "stiffness"
    STIFFNESS_MASKED = "stiffness_masked"
    STIFFNESS_MASK_UNKNOWN = "stiffness_mask_unknown"
    CONFIDENCE = "confidence"
    MAGNITUDE = "magnitude"
    PHASE = "phase"
    WAVE = "wave"
    COLOUR = "colour"
    OTHER = "other"


STIFFNESS_ROLES: Final = frozenset({Role.STIFFNESS, Role.STIFFNESS_MASKED, Role.STIFFNESS_MASK_UNKNOWN})
COMPANION_ROLES: Final = frozenset({Role.CONFIDENCE, Role.MAGNITUDE, Role.PHASE, Role.WAVE})
MRE_ROLES: Final = STIFFNESS_ROLES | COMPANION_ROLES
ROLE_SETS: list[type[StrEnum]] = [Role]
"""Enumerations of the roles that a scanner rule may name."""


def known_roles() -> dict[str, SeriesRole]:
    """Return every known role by its name."""
    return {str(role): role for roles in ROLE_SETS for role in roles}
