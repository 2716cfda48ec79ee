"""Claims about the cohort's files and splits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.cohort.store import (
    ExamRecord,
    exam_path,
    list_exams,
    load_exam,
    quantise_confidence,
    quantise_magnitude,
    quantise_stiffness,
    quantise_wave,
    save_exam,
    seed_of,
    split_of,
)
from training.errors import CohortError

if TYPE_CHECKING:
    from pathlib import Path

MakeRecord = Callable[..., ExamRecord]


def test_an_exam_reads_back_as_it_was_written(tmp_path: Path, make_record: MakeRecord) -> None:
    facts = {"sequence": "epi", "field_t": 3.0, "flag": True}
    record = replace(make_record(7, stage="F3"), failure="low signal", slice_failures=("low signal", ""), facts=facts)
    path = save_exam(tmp_path, record)
    again = load_exam(path)
    for name in ("stiffness", "confidence", "magnitude", "liver", "tissue", "true_stiffness", "measurable"):
        stored, written = getattr(again, name), getattr(record, name)
        np.testing.assert_array_equal(stored, written, err_msg=name)
        assert stored.dtype == written.dtype
    assert (again.seed, again.stage, again.pixel_spacing_mm) == (7, "F3", record.pixel_spacing_mm)
    assert again.liver_stiffness_kpa == record.liver_stiffness_kpa
    assert (again.failure, again.slice_failures) == ("low signal", ("low signal", ""))
    assert again.facts == {"sequence": "epi", "field_t": 3.0, "flag": True}


def test_only_finished_files_are_listed(tmp_path: Path, make_record: MakeRecord) -> None:
    save_exam(tmp_path, make_record(12))
    (tmp_path / "tmpabc.part").write_bytes(b"half an exam")
    assert [seed_of(path) for path in list_exams(tmp_path)] == [12]


@pytest.mark.parametrize("version", ["0.1", "1.0"])
def test_a_file_of_another_schema_is_refused(tmp_path: Path, version: str) -> None:
    np.savez_compressed(exam_path(tmp_path, 1), schema_version=np.array(version))
    with pytest.raises(CohortError, match=f"schema {version}.*simulate the cohort again"):
        load_exam(exam_path(tmp_path, 1))


def test_an_exam_without_signal_is_kept_as_darkness() -> None:
    dark = quantise_magnitude(np.zeros((1, 4, 4)), np.ones((1, 4, 4), bool))
    assert not dark.any()


@given(st.floats(0, 600))
def test_stiffness_survives_storage_to_half_a_count(stiffness_kpa: float) -> None:
    stored = quantise_stiffness(np.array([stiffness_kpa]))[0] * 0.01
    assert stored == pytest.approx(stiffness_kpa, abs=0.00501)


@given(st.floats(0, 0.9498))
def test_a_pixel_under_the_threshold_never_passes_it_by_rounding(confidence: float) -> None:
    assert quantise_confidence(np.array([confidence], dtype=np.float32))[0] < 9500


def test_a_pixel_at_the_threshold_passes() -> None:
    assert quantise_confidence(np.array([0.95], dtype=np.float32))[0] == 9500


def test_the_splits_have_the_shares_they_claim() -> None:
    splits = [split_of(seed) for seed in range(4000)]
    assert splits.count("train") / 4000 == pytest.approx(0.85, abs=0.03)
    assert splits.count("validation") / 4000 == pytest.approx(0.05, abs=0.02)
    assert splits.count("test") / 4000 == pytest.approx(0.10, abs=0.02)


def test_waves_are_kept_where_a_cohort_has_them(tmp_path: Path, make_record: MakeRecord) -> None:
    record = make_record(5)
    without = load_exam(save_exam(tmp_path, record))
    assert without.wave is None
    waves = quantise_wave(np.full(record.stiffness.shape, 0.2))
    kept = load_exam(save_exam(tmp_path, replace(record, seed=6, wave=waves, residual=waves)))
    assert kept.wave is not None
    assert np.abs(kept.wave.astype(int) - 127.5).max() < 1
