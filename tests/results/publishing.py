"""Studies without pixels and how they are published, for tests of publishing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liver_mre.errors import ExitCode
from liver_mre.method.steps import result_files
from liver_mre.results.finding import NotEvaluableFinding, Provenance, SeriesIdentity
from liver_mre.results.publish import Publication
from liver_mre.results.record import Origin
from liver_mre.results.result import RunResult, StudyResult, models_used
from liver_mre.workflow.outcome import Reason, RunStatus, StudyStatus
from tests.volumes import MODEL

if TYPE_CHECKING:
    from pathlib import Path

ORIGIN = Origin("a" * 64, "b" * 64)


def open_publication(out: Path) -> Publication:
    return Publication(out, result_files().values())


def not_evaluable(uid: str) -> StudyResult:
    provenance = Provenance(None, MODEL)
    finding = NotEvaluableFinding(SeriesIdentity("1", 7, ""), provenance, Reason("no_liver", "No liver was found."))
    return StudyResult(uid, findings=(finding,), chosen=0)


def failed(uid: str, code: ExitCode = ExitCode.INVALID_INPUT) -> StudyResult:
    return StudyResult(uid, failure=Reason("invalid_input", "Unreadable.", code))


def stage(publication: Publication, uid: str, content: str, preview: str = "") -> None:
    """Write what the writers would."""
    folder = publication.staging / uid
    folder.mkdir()
    (folder / "liver-sr.dcm").write_text(content, encoding="utf-8")
    if preview:
        (folder / "preview.png").write_text(preview, encoding="utf-8")


def report(out: Path, uid: str) -> str:
    return (out / uid / "liver-sr.dcm").read_text(encoding="utf-8")


def completed(publication: Publication) -> RunResult:
    """Return the result of a run that has come to its end."""
    codes = [study.failure.exit_code for study in publication.finished if study.status is StudyStatus.FAILED]
    status = RunStatus.FAILED if codes else RunStatus.COMPLETED
    models = models_used(publication.finished, publication.kept)
    return RunResult(status, max(codes, default=0), tuple(publication.finished), models, kept=tuple(publication.kept))


def publish(out: Path, reports: dict[str, str], *others: StudyResult, preview: str = "") -> RunResult:
    """Publish a run of studies with these reports, and of others as they are."""
    with open_publication(out) as publication:
        for uid, content in reports.items():
            stage(publication, uid, content, preview)
        known = {study.study_instance_uid for study in others}
        for study in (*others, *(not_evaluable(uid) for uid in reports if uid not in known)):
            publication.publish_study(study, ORIGIN)
        return publication.finish(completed(publication))
