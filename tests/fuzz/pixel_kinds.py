"""Mutations of stored pixel values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.fuzz.mutations import kind
from tests.fuzz.study import InapplicableError

if TYPE_CHECKING:
    from tests.fuzz.mutations import Mutation
    from tests.fuzz.study import MutableStudy


@kind
def some_pixels(study: MutableStudy, mutation: Mutation) -> None:
    """Set `count` measured pixels of each image to `value`, chosen by `seed`."""
    rng = np.random.default_rng(mutation.args["seed"])
    for slot in mutation.slots(study):
        stored = study.pixels(slot)
        places = np.flatnonzero(stored)
        if not places.size:
            raise InapplicableError
        stored.flat[rng.choice(places, min(mutation.args["count"], places.size), replace=False)] = min(
            mutation.args["value"], np.iinfo(stored.dtype).max
        )
        study.set_pixels(slot, stored)


@kind
def scale_pixels(study: MutableStudy, mutation: Mutation) -> None:
    """Multiply the measured pixels of images by `factor` and add `delta`."""
    for slot in mutation.slots(study):
        stored = study.pixels(slot)
        new = np.where(stored != 0, stored * mutation.args.get("factor", 1.0) + mutation.args.get("delta", 0), 0)
        study.set_pixels(slot, new)


@kind
def swap_pixels(study: MutableStudy, mutation: Mutation) -> None:
    """Exchange the pixels of two images, under unchanged headers."""
    one, other = mutation.pair(study)
    here, there = study.pixels(one), study.pixels(other)
    study.set_pixels(one, there)
    study.set_pixels(other, here)


@kind
def permute_pixels(study: MutableStudy, mutation: Mutation) -> None:
    """Reverse or rotate the pixels over the images of a series, under unchanged headers."""
    slots = mutation.slots(study)
    images = [study.pixels(slot) for slot in slots]
    order = images[::-1] if mutation.args["how"] == "reverse" else [*images[1:], images[0]]
    for slot, stored in zip(slots, order, strict=True):
        study.set_pixels(slot, stored)


@kind
def take_pixels(study: MutableStudy, mutation: Mutation) -> None:
    """Give images the pixels of another one, such as a neighbour's or another series'."""
    source = mutation.other(study)
    for slot in mutation.slots(study):
        study.set_pixels(slot, study.pixels(source))


@kind
def take_series_pixels(study: MutableStudy, mutation: Mutation) -> None:
    """Give a series the pixels of another one, image by image."""
    slots, sources = mutation.slots(study), study.slots(mutation.args["from"])
    if len(sources) % len(slots):
        raise InapplicableError
    images = [study.pixels(source) for source in sources[:: len(sources) // len(slots)]]
    for slot, stored in zip(slots, images, strict=True):
        study.set_pixels(slot, stored)


@kind
def fill_pixels(study: MutableStudy, mutation: Mutation) -> None:
    """Replace all pixels by one value, or by noise up to it."""
    rng = np.random.default_rng(mutation.args.get("seed", 0))
    for slot in mutation.slots(study):
        stored = study.pixels(slot)
        value = mutation.args["value"]
        new = rng.integers(0, value + 1, stored.shape) if mutation.args.get("noise") else np.full(stored.shape, value)
        study.set_pixels(slot, new)


@kind
def move_pixels(study: MutableStudy, mutation: Mutation) -> None:
    """Shift, mirror or turn the pixels within their images."""
    how, by = mutation.args["how"], mutation.args.get("by", 1)
    for slot in mutation.slots(study):
        stored = study.pixels(slot)
        if how == "rows":
            new = np.roll(stored, by, 0)
        elif how == "columns":
            new = np.roll(stored, by, 1)
        elif how == "run":  # as lost or repeated values in the stream do
            new = np.roll(stored.ravel(), by).reshape(stored.shape)
        else:
            new = stored[:, ::-1] if how == "mirror" else stored[::-1]
        study.set_pixels(slot, new)
