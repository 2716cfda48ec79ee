"""The short mode of the fuzz suite: `make fuzz` is the long one (docs/fuzzing.md)."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import numpy as np
import pytest

from tests.fuzz.bases import BASES, FEW_BASES, base
from tests.fuzz.campaign import Laboratory, run
from tests.fuzz.elements import Element, dump, parse, tag
from tests.fuzz.mutations import KINDS, Mutation, from_json, mutated, to_json
from tests.fuzz.oracle import harmless, is_sentence
from tests.fuzz.readers import TARGETS, run_target
from tests.fuzz.strategies import draw
from tests.fuzz.study import MutableStudy, encoded, numbers

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))
COUNT = 60
"""Mutated studies of a run: a few seconds. Each run of a machine's own tries others; CI always the same."""


@pytest.fixture(scope="module")
def laboratory() -> Laboratory:
    with Laboratory() as made:
        yield made


def seed() -> int:
    return 1 if os.environ.get("CI") else int.from_bytes(os.urandom(4), "little")


def test_a_mutated_study_gives_the_same_number_or_a_refusal_in_words() -> None:
    report = run(COUNT, seed(), names=FEW_BASES)
    assert report.findings == [], str(report)
    assert report.tried == COUNT


@pytest.mark.parametrize("name", list(TARGETS))
def test_a_reader_of_bytes_raises_only_what_it_documents(name: str) -> None:
    report = run_target(name, 10 if name == "rules" else 60, seed())
    assert report.inputs == {}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_finding_of_an_earlier_campaign_is_none_any_more(path: Path, laboratory: Laboratory) -> None:
    name, mutations = from_json(path.read_text(encoding="utf-8"))
    verdict = laboratory.judged(name, mutations)
    assert verdict is not None
    assert not verdict.is_finding, f"{verdict.kind}: {verdict.detail}"


@pytest.mark.parametrize("name", BASES)
def test_an_unmutated_study_is_measured_close_to_its_truth(name: str, laboratory: Laboratory) -> None:
    """Of a base that is refused, every mutation is "refused", and nothing is found."""
    outcome = laboratory.unmutated(name)
    assert outcome.mean_kpa == pytest.approx(8.77 if "stiff" in name else 3.1, abs=0.1), outcome.message
    assert outcome.slices == 4


@pytest.mark.parametrize("name", [*FEW_BASES, "siemens-gre+with-contour"])
def test_reading_and_writing_a_file_unchanged_keeps_every_byte(name: str) -> None:
    for content in base(name).files.values():
        assert dump(parse(content)) == content


def test_every_kind_of_mutation_is_drawn_and_survives_its_text() -> None:
    seen = set()
    for number in range(1500):
        name, mutations, _ = draw(Random(number), FEW_BASES)  # noqa: S311 - reproducible
        seen |= {one.kind for one in mutations}
        assert from_json(to_json(name, mutations)) == (name, mutations)
    assert mutated("siemens-gre", []) is None
    assert seen == KINDS.keys()


def test_the_same_seed_gives_the_same_studies() -> None:
    drawn = [[draw(Random(f"1:{n}"), FEW_BASES) for n in range(20)] for _ in range(2)]  # noqa: S311 - reproducible
    assert drawn[0] == drawn[1]


def test_the_oracle_sees_a_wrong_number(laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted fault: a scale that every reader of the application gets wrong by a hundredth."""
    import liver_mre.stiffness.scanner_maps as maps

    plain = maps.assemble

    def wrong(stored: np.ndarray, *arguments: object, **more: object) -> object:
        return plain((stored * 1.01).astype(np.float64), *arguments, **more)

    laboratory.unmutated("canon")
    monkeypatch.setattr(maps, "assemble", wrong)
    harmless_one = Mutation("set_value", "*", None, {"keyword": "PatientComments", "value": "x", "vr": "LT"})
    verdict = laboratory.judged("canon", [harmless_one])
    assert verdict is not None
    assert verdict.kind == "wrong"


def test_the_oracle_sees_a_crash_and_a_good_study_refused(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    import liver_mre.method.load_pixels as step
    from liver_mre.errors import GeometryError

    recoded = [Mutation("rename", "*", None)]
    laboratory.unmutated("canon")
    for error, kind in (
        (KeyError("x"), "crash"),
        (GeometryError("The geometry is wrong."), "lost"),
        (GeometryError("no"), "words"),
    ):

        def fails(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        monkeypatch.setattr(step, "read_stiffness", fails)
        verdict = laboratory.judged("canon", recoded)
        assert verdict is not None
        assert verdict.kind == kind


def test_a_scale_that_changes_everywhere_is_followed_and_one_that_changes_in_one_file_is_not(
    laboratory: Laboratory,
) -> None:
    everywhere = Mutation("number", "stiffness", None, {"keyword": "RescaleSlope", "factor": 1.1})
    verdict = laboratory.judged("canon", [everywhere])
    assert verdict is not None
    assert verdict.kind == "expected"
    assert verdict.outcome.mean_kpa == pytest.approx(1.1 * (laboratory.unmutated("canon").mean_kpa or 0.0), rel=1e-3)


def test_elements_keep_what_dicom_forbids() -> None:
    study = MutableStudy(base("canon"))
    slot = study.slots("stiffness")[0]
    study.put(slot, Element(tag("RescaleSlope"), "OB", b"\xff\xfe"))
    again = parse(study.content(slot.file)).dataset.get(tag("RescaleSlope"))
    assert again == Element(tag("RescaleSlope"), "OB", b"\xff\xfe")


@pytest.mark.parametrize(
    ("vr", "value"), [("DS", 0.00390625), ("IS", 12.0), ("US", 4095.0), ("FD", 1e-8), ("SS", -5.0)]
)
def test_numbers_survive_their_text(vr: str, value: float) -> None:
    assert numbers(Element(0, vr, encoded(vr, [value]))) == [value]


def test_a_sentence_is_more_than_a_word() -> None:
    assert is_sentence("The series lacks slices. Send it again.")
    assert not is_sentence("bad")
    assert harmless([Mutation("rename")])
    assert not harmless([Mutation("lose", "stiffness", (0,))])
