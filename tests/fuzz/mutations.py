"""Mutations as data: kind, images and arguments, written as JSON, and applied to a study in order."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fuzz.bases import Slot, base
from tests.fuzz.study import InapplicableError, MutableStudy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Work = Callable[[MutableStudy, "Mutation"], None]

KINDS: dict[str, Work] = {}


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of a study.

    Attributes
    ----------
    kind : one of `KINDS`
    role : kind of the series that it changes; "*" for all
    places : indices of the images in that series; None for all of them
    args : what the kind needs; JSON values
    """

    kind: str
    role: str = "*"
    places: tuple[int, ...] | None = None
    args: dict[str, Any] = field(default_factory=dict)

    def slots(self, study: MutableStudy) -> list[Slot]:
        """Return the images that it changes, at least one."""
        found = study.slots(self.role, self.places)
        if not found:
            raise InapplicableError
        return found

    def pair(self, study: MutableStudy) -> tuple[Slot, Slot]:
        """Return the two images that it exchanges."""
        found = self.slots(study)
        if len(found) < 2:
            raise InapplicableError
        return found[0], found[1]

    def other(self, study: MutableStudy) -> Slot:
        """Return the image that it copies from: `from` and `at` of its arguments."""
        found = study.slots(self.args["from"], (self.args["at"],))
        if not found:
            raise InapplicableError
        return found[0]


def kind(work: Work) -> Work:
    """Register a function as a kind of mutation under its name."""
    KINDS[work.__name__] = work
    return work


def mutated(base_name: str, mutations: Sequence[Mutation]) -> MutableStudy | None:
    """Return a mutated study; None where a mutation does not fit, or changes nothing."""
    from tests.fuzz import byte_kinds, element_kinds, file_kinds, pixel_kinds  # noqa: F401 - they register kinds

    study = MutableStudy(base(base_name))
    try:
        for mutation in mutations:
            KINDS[mutation.kind](study, mutation)
    except (InapplicableError, IndexError, OverflowError):
        return None
    # Files of the base that were only looked at are not changed.
    study.changed = {
        name: content for name, content in study.changes().items() if content != study.base.files.get(name)
    }
    return study if study.changed else None


def to_json(base_name: str, mutations: Sequence[Mutation], **more: object) -> str:
    """Return a recipe as one line of JSON."""
    return json.dumps({"base": base_name, "mutations": [asdict(one) for one in mutations], **more}, sort_keys=True)


def from_json(line: str) -> tuple[str, list[Mutation]]:
    """Return base and mutations of a recipe."""
    recipe = json.loads(line)
    return recipe["base"], [
        Mutation(one["kind"], one["role"], None if one["places"] is None else tuple(one["places"]), one["args"])
        for one in recipe["mutations"]
    ]
