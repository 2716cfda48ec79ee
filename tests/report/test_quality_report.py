"""The report holds the quality of the exam and of each slice with its cause, without numbers if not evaluable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from highdicom.sr import srread

from liver_mre.quality.checks import UNITS
from liver_mre.quality.verdict import CAUSES
from liver_mre.report import codes
from liver_mre.report.sr.document import build_report
from liver_mre.report.wording import doubt_words, excluded_words, quality_sentence, quality_words
from liver_mre.workflow.outcome import Reason
from tests.report.content_factory import (
    QUALITY_MODEL,
    SLICES,
    changed,
    make_content,
    make_failed,
    make_judged,
    make_quality,
)

if TYPE_CHECKING:
    from pathlib import Path

    from highdicom.sr import MeasurementsAndQualitativeEvaluations

    from liver_mre.report.content import ReportContent

QUALITY, CAUSE, OUT = codes.IMAGE_QUALITY, codes.private("quality_cause"), codes.private("out_of_limits")


def groups(content: ReportContent, folder: Path) -> list[MeasurementsAndQualitativeEvaluations]:
    build_report(content).save_as(folder / "sr.dcm", enforce_file_format=True)
    return srread(folder / "sr.dcm").content.get_image_measurement_groups()


def said(group: MeasurementsAndQualitativeEvaluations) -> set[tuple[str, str]]:
    """Return names and values of the group's evaluations, without the algorithm's family."""
    found = {(item.name.value, item.value.value) for item in group.get_qualitative_evaluations()}
    return {(name, value) for name, value in found if name != "111000"}


def test_each_slice_has_its_verdict_cause_and_numbers(tmp_path: Path) -> None:
    content = make_judged()
    _, _, *slices = groups(content, tmp_path)
    assert [group[0].ContentSequence[0].TextValue for group in slices] == [
        f"Quality of slice {number}" for number in range(1, SLICES + 1)
    ]
    quality = (QUALITY.value,)
    assert said(slices[0]) == {(*quality, "RID12")}
    assert said(slices[1]) == {(*quality, "RID13"), (OUT.value, "QC-WAVE-SNR")}
    assert said(slices[2]) == {(*quality, "RID14"), (CAUSE.value, "CAUSE-BREATHING")}
    numbers = {item.name.value: (item.value, item.unit.value) for item in slices[1].get_measurements()}
    assert numbers == {
        "QC-PROBABILITY": (1.0, "{ratio}"),
        "QC-VOTES": (1.0, "{ratio}"),
        "QC-CONF-AREA": (42.5, "cm2"),
        "QC-WAVE-SNR": (2.5, "{ratio}"),
    }
    assert len({group.tracking_uid for group in slices}) == SLICES


def test_the_exam_says_who_judged_it_and_what_was_lost(tmp_path: Path) -> None:
    exam = groups(make_judged(), tmp_path)[0]
    assert {
        (QUALITY.value, "RID13"),
        ("QC-JUDGE", "JUDGE-NETWORKS"),
        (CAUSE.value, "CAUSE-BREATHING"),
    } <= said(exam)
    (agreement,) = exam.get_measurements(codes.private("check_slice_agreement"))
    assert agreement.value == 0.07


def test_an_exam_without_a_flaw_is_diagnostic_and_divided_networks_make_it_limited(tmp_path: Path) -> None:
    for votes, expected in ((8, "RID12"), (6, "RID13")):
        quality = make_quality(lost={}, votes=votes, odd=())
        assert (QUALITY.value, expected) in said(groups(make_judged(quality), tmp_path)[0])


def test_the_networks_are_named_where_they_judged_and_the_application_where_physics_did(tmp_path: Path) -> None:
    for model, name in ((QUALITY_MODEL, QUALITY_MODEL.name), (None, "liver-mre quality numbers")):
        group = groups(make_judged(model=model), tmp_path)[-1]
        words = {item.name.meaning: item.value for item in group[0].ContentSequence if item.ValueType == "TEXT"}
        assert words["Algorithm Name"] == name
    judge = ("QC-JUDGE", "JUDGE-PHYSICS")
    assert judge in said(groups(make_judged(model=None), tmp_path)[0])


@pytest.mark.parametrize(
    ("out_of_domain", "reason"),
    [((), "ND-BREATHING"), (("liver_x_mm", "axial"), "UNLIKE-LIVER")],
    ids=["failed", "out of domain"],
)
def test_a_refused_exam_has_its_coded_reason_and_no_number(
    out_of_domain: tuple[str, ...], reason: str, tmp_path: Path
) -> None:
    content = make_failed(out_of_domain=out_of_domain)
    exam, *slices = groups(content, tmp_path)
    assert {(QUALITY.value, "RID14"), ("NOT-EVALUABLE", reason)} <= said(exam)
    assert exam.tracking_uid == content.tracking_uid
    assert len(slices) == SLICES
    for group in slices:
        assert (QUALITY.value, "RID14") in said(group)
    assert all(group.get_measurements() == [] for group in (exam, *slices))


def test_without_quality_control_nothing_is_said_of_slices(tmp_path: Path) -> None:
    exam, _ = groups(make_content(), tmp_path)
    assert not {"QC-JUDGE", QUALITY.value} & {name for name, _ in said(exam)}


def test_every_cause_and_number_has_a_code() -> None:
    for cause in CAUSES:
        assert codes.not_evaluable(f"not_diagnostic_{cause}").value.startswith("ND-")
        assert codes.private(f"cause_{cause}").value.startswith("CAUSE-")
    for name in UNITS:
        assert codes.private(f"check_{name}").value.startswith("QC-")
    assert codes.not_evaluable("not_diagnostic").value == "ND-OTHER"
    assert codes.not_evaluable("unlike_liver_elastogram").value == "UNLIKE-LIVER"
    assert codes.not_evaluable("no_magnitude").value == "NO-MAGNITUDE"


def test_words_name_slices_causes_doubts_and_a_hint() -> None:
    finding = make_judged().finding
    quality = finding.quality
    assert quality is not None
    assert quality_words(finding) == "amber, 3 of 4 slices diagnostic"
    unmeasured = changed(make_judged(), measurement=None, reason=Reason("area_too_small", "Too small.")).finding
    assert quality_words(unmeasured) == "red, 3 of 4 slices diagnostic, but none measured"
    assert excluded_words(quality) == "slice 3: breathing or misregistration"
    assert doubt_words(quality) == "wave snr (slice 2)"
    assert quality_sentence(finding) == (
        "Quality control (network and physics): amber, 3 of 4 slices diagnostic. Not diagnostic: slice 3: breathing or "
        "misregistration. Unusual: wave snr (slice 2). Repeat at the end of expiration, and practise the breath-hold "
        "with the patient first."
    )
    assert quality_sentence(make_content().finding) == ""
    refused = make_failed(out_of_domain=("axial",)).finding
    assert "not like an axial elastogram of a liver (unusual: axial)" in quality_sentence(refused)
    assert doubt_words(make_quality(lost={}, votes=6)) == "divided votes (slices 1, 2, 3, 4); wave snr (slice 2)"
