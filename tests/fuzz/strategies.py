"""Random mutations: near values above all, because absurd ones are easily refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fuzz import draw_data, draw_values
from tests.fuzz.bases import BASES, MEASURED, base
from tests.fuzz.mutations import Mutation
from tests.fuzz.vocabulary import SYNTAXES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    Draw = Callable[[Random, str], Mutation]

NEAR: Final = frozenset(
    {"near_number", "near_pixels", "order", "bits", "one_byte", "near_scale", "padding", "second_mapping", "few_pixels"}
)
"""Strategies of near values and single bytes."""
RECODED: Final = 0.1
"""Share of studies that arrive in another transfer syntax before anything else happens to them."""


def draw(rng: Random, names: Sequence[str] = BASES) -> tuple[str, list[Mutation], list[str]]:
    """Return a base, one to three mutations of it, and the names of the strategies that they come from."""
    name = rng.choice(names)
    count = rng.choices((1, 2, 3), (0.75, 0.2, 0.05))[0]
    chosen = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()), k=count)
    mutations = [_STRATEGIES[one](rng, name) for one in chosen]
    if rng.random() < RECODED:  # what a reader checks in plain pixels, it must check in others, too
        role = rng.choice([role for role in base(name).roles if role in MEASURED])
        mutations.insert(0, Mutation("recode", role, None, {"syntax": rng.choice(SYNTAXES)}))
    return name, mutations, chosen


_STRATEGIES: Final[dict[str, Draw]] = {
    "near_number": draw_values.near_number,
    "near_scale": draw_values.near_scale,
    "order": draw_values.order,
    "near_pixels": draw_data.near_pixels,
    "few_pixels": draw_data.few_pixels,
    "one_byte": draw_data.one_byte,
    "damage": draw_data.damage,
    "odd_value": draw_values.odd_value,
    "padding": draw_values.padding,
    "second_mapping": draw_values.second_mapping,
    "files": draw_data.files,
    "groups": draw_data.groups,
    "mixed": draw_data.mixed,
    "recode": draw_data.recode,
    "harmless": draw_values.harmless,
    "bits": draw_values.bits,
    "lossy": draw_values.lossy,
}
_WEIGHTS: Final[dict[str, float]] = {
    "near_number": 16.0,
    "near_scale": 10.0,
    "order": 8.0,
    "near_pixels": 4.0,
    "few_pixels": 2.0,
    "one_byte": 20.0,
    "damage": 4.0,
    "odd_value": 20.0,
    "padding": 3.0,
    "second_mapping": 3.0,
    "files": 6.0,
    "groups": 5.0,
    "mixed": 2.0,
    "recode": 4.0,
    "harmless": 3.0,
    "bits": 2.0,
    "lossy": 0.5,
}
