"""A campaign in pieces, each in a process of its own; what is done is kept, and not done again."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING, Final

from tests.fuzz.campaign import Report, load, run, save

if TYPE_CHECKING:
    from pathlib import Path

CHUNK: Final = 1000
"""Studies of one piece: making the bases anew takes as long as some hundred of them."""
DRAWS_PER_STUDY: Final = 10
"""Mutations that fit nothing are drawn again: far fewer times than this."""
ADDRESS_SPACE: Final = 8 * 1024**3
"""Far above what is a finding, so that a study that takes even more does not take the machine along."""


def run_pieces(count: int, seed: int, cores: int, folder: Path) -> Report:
    """Try mutated studies in pieces that `folder` does not hold yet, and add up all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces = {
        folder / f"{first:07d}-{size}.json": (first, size)
        for first in range(0, count, CHUNK)
        if (size := min(CHUNK, count - first))
    }
    waiting = {path: piece for path, piece in pieces.items() if not path.exists()}
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes to come
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max(1, cores), mp_context=context, max_tasks_per_child=1) as pool:
        work = [pool.submit(_piece, seed, *piece, path) for path, piece in waiting.items()]
        for done, one in enumerate(as_completed(work), start=1):
            one.result()
            print(f"{done} of {len(work)} pieces", file=sys.stderr, flush=True)  # noqa: T201 - a command
    total = Report()
    for path in pieces:
        total.add(load(path))
    return total


def _piece(seed: int, first: int, count: int, path: Path) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, resource.getrlimit(resource.RLIMIT_AS)[1]))
    save(run(count, seed, first=first * DRAWS_PER_STUDY), path)
