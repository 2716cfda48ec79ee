"""Whichever file operation of publishing a run dies at or fails at: no half results, none lost, nothing left behind."""

from __future__ import annotations

import errno
import json
import os
import shutil
import types
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from liver_mre.errors import OutputError
from liver_mre.results import file_operations
from liver_mre.results.metadata import METADATA_FILE
from liver_mre.results.publish import KEPT_EARLIER
from liver_mre.results.record import RECORD_FILE, read_record
from liver_mre.results.recovery import PROGRESS_FILE, RESULT_FILE
from tests.processes import in_a_process
from tests.results.publishing import (
    ORIGIN,
    completed,
    failed,
    not_evaluable,
    open_publication,
    publish,
    report,
    stage,
)
from tests.results.test_result_schema import VALIDATOR

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow
OPERATIONS = [name for name, one in vars(file_operations).items() if isinstance(one, types.FunctionType)]
DIED = 9
BEFORE = {"1.1": "old", "1.2": "old", "1.4": "old"}


def second_run(out: Path) -> None:
    """Replace one study, add one, refuse one, leave one alone."""
    with open_publication(out) as publication:
        for uid in ("1.2", "1.3"):
            stage(publication, uid, "new")
            publication.publish_study(not_evaluable(uid), ORIGIN, total=3)
        publication.publish_study(failed("1.4"), ORIGIN, total=3)
        publication.finish(completed(publication))


class Fault:
    """Counts file operations and calls something at the n-th; without exchange if the file system has none."""

    def __init__(self, at: int, happens: Callable[[], None], *, exchange: bool) -> None:
        self.at, self.happens, self.exchange, self.count = at, happens, exchange, 0

    def wrap(self, name: str) -> Callable[..., Any]:
        original = getattr(file_operations, name)

        def operation(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            if self.count == self.at:
                if name == "write_text":  # half of the file is written
                    args[0].write_text(args[1][: len(args[1]) // 2], encoding="utf-8")
                self.happens()
            if name == "exchange" and not self.exchange:
                raise OSError(errno.EINVAL, "")
            return original(*args, **kwargs)

        return operation

    def install(self, patch: pytest.MonkeyPatch) -> None:
        for name in OPERATIONS:
            patch.setattr(file_operations, name, self.wrap(name))


def die() -> None:
    os._exit(DIED)


def failing_with(number: int) -> Callable[[], None]:
    def fail() -> None:
        raise OSError(number, os.strerror(number))

    return fail


def start(out: Path) -> None:
    """Start a run that does nothing."""
    open_publication(out).close()


def with_fault(fault: Fault, work: Callable[[Path], None], out: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        fault.install(patch)
        work(out)


def state_of(out: Path) -> str:
    """Return what recovery goes by: what is in its place, and what is put aside."""
    aside = sorted(path.name for path in out.glob(".*/earlier/*"))
    about_the_run = sorted(path.name for path in out.glob(".*/*.json"))
    return repr((content_of(out), sorted(path.name for path in out.iterdir() if path.is_file()), aside, about_the_run))


@pytest.fixture(autouse=True)
def _without_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here loses power: fsync is called, and does nothing."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("earlier") / "out"
    publish(out, BEFORE)
    return out


def number_of_operations(earlier: Path, out: Path, *, exchange: bool) -> int:
    fault = Fault(0, die, exchange=exchange)
    shutil.copytree(earlier, out)
    with pytest.MonkeyPatch.context() as patch:
        fault.install(patch)
        second_run(out)
    assert content_of(out) == {"1.1": "old", "1.2": "new", "1.3": "new"}
    return fault.count


def content_of(out: Path) -> dict[str, str]:
    """Return the report of every study; checks that each folder is whole."""
    folders = [path for path in out.iterdir() if path.is_dir() and not path.name.startswith(".")]
    for folder in folders:
        assert sorted(path.name for path in folder.iterdir()) == ["liver-sr.dcm", RECORD_FILE]
        record = read_record(folder)
        assert record is not None
        assert record.is_intact(folder)
    return {folder.name: report(out, folder.name) for folder in folders}


def listed_in(out: Path) -> dict[str, str] | None:
    """Return the status of every study that result.json names; None without the file."""
    if not (out / RESULT_FILE).exists():
        return None
    content = json.loads((out / RESULT_FILE).read_text(encoding="utf-8"))
    VALIDATOR.validate(content)
    return {study["study_instance_uid"]: study["status"] for study in content["studies"]}


def assert_true_and_whole(out: Path) -> None:
    """Check what must hold at every moment, also right after a kill."""
    content = content_of(out)
    assert content["1.1"] == "old"
    listed = listed_in(out)
    if listed is None:
        return
    for uid, status in listed.items():
        assert (uid in content) == (status == "not_evaluable"), listed
    if "1.3" in listed or "1.3" in content:  # result.json of the earlier run would not be true any more
        assert content["1.2"] == "new"


def assert_nothing_left(out: Path) -> None:
    """Check what must hold after the next start."""
    assert {path.name for path in out.iterdir() if path.is_file()} == {METADATA_FILE, RESULT_FILE}
    assert not [path for path in out.iterdir() if path.name.startswith(".")]
    content = content_of(out)
    assert content["1.1"] == "old"
    assert content["1.2"] in {"old", "new"}
    listed = listed_in(out)
    assert listed is not None
    if content == BEFORE:
        assert listed == dict.fromkeys(BEFORE, "not_evaluable")
    else:
        assert listed["1.2"] == "not_evaluable"
        assert ("1.3" in content) == ("1.3" in listed)
        assert "1.1" not in listed  # of the earlier run, whose result.json is gone
        assert "1.4" in content or listed["1.4"] == "failed"


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "two moves"])
def test_a_run_may_be_killed_at_every_file_operation(earlier: Path, tmp_path: Path, exchange: bool) -> None:  # noqa: FBT001
    count = number_of_operations(earlier, tmp_path / "count", exchange=exchange)
    assert count > 30
    for at in range(1, count + 1):
        out = tmp_path / str(at)
        shutil.copytree(earlier, out)

        killed = in_a_process(lambda at=at, out=out: with_fault(Fault(at, die, exchange=exchange), second_run, out))
        assert killed == DIED
        if exchange:
            assert_true_and_whole(out)
        start(out)
        assert_nothing_left(out)


def test_the_first_run_of_a_folder_may_be_killed_at_every_file_operation(tmp_path: Path) -> None:
    def first_run(out: Path) -> None:
        publish(out, {}, failed("1.2"))

    for at in range(1, 40):
        out = tmp_path / str(at)
        if in_a_process(lambda at=at, out=out: with_fault(Fault(at, die, exchange=True), first_run, out)) == 0:
            break
        start(out)
        assert sorted(path.name for path in out.iterdir()) in ([], [METADATA_FILE, RESULT_FILE])
    assert at > 10


@pytest.mark.long
def test_the_next_start_may_be_killed_at_every_file_operation_too(earlier: Path, tmp_path: Path) -> None:
    """After every state of the output that a killed run leaves and that is more than a folder to remove."""
    seen: set[str] = set()
    for at in range(1, number_of_operations(earlier, tmp_path / "count", exchange=False) + 1):
        left = tmp_path / str(at)
        shutil.copytree(earlier, left)
        in_a_process(lambda at=at, left=left: with_fault(Fault(at, die, exchange=False), second_run, left))
        if (state := state_of(left)) in seen or not (left / PROGRESS_FILE).exists() or (left / RESULT_FILE).exists():
            continue
        seen.add(state)
        for again in range(1, 40):
            out = tmp_path / f"{at}-{again}"
            shutil.copytree(left, out)
            if (
                in_a_process(lambda again=again, out=out: with_fault(Fault(again, die, exchange=False), start, out))
                == 0
            ):
                break
            start(out)
            assert_nothing_left(out)
    assert len(seen) > 5


@pytest.mark.parametrize(
    ("exchange", "number"),
    [(True, errno.ENOSPC), (True, errno.EACCES), (False, errno.EIO)],
    ids=["ENOSPC", "EACCES", "EIO, two moves"],
)
def test_every_file_operation_may_fail(earlier: Path, tmp_path: Path, exchange: bool, number: int) -> None:  # noqa: FBT001
    count = number_of_operations(earlier, tmp_path / "count", exchange=exchange)
    for at in range(1, count + 1):
        out = tmp_path / str(at)
        shutil.copytree(earlier, out)
        with suppress(OutputError):
            with_fault(Fault(at, failing_with(number), exchange=exchange), second_run, out)
        assert_whole_after_failure(out)
        start(out)
        assert_whole_after_failure(out)
        assert not [path for path in out.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "two moves"])
def test_every_file_operation_from_one_on_may_fail_as_on_a_full_disk(
    earlier: Path,
    tmp_path: Path,
    exchange: bool,  # noqa: FBT001
) -> None:
    """Writing fails from some moment on; moving and removing do not."""
    for at in range(1, 12):
        out = tmp_path / str(at)
        shutil.copytree(earlier, out)
        with pytest.MonkeyPatch.context() as patch, suppress(OutputError):
            full = Fault(0, die, exchange=exchange)
            full.install(patch)
            written = iter(range(1, 1000))
            original = file_operations.write_text

            def write(path: Path, text: str, at: int = at, original: Any = original, written: Any = written) -> None:
                if next(written) >= at:
                    failing_with(errno.ENOSPC)()
                original(path, text)

            patch.setattr(file_operations, "write_text", write)
            second_run(out)
        content = content_of(out)
        assert content["1.1"] == "old"
        assert content["1.2"] in {"old", "new"}
        start(out)
        assert_whole_after_failure(out)


def assert_whole_after_failure(out: Path) -> None:
    """Check that every folder is whole and result.json, where it is, true of it."""
    content = content_of(out)
    assert content["1.1"] == "old"
    assert content["1.2"] in {"old", "new"}
    listed = listed_in(out)
    if listed is None:
        return
    document = json.loads((out / RESULT_FILE).read_text(encoding="utf-8"))
    for study in document["studies"]:
        kept = KEPT_EARLIER in study["warnings"]
        assert (study["study_instance_uid"] in content) == (study["status"] == "not_evaluable" or kept)
