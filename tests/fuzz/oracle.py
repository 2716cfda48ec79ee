"""What a mutated study may become: the number of the unmutated one, a refusal in words, or a number argued for here.

Everything else is a finding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from liver_mre.errors import ExitCode
from tests.fuzz.expectations import displaced, expected, left_out
from tests.fuzz.pipeline import reference

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fuzz.mutations import Mutation
    from tests.fuzz.pipeline import Outcome, Reference
    from tests.fuzz.study import MutableStudy

    Measure = Callable[..., Outcome]

TOLERANCE: Final = 0.005
"""Share of the mean and of the area by which a result may differ."""
SHORTEST_SENTENCE: Final = 20
REFUSALS: Final = frozenset({int(ExitCode.NO_ELIGIBLE_SERIES), int(ExitCode.INVALID_INPUT), int(ExitCode.DONE)})
"""0: an acquisition that is not evaluable, with its reason."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a mutated study is a finding.

    `kind`: "same", "refused", "expected" (a legitimate other number); or one of `FINDINGS`.
    """

    kind: str
    outcome: Outcome
    detail: str = ""

    @property
    def is_finding(self) -> bool:
        """Whether somebody must look at it."""
        return self.kind in FINDINGS


FINDINGS: Final = ("wrong", "crash", "hang", "memory", "words", "lost", "accepted")
"""Wrong number; exception; slow; large; refusal without a sentence; good study refused; lossy one accepted."""

# Mutations that change nothing that a result depends on: these studies must be measured.
_HARMLESS: Final = {
    "rename": lambda _: True,
    "junk": lambda _: True,
    "recode": lambda _: True,
    "again": lambda one: one.args["how"] == "exact",
    "private_block": lambda one: not one.args.get("alone"),
    "bare": lambda _: True,
    "set_value": lambda one: bool(one.args.get("harmless")),
    "retype": lambda one: bool(one.args.get("harmless")),
    "remove": lambda one: bool(one.args.get("harmless")),
    "mapping": lambda one: bool(one.args.get("agrees")),
}


def harmless(mutations: Sequence[Mutation]) -> bool:
    """Tell whether a study must still be measured."""
    kinds = {one.kind for one in mutations}
    if {"recode", "bare"} <= kinds:  # compressed pixels of which nothing says how
        return False
    if "again" in kinds and kinds & {"set_value", "retype", "remove", "mapping"}:  # the copies are not changed
        return False
    return all(one.kind in _HARMLESS and _HARMLESS[one.kind](one) for one in mutations)


def references(base_name: str, mutations: Sequence[Mutation]) -> list[Reference]:
    """Return the studies whose slices a mutated one may show."""
    others = [(one.args["base"], one.args["seed"]) for one in mutations if one.kind == "mix"]
    return [reference(name, seed) for name, seed in [(base_name, 1), *others]]


def judge(
    outcomes: Sequence[Outcome], base_name: str, mutations: Sequence[Mutation], study: MutableStudy, measure: Measure
) -> Verdict:
    """Judge what became of a mutated study.

    Parameters
    ----------
    outcomes : of every study that was read
    measure : (base, seed, adjust=, **settings) -> outcome of an unmutated study
    """
    verdicts = [_one(outcome, base_name, mutations, study, measure) for outcome in outcomes]
    worst = min(verdicts, key=lambda one: _ORDER.index(one.kind))
    left = any(_LEFT_OUT in note for one in verdicts for note in one.outcome.notes)
    if worst.kind in {"same", "expected"} and not left and any(one.args.get("must_refuse") for one in mutations):
        return replace(worst, kind="accepted", detail="measured, though it must be refused")
    alone = worst.kind == "refused" and not any(one.outcome.mean_kpa is not None for one in verdicts)
    if alone and harmless(mutations):
        return replace(worst, kind="lost", detail=worst.outcome.message)
    return worst


_LEFT_OUT: Final = "its pixels cannot be read, or lost something"
"""Note on a series with lossy pixels that a result does not need."""
_ORDER: Final = ("wrong", "crash", "hang", "memory", "words", "lost", "accepted", "refused", "expected", "same")


def _one(
    outcome: Outcome, base_name: str, mutations: Sequence[Mutation], study: MutableStudy, measure: Measure
) -> Verdict:
    if outcome.code in {"hang", "memory"}:
        return Verdict(outcome.code, outcome, outcome.where)
    if outcome.exit_code not in REFUSALS:
        return Verdict("crash", outcome, outcome.where or outcome.message)
    if outcome.mean_kpa is None:
        return Verdict("refused" if is_sentence(outcome.message) else "words", outcome, outcome.message)
    studies = [(base_name, 1), *((one.args["base"], one.args["seed"]) for one in mutations if one.kind == "mix")]
    plain = [measure(name, seed) for name, seed in studies]
    if any(_equal(outcome, one) for one in plain):
        return Verdict("same", outcome)
    lacks_few = left_out(outcome, plain[0], mutations) or displaced(outcome, plain[0], mutations)
    if lacks_few or any(_equal(outcome, one) for one in expected(base_name, mutations, study, measure)):
        return Verdict("expected", outcome)
    return Verdict("wrong", outcome, deviation(outcome, plain[0]))


def is_sentence(message: str) -> bool:
    """Tell whether a message says something to a person."""
    text = message.strip()
    return len(text) >= SHORTEST_SENTENCE and text[0].isupper() | text[0].isdigit() and text[-1] in ".?!"


def _equal(one: Outcome, other: Outcome) -> bool:
    if one.mean_kpa is None or other.mean_kpa is None:
        return False
    return (
        abs(one.mean_kpa / other.mean_kpa - 1.0) <= TOLERANCE
        and abs(one.area_cm2 / other.area_cm2 - 1.0) <= TOLERANCE
        and one.slices == other.slices
    )


def deviation(outcome: Outcome, plain: Outcome) -> str:
    """Say how a number differs from that of the unmutated study."""
    if outcome.mean_kpa is None or plain.mean_kpa is None:
        return ""
    mean = 100.0 * (outcome.mean_kpa / plain.mean_kpa - 1.0)
    area = 100.0 * (outcome.area_cm2 / plain.area_cm2 - 1.0)
    slices = f", {outcome.slices} of {plain.slices} slices" if outcome.slices != plain.slices else ""
    return f"{outcome.mean_kpa:.3f} kPa for {plain.mean_kpa:.3f} ({mean:+.1f} %), area {area:+.1f} %{slices}"
