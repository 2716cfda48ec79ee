"""Mutated studies by the thousand: `make fuzz`. Progress is kept, so that a campaign can be stopped and goes on."""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.fuzz.pieces import run_pieces
from tests.fuzz.readers import TARGETS, run_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.fuzz.campaign import Report

FOLDER: Final = Path(__file__).resolve().parents[2] / ".fuzz"
OTHERS: Final = ("writers", "kills", "privacy", "commands")
"""Modules beside this one that try another part of the application: `run(count, seed)` returns what to print."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign; the exit code is 1 if it found something."""
    asked = _parser().parse_args(arguments)
    studies = run_pieces(asked.count, asked.seed, asked.cores, FOLDER / f"seed-{asked.seed}")
    print(studies, flush=True)  # noqa: T201 - a command
    found = len(studies.findings)
    for name in TARGETS:
        kept = FOLDER / "corpus" / name
        kept.mkdir(parents=True, exist_ok=True)
        report = run_target(name, asked.count // 30, asked.seed, kept)
        print(report, flush=True)  # noqa: T201
        found += len(report.findings)
    for name in OTHERS:
        if importlib.util.find_spec(f"tests.fuzz.{name}") is not None:
            other = importlib.import_module(f"tests.fuzz.{name}").run(asked.count // 30, asked.seed)
            print(other, flush=True)  # noqa: T201
            found += len(getattr(other, "findings", ()))
    _write_recipes(studies)
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=30_000, help="number of mutated studies (default: 30000)")
    parser.add_argument("--seed", type=int, default=1, help="of the campaign; another one tries other studies")
    parser.add_argument("--cores", type=int, default=1, help="number of processes (default: 1)")
    return parser


def _write_recipes(report: Report) -> None:
    """Write each finding as a case, which `test_fuzz.py` can replay when it is put into `tests/fuzz/cases`."""
    folder = FOLDER / "findings"
    folder.mkdir(parents=True, exist_ok=True)
    for place, (what, count) in enumerate(report.signatures.most_common(), start=1):
        content = {"what": what, "seen": count, **json.loads(report.recipes[what])}
        (folder / f"{place:03d}.json").write_text(
            json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    raise SystemExit(main())
