"""What holds for all tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Generator

    from simulation.encodings.types import WrittenStudy

# How long one example takes depends on what else the machine does; the suite's time is watched as a whole. A landing is
# judged on the same examples each time, and everybody else looks for new ones.
settings.register_profile("liver-mre", deadline=None, derandomize=bool(os.environ.get("CI")))
# `make quick` is to be quick.
settings.register_profile("quick", deadline=None, max_examples=20)
settings.load_profile("liver-mre")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make what a test logged UTF-8: reports travel between processes, and hostile text need not be."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(scope="session")
def siemens(tmp_path_factory: pytest.TempPathFactory) -> WrittenStudy:
    """One small Siemens study; tests read it and never change it."""
    from simulation.encodings.siemens import write_study
    from tests.simulation.exam_factory import make_exam

    return write_study(make_exam(), tmp_path_factory.mktemp("siemens"))
