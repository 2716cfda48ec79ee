"""A campaign: many mutated studies of one seed, what became of them, and each finding in its shortest form."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Self

from tests.fuzz.bases import BASES, MEMORY, base
from tests.fuzz.mutations import mutated, to_json
from tests.fuzz.oracle import Verdict, judge, references
from tests.fuzz.pipeline import Outcome, Workplace, reference, run_folder, toolkit
from tests.fuzz.strategies import NEAR, draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.fuzz.mutations import Mutation
    from tests.fuzz.pipeline import Adjust


@dataclass(slots=True)
class Report:
    """What a campaign tried and found; `findings` are recipes in JSON, one for each signature."""

    name: str = "studies"
    tried: int = 0
    near: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    signatures: Counter[str] = field(default_factory=Counter)
    recipes: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def findings(self) -> list[str]:
        """The shortest recipe of every finding."""
        return list(self.recipes.values())

    def add(self, other: Report) -> None:
        """Add another part of the same campaign."""
        self.tried += other.tried
        self.near += other.near
        self.kinds += other.kinds
        self.codes += other.codes
        self.signatures += other.signatures
        self.seconds += other.seconds
        for signature, recipe in other.recipes.items():
            if len(recipe) < len(self.recipes.get(signature, recipe + " ")):
                self.recipes[signature] = recipe

    def __str__(self) -> str:
        """Return the figures in lines."""
        kinds = ", ".join(f"{kind} {count}" for kind, count in self.kinds.most_common())
        speed = f", {1000.0 * self.seconds / self.tried:.0f} ms each" if self.tried else ""
        lines = [f"{self.name}: {self.tried} mutated studies ({self.near} near values or single bytes{speed}): {kinds}"]
        lines += [f"  {count} x {signature}" for signature, count in self.signatures.most_common()]
        return "\n".join(lines)


class Laboratory:
    """A folder in memory, in which mutated studies are measured one after the other."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=MEMORY))
        self._places: dict[str, Workplace] = {}
        self._spare = Workplace(self._folder / "spare")
        self._spare.folder.mkdir()

    def __enter__(self) -> Self:
        """Use the folder for a while."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def unmutated(self, name: str, seed: int = 1, *, adjust: Adjust | None = None, **settings: float) -> Outcome:
        """Measure a base."""
        if adjust is None and not settings:
            return self._plain(name, seed)
        self._spare.show(base(name, seed).files)
        found = run_folder(
            self._spare.folder,
            [reference(name, seed)],
            adjust=adjust,
            tools=toolkit(**settings) if settings else None,
        )
        return found[0]

    @lru_cache(maxsize=256)  # noqa: B019 - lives as long as the process
    def _plain(self, name: str, seed: int) -> Outcome:
        self._spare.show(base(name, seed).files)
        return run_folder(self._spare.folder, [reference(name, seed)])[0]

    def judged(self, name: str, mutations: Sequence[Mutation]) -> Verdict | None:
        """Measure a mutated study and judge it; None if the mutations do not fit."""
        study = mutated(name, mutations)
        if study is None:
            return None
        place = self._places.get(name)
        if place is None:
            if (plain := self.unmutated(name)).mean_kpa is None:
                message = f"The unmutated base {name} is refused, so that its mutations say nothing: {plain.message}"
                raise ValueError(message)
            place = self._places[name] = Workplace(self._folder / f"{len(self._places):02d}")
            place.folder.mkdir()
        changes = study.changes()
        files = {file: content for file, content in base(name).files.items() if file not in changes}
        files |= {file: content for file, content in changes.items() if content is not None}
        place.show(files)
        outcomes = run_folder(place.folder, references(name, mutations))
        verdict = judge(outcomes, name, mutations, study, self.unmutated)
        if verdict.is_finding and len(mutations) > 1 and (fewer := self._effective(name, mutations)) != mutations:
            return judge(outcomes, name, fewer, study, self.unmutated)
        return verdict

    def _effective(self, name: str, mutations: Sequence[Mutation]) -> Sequence[Mutation]:
        """Return the mutations that change something by themselves; all if none does."""
        alone = [(one, self.judged(name, [one])) for one in mutations]
        return [one for one, verdict in alone if verdict is not None and verdict.kind != "same"] or mutations

    def shortest(self, name: str, mutations: list[Mutation], kind: str) -> tuple[list[Mutation], Verdict | None]:
        """Return the fewest of the mutations that still give a finding of a kind, and its verdict."""
        verdict = None
        for place in reversed(range(len(mutations))):
            fewer = mutations[:place] + mutations[place + 1 :]
            if fewer and (found := self.judged(name, fewer)) is not None and found.kind == kind:
                mutations, verdict = fewer, found
        return mutations, verdict


def signature(name: str, mutations: Sequence[Mutation], verdict: Verdict) -> str:
    """Return what findings of one fault have in common."""
    parts = []
    for one in mutations:
        scope = "all" if one.places is None else "one" if len(one.places) == 1 else "some"
        details = [
            str(one.args[key]) for key in ("keyword", "how", "section", "syntax", "vr", "from") if key in one.args
        ]
        parts.append(" ".join([one.kind, *details, f"({scope} {one.role})"]))
    where = f" {verdict.outcome.where}" if verdict.kind in {"crash", "hang", "memory"} else ""
    scanner = name.split("-", maxsplit=1)[0].split("+", maxsplit=1)[0]
    return f"{verdict.kind}{where}: {' + '.join(sorted(parts))} [{scanner}]"


def run(
    count: int, seed: int, *, first: int = 0, seconds: float = float("inf"), names: Sequence[str] = BASES
) -> Report:
    """Try `count` mutated studies of a seed, from number `first` on, or as many as `seconds` allow."""
    report, start, number = Report(), time.monotonic(), first
    with Laboratory() as laboratory:
        while report.tried < count and time.monotonic() - start < seconds:
            rng = Random(f"{seed}:{number}")  # noqa: S311 - reproducible
            number += 1
            name, mutations, chosen = draw(rng, names)
            verdict = laboratory.judged(name, mutations)
            if verdict is None:
                continue
            report.tried += 1
            report.near += any(one in NEAR for one in chosen)
            report.kinds[verdict.kind] += 1
            report.codes[verdict.outcome.code or "measured"] += 1
            if verdict.is_finding:
                _record(report, laboratory, name, mutations, verdict, f"{seed}:{number - 1}")
    report.seconds = time.monotonic() - start
    return report


def _record(
    report: Report, laboratory: Laboratory, name: str, mutations: list[Mutation], verdict: Verdict, origin: str
) -> None:
    fewest, again = laboratory.shortest(name, mutations, verdict.kind)
    verdict = again or verdict
    what = signature(name, fewest, verdict)
    report.signatures[what] += 1
    notes = list(verdict.outcome.notes)
    recipe = to_json(name, fewest, kind=verdict.kind, detail=verdict.detail, origin=origin, notes=notes)
    if len(recipe) < len(report.recipes.get(what, recipe + " ")):
        report.recipes[what] = recipe


def save(report: Report, path: Path) -> None:
    """Save a report, complete or not at all."""
    content = {
        **{key: getattr(report, key) for key in ("name", "tried", "near", "recipes", "seconds")},
        **{key: dict(getattr(report, key)) for key in ("kinds", "codes", "signatures")},
    }
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content), encoding="utf-8")
    part.replace(path)


def load(path: Path) -> Report:
    """Load a saved report."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for key in ("kinds", "codes", "signatures"):
        content[key] = Counter(content[key])
    return Report(**content)
