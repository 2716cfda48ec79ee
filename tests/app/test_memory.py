"""Too little memory is said as such, with exit code 5, and never waited for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from liver_mre.errors import MemoryShortageError, ModelError
from liver_mre.method import toolkit as toolkits
from liver_mre.method.toolkit import Toolkit
from liver_mre.settings import Settings
from liver_mre.studies.memory import memory_ran_out
from liver_mre.workflow.outcome import internal_error
from tests.app.test_run import result_of

if TYPE_CHECKING:
    from tests.app.conftest import ExampleStudy

ROOT = Path(__file__).resolve().parents[2]
BASH = shutil.which("bash") or "bash"


@pytest.mark.parametrize("megabytes", [350, 700, 900, 1200])
def test_a_run_in_too_little_address_space_says_so(megabytes: int, example: ExampleStudy, tmp_path: Path) -> None:
    program = f"ulimit -v {megabytes}000; exec {sys.executable} -P -m app -i '{example.folder}' -o '{tmp_path}/out'"
    done = subprocess.run(
        [BASH, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 5
    assert result_of(tmp_path / "out")["reason"]["code"] == "too_little_memory"
    assert "too little memory" in done.stderr


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(12, "Cannot allocate memory"),
        ImportError("libopenvino.so: failed to map segment from shared object"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("can't start new thread"),
    ],
)
def test_every_way_to_say_that_memory_ran_out_is_one_reason(error: Exception) -> None:
    assert memory_ran_out(error)
    reason = internal_error(error, " in step 'segment'")
    assert (reason.code, reason.exit_code) == ("too_little_memory", 5)
    other = ValueError("what it led to")
    other.__cause__ = error
    assert memory_ran_out(other)


@pytest.mark.parametrize("error", [ValueError("bad_alloc"), RuntimeError("shapes differ"), OSError(2, "no such file")])
def test_other_errors_are_not_taken_for_it(error: Exception) -> None:
    assert not memory_ran_out(error)
    assert internal_error(error).code == "internal_error"


def test_loading_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolkits, "LOADING_SECONDS", 0.01)
    toolkit = Toolkit(Settings())
    toolkit._model = Future()
    with pytest.raises(MemoryShortageError, match="could not be loaded within"):
        _ = toolkit.model


def test_an_error_of_loading_stays_what_it_is() -> None:
    toolkit = Toolkit(Settings())
    toolkit._model = Future()
    toolkit._model.set_exception(ModelError("The model's file is damaged."))
    with pytest.raises(ModelError, match="damaged"):
        _ = toolkit.model
