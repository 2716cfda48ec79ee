"""Which images a random mutation changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fuzz.bases import base

if TYPE_CHECKING:
    from random import Random

ATTENTION: Final = {"stiffness": 5.0, "stiffness_masked": 5.0, "confidence": 4.0, "magnitude": 2.0, "raw": 1.5}
"""How much more often a series is changed than others."""


def images(rng: Random, name: str, *, measured: float = 0.75) -> tuple[str, tuple[int, ...] | None]:
    """Return a series and one of its images, some, or all."""
    roles = base(name).roles
    role = rng.choices(list(roles), [ATTENTION.get(role, 1.0) for role in roles])[0]
    if rng.random() > measured and rng.random() < 0.4:
        return "*", None
    size = len(roles[role])
    scope = rng.random()
    if scope < 0.45:
        return role, (rng.randrange(size),)
    if scope < 0.55:
        return role, tuple(sorted(rng.sample(range(size), rng.randint(1, size))))
    return role, None
