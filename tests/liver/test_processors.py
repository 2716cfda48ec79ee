"""A container's quota of processor time counts, not the processors of the machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from liver_mre.liver.network import load_model
from liver_mre.liver.processors import usable_processors
from liver_mre.quality.networks import load_quality_model
from tests.tiny_model import publish_tiny_quality

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tiny_model import TinyModel

V1 = "12:cpuset:/\n4:cpu,cpuacct:/pod/a\n1:name=systemd:/\n"
V2 = "0::/pod/a\n"


@pytest.fixture(autouse=True)
def eight_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))


def count(folder: Path, groups: str, **quotas: str) -> int:
    """Return the processors that count with quotas, by file with "__" for "/" and "_" for "."."""
    for name, text in quotas.items():
        path = folder / name.replace("__", "/").replace("cpu_", "cpu.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "own").write_text(groups, encoding="utf-8")
    return usable_processors(folder, folder / "own")


def test_without_a_quota_every_processor_counts_that_this_process_is_bound_to(tmp_path: Path) -> None:
    assert usable_processors(tmp_path / "none", tmp_path / "none") == 8
    assert count(tmp_path, V2, pod__a__cpu_max="max 100000", cpu_max="max 100000") == 8
    assert count(tmp_path, V1, cpu__pod__a__cpu_cfs_quota_us="-1", cpu__pod__a__cpu_cfs_period_us="100000") == 8


@pytest.mark.parametrize(
    ("quota", "processors"), [("200000 100000", 2), ("150000 100000", 2), ("50000 100000", 1), ("9900000 100000", 8)]
)
def test_a_quota_of_version_2_is_rounded_up(quota: str, processors: int, tmp_path: Path) -> None:
    assert count(tmp_path / "inner", V2, pod__a__cpu_max=quota) == processors
    assert count(tmp_path / "outer", V2, pod__cpu_max=quota, pod__a__cpu_max="max 100000") == processors
    assert count(tmp_path / "a container's own tree", V2, cpu_max=quota) == processors


def test_a_quota_of_version_1_counts_under_either_name_of_its_folder(tmp_path: Path) -> None:
    for folder in ("cpu", "cpu,cpuacct"):
        files = {f"{folder}__pod__a__cpu_cfs_quota_us": "300000", f"{folder}__pod__a__cpu_cfs_period_us": "100000"}
        assert count(tmp_path / folder, V1, **files) == 3


@pytest.mark.parametrize("text", ["", "max", "0 100000", "100000 0", "a b", "1 2 3", "nan 100000", "-5 100000"])
def test_what_is_no_quota_is_none(text: str, tmp_path: Path) -> None:
    assert count(tmp_path, V2, cpu_max=text) == 8


@pytest.mark.parametrize(("given", "expected"), [(None, 2), (1, 1)])
def test_both_networks_use_as_many_threads(
    given: int | None,
    expected: int,
    published_tiny_model: TinyModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("liver.network", "quality.networks"):
        monkeypatch.setattr(f"liver_mre.{module}.usable_processors", lambda: 2)
    model = load_model(published_tiny_model.folder, device="cpu", threads=given)
    publish_tiny_quality(tmp_path / "quality")
    quality = load_quality_model(tmp_path / "quality", given)
    for compiled in (model.backend._compiled, quality.compiled):  # type: ignore[attr-defined]
        assert compiled.get_property("INFERENCE_NUM_THREADS") == expected
