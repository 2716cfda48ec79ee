"""Results are published study by study, each completely or not at all; result.json is true of what is there."""

from __future__ import annotations

import errno
import json
import os
import resource
from typing import TYPE_CHECKING

import pytest
from pydicom import Dataset

from liver_mre.errors import ExitCode, OutputError, OutputInUseError
from liver_mre.results import file_operations
from liver_mre.results.metadata import METADATA_FILE
from liver_mre.results.output_lock import CANNOT_LOCK, LOCK_FILE
from liver_mre.results.publish import KEPT_EARLIER
from liver_mre.results.record import RECORD_FILE, read_record
from liver_mre.results.recovery import PROGRESS_FILE, RESULT_FILE, STAGING_PREFIX
from liver_mre.workflow.outcome import INTERRUPTED, Reason, StudyStatus
from tests.processes import in_a_process
from tests.results.publishing import ORIGIN, completed, failed, not_evaluable, open_publication, publish, report, stage
from tests.results.test_result_schema import VALIDATOR

if TYPE_CHECKING:
    from pathlib import Path

ABOUT_THE_RUN = [METADATA_FILE, RESULT_FILE]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def statuses(out: Path) -> dict[str, str]:
    content = json.loads((out / RESULT_FILE).read_text(encoding="utf-8"))
    VALIDATOR.validate(content)
    return {study["study_instance_uid"]: study["status"] for study in content["studies"]}


def test_finished_studies_and_result_json_appear_and_nothing_else_is_left(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    publish(out, {"1.2": "report"})
    assert names_in(out) == ["1.2", *ABOUT_THE_RUN]
    assert report(out, "1.2") == "report"
    assert statuses(out) == {"1.2": "not_evaluable"}


def test_a_study_is_in_its_place_before_the_run_has_ended_and_result_json_is_not(tmp_path: Path) -> None:
    publish(tmp_path, {"1.2": "old"})
    with open_publication(tmp_path) as publication:
        stage(publication, "1.2", "new")
        assert statuses(tmp_path) == {"1.2": "not_evaluable"}  # the earlier one, until something of it is replaced
        publication.publish_study(not_evaluable("1.2"), ORIGIN, total=2)
        assert report(tmp_path, "1.2") == "new"
        assert not (tmp_path / RESULT_FILE).exists()
        assert not (tmp_path / METADATA_FILE).exists()
        progress = json.loads((tmp_path / PROGRESS_FILE).read_text(encoding="utf-8"))
        assert (progress["status"], progress["total"]) == ("unfinished", 2)
        assert progress["finished"] == [{"study_instance_uid": "1.2", "status": "not_evaluable"}]
        publication.finish(completed(publication))
    assert names_in(tmp_path) == ["1.2", *ABOUT_THE_RUN]


def test_a_run_that_fails_as_a_whole_lists_the_studies_that_it_had_finished(tmp_path: Path) -> None:
    with open_publication(tmp_path) as publication:
        stage(publication, "1.2", "report")
        publication.publish_study(not_evaluable("1.2"), ORIGIN)
        publication.publish_study(failed("1.3"), ORIGIN)
        result = publication.fail(INTERRUPTED)
    assert statuses(tmp_path) == {"1.2": "not_evaluable", "1.3": "failed"}
    assert (result.exit_code, result.reason) == (1, INTERRUPTED)


def test_a_resumed_run_that_is_killed_lists_what_it_had_kept_beside_what_it_had_published(tmp_path: Path) -> None:
    publish(tmp_path, {"1.1": "kept", "1.2": "old", "1.3": "not reached"})

    def killed() -> None:
        publication = open_publication(tmp_path)
        record = read_record(tmp_path / "1.1")
        assert record is not None
        publication.keep(record.study)
        stage(publication, "1.2", "new")
        publication.publish_study(not_evaluable("1.2"), ORIGIN)
        os._exit(9)

    assert in_a_process(killed) == 9
    open_publication(tmp_path).close()
    assert statuses(tmp_path) == {"1.1": "not_evaluable", "1.2": "not_evaluable"}
    assert names_in(tmp_path) == ["1.1", "1.2", "1.3", *ABOUT_THE_RUN]


def test_only_the_first_end_of_a_run_is_published_and_nothing_after_it(tmp_path: Path) -> None:
    with open_publication(tmp_path) as publication:
        first = publication.fail(INTERRUPTED)
        assert publication.finish(completed(publication)) is first
        stage(publication, "1.2", "late")
        publication.publish_study(not_evaluable("1.2"), ORIGIN)
    assert statuses(tmp_path) == {}
    assert names_in(tmp_path) == ABOUT_THE_RUN


def test_what_a_failed_study_left_behind_is_never_published(tmp_path: Path) -> None:
    publish(tmp_path, {"1.2": "half", "1.3": "whole"}, failed("1.2"))
    assert names_in(tmp_path) == ["1.3", *ABOUT_THE_RUN]


def test_a_study_is_replaced_as_a_whole_and_removed_if_it_is_refused_now(tmp_path: Path) -> None:
    publish(tmp_path, {"1.2": "old"}, preview="old")
    publish(tmp_path, {"1.2": "new"})
    assert names_in(tmp_path / "1.2") == ["liver-sr.dcm", RECORD_FILE]
    publish(tmp_path, {}, failed("1.2"))
    assert names_in(tmp_path) == ABOUT_THE_RUN


@pytest.mark.parametrize("code", [ExitCode.INTERNAL, ExitCode.MODEL_OR_DEVICE, ExitCode.OUTPUT])
def test_a_failure_that_says_nothing_about_the_study_leaves_its_earlier_results_and_says_so(
    tmp_path: Path, code: ExitCode
) -> None:
    publish(tmp_path, {"1.2": "old"})
    result = publish(tmp_path, {}, failed("1.2", code))
    assert report(tmp_path, "1.2") == "old"
    assert result.studies[0].warnings == (KEPT_EARLIER,)
    assert statuses(tmp_path) == {"1.2": "failed"}


def test_a_file_where_the_output_folder_should_be_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written: a file is where"):
        open_publication(tmp_path / "out")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EROFS, "read-only"),
        (errno.EACCES, "no permission"),
        (errno.ENOSPC, "no space"),
        (errno.EDQUOT, "quota"),
        (errno.EFBIG, "ulimit -f"),
        (errno.EIO, "input/output error"),
        (errno.ELOOP, "Check its permissions and free space"),
    ],
)
def test_the_message_says_why_the_folder_cannot_be_written_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def refuses(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(file_operations, "make_private_folder", refuses)
    with pytest.raises(OutputError, match=words) as refused:
        open_publication(tmp_path)
    assert refused.value.exit_code == ExitCode.OUTPUT
    assert names_in(tmp_path) == []


def test_a_limit_on_the_size_of_files_is_named_whatever_library_meets_it(tmp_path: Path) -> None:
    """pydicom raises errors of writing anew, with its own words and without their number."""
    image = Dataset()
    image.PixelData = bytes(1 << 20)
    image["PixelData"].VR = "OW"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
    try:
        with pytest.raises(OSError) as refused:  # noqa: PT011 - what it says is pydicom's
            image.save_as(tmp_path / "large", implicit_vr=False, little_endian=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    message = str(OutputError.of(refused.value))
    assert message.endswith(
        ": a file would exceed the limit on its size (`ulimit -f`). Raise the limit, then run again."
    )


def test_a_missing_result_fails_the_study_alone(tmp_path: Path) -> None:
    with open_publication(tmp_path) as publication:
        stage(publication, "1.3", "whole")
        lost = publication.publish_study(not_evaluable("1.2"), ORIGIN)  # was never written
        publication.publish_study(not_evaluable("1.3"), ORIGIN)
        publication.finish(completed(publication))
    assert lost.failure is not None
    assert lost.failure.exit_code == ExitCode.OUTPUT
    assert statuses(tmp_path) == {"1.2": "failed", "1.3": "not_evaluable"}
    assert names_in(tmp_path) == ["1.3", *ABOUT_THE_RUN]


@pytest.mark.parametrize("link", [False, True])
def test_a_folder_with_other_files_is_never_replaced(tmp_path: Path, link: bool) -> None:  # noqa: FBT001
    """The study's own folder, named by its UID, lies in the output folder."""
    images = tmp_path / "images" if link else tmp_path / "1.2"
    images.mkdir()
    (images / "image.dcm").write_text("source", encoding="utf-8")
    if link:
        (tmp_path / "1.2").symlink_to(images)
    result = publish(tmp_path, {"1.2": "report"})
    assert result.studies[0].failure is not None
    assert "other files" in result.studies[0].failure.message
    assert (tmp_path / "1.2/image.dcm").read_text(encoding="utf-8") == "source"
    publish(tmp_path, {}, failed("1.2"))
    assert (tmp_path / "1.2/image.dcm").exists()


def test_the_record_tells_what_the_folder_holds_and_notices_a_change(tmp_path: Path) -> None:
    publish(tmp_path, {"1.2": "report"})
    record = read_record(tmp_path / "1.2")
    assert record is not None
    assert record.origin.equals(ORIGIN)
    assert record.study.status is StudyStatus.NOT_EVALUABLE
    assert record.is_intact(tmp_path / "1.2")
    (tmp_path / "1.2/liver-sr.dcm").write_text("changed", encoding="utf-8")
    assert not record.is_intact(tmp_path / "1.2")
    path = tmp_path / "1.2" / RECORD_FILE
    path.write_text(path.read_text(encoding="utf-8").replace("No liver", "A liver"), encoding="utf-8")
    assert read_record(tmp_path / "1.2") is None


def test_if_the_end_of_a_run_cannot_be_written_the_folder_is_as_before_where_nothing_was_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path, {"1.2": "old"})
    before = (tmp_path / RESULT_FILE).read_text(encoding="utf-8")
    replace = file_operations.replace

    def fails_once(source: Path, target: Path) -> None:
        if target.name == RESULT_FILE:
            monkeypatch.setattr(file_operations, "replace", replace)
            raise OSError(errno.EIO, "")
        replace(source, target)

    with open_publication(tmp_path) as publication:
        publication.publish_study(failed("1.2"), ORIGIN)
        monkeypatch.setattr(file_operations, "replace", fails_once)
        with pytest.raises(OutputError, match="input/output error"):
            publication.finish(completed(publication))
    assert (tmp_path / RESULT_FILE).read_text(encoding="utf-8") == before
    assert report(tmp_path, "1.2") == "old"
    assert names_in(tmp_path) == ["1.2", *ABOUT_THE_RUN]


def test_two_runs_cannot_write_into_one_folder_and_the_first_is_not_disturbed(tmp_path: Path) -> None:
    with open_publication(tmp_path) as publication:
        stage(publication, "1.2", "first")
        with pytest.raises(OutputInUseError, match="Another run is writing into this output folder") as refused:
            open_publication(tmp_path)
        assert refused.value.exit_code == ExitCode.OUTPUT
        publication.publish_study(not_evaluable("1.2"), ORIGIN)
        publication.finish(completed(publication))
    assert report(tmp_path, "1.2") == "first"
    publish(tmp_path, {"1.2": "second"})


def test_a_lock_that_a_killed_run_has_left_does_not_block(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).touch()
    publish(tmp_path, {"1.2": "report"})
    assert names_in(tmp_path) == ["1.2", *ABOUT_THE_RUN]


def test_a_file_system_that_cannot_lock_is_used_with_a_warning_and_others_folders_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(descriptor: int) -> None:
        del descriptor
        raise OSError(errno.ENOLCK, "")

    monkeypatch.setattr(file_operations, "lock", no_locks)
    (tmp_path / f"{STAGING_PREFIX}another").mkdir()
    with open_publication(tmp_path) as publication:
        assert publication.fail(Reason("no_dicom", "None.", 4)).warnings == (CANNOT_LOCK,)
    assert names_in(tmp_path) == [f"{STAGING_PREFIX}another", *ABOUT_THE_RUN]


def test_links_to_the_output_folder_are_followed_once(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    link = tmp_path / "out"
    link.symlink_to(tmp_path / "one")
    with open_publication(link) as publication:
        link.unlink()
        link.symlink_to(tmp_path / "other")
        stage(publication, "1.2", "report")
        publication.publish_study(not_evaluable("1.2"), ORIGIN)
        publication.finish(completed(publication))
    assert names_in(tmp_path / "one") == ["1.2", *ABOUT_THE_RUN]
    assert names_in(tmp_path / "other") == []


def test_results_have_the_rights_that_the_user_gives_new_files(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        publish(tmp_path, {"1.2": "report"})
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "1.2", *(tmp_path / "1.2").iterdir())} == {0o750, 0o640}
    assert (tmp_path / RESULT_FILE).stat().st_mode & 0o777 == 0o640
