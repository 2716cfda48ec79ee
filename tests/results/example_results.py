"""A run with one study of every status, for tests of `result.json`."""

from __future__ import annotations

from dataclasses import replace

from liver_mre.measurement.change import Change, Prior
from liver_mre.measurement.interval import StiffnessInterval
from liver_mre.measurement.measure import ContourMeasurement, SliceMeasurement, StiffnessMeasurement
from liver_mre.measurement.region import RemovedArea
from liver_mre.measurement.region_rules import Removal
from liver_mre.measurement.staging import CategoryProbability, Staging
from liver_mre.results.finding import FailedFinding, MeasuredFinding, NotEvaluableFinding, Provenance, SeriesIdentity
from liver_mre.results.result import RunResult, StudyResult
from liver_mre.series.acquisition import UnitEvidence
from liver_mre.series.decisions import SeriesDecision
from liver_mre.series.roles import Role
from liver_mre.workflow.outcome import OutputFile, Reason, RunStatus
from tests.volumes import MODEL

MEASUREMENT = StiffnessMeasurement(
    mean_kpa=2.799613,
    sd_kpa=0.41,
    median_kpa=2.7,
    p25_kpa=2.5,
    p75_kpa=3.0,
    area_cm2=80.0,
    liver_area_cm2=160.0,
    slices=(SliceMeasurement(1, "1.2.3.4", 2.799613, 0.41, 2.7, 80.0),),
    interval=StiffnessInterval(2.6, 3.0, 0.95, 0.02, 0.01, 0.02, "simulated-1"),
    removed=(RemovedArea(Removal.EDGE, 12.5), RemovedArea(Removal.VESSEL, 0.0)),
)
CHANGE = Change(
    Prior(3.4, "20240301", "101500", ("liver-mre 0.1.0", "net 1.0"), "1.2.8", "1.2.7"),
    kpa=-0.600387,
    percent=-17.658,
    threshold_percent=19.0,
    exceeds=False,
    same_versions=True,
)
UNIT = UnitEvidence(0.01, 0.0, "vendor_rule", "Siemens: 0.01 kPa a count")
STAGING = Staging(
    "wu_2015",
    "<F2",
    "F0",
    "F1",
    significant_fibrosis=False,
    significant_cutoff_kpa=2.8,
    probabilities=(CategoryProbability("<F2", 0.51), CategoryProbability(">=F2", 0.49)),
    significant_probability=0.49,
    crossed_kpa=(2.8,),
)
PROVENANCE = Provenance(UNIT, MODEL, notes=("A note.",), network_channels=("stiffness", "confident", "magnitude"))
SERIES = SeriesIdentity("1.2.3.9", 7, "greMRE_P_Stiff")
FINDING = MeasuredFinding(
    SERIES, PROVENANCE, MEASUREMENT, STAGING, contour=ContourMeasurement(2.9, 41.5), change=CHANGE
)
FAILED_FINDING = FailedFinding(SeriesIdentity("1.2.3.8", 17, "greMRE_P_Stiff"), Reason("missing_slices", "Missing.", 4))
MEASURED = StudyResult(
    study_instance_uid="1.2.3",
    findings=(FINDING, FAILED_FINDING),
    chosen=0,
    reported=(0,),
    input_series=(SeriesDecision("1.2.3.9", 7, "greMRE_P_Stiff", 4, Role.STIFFNESS, used=True, reason="Stiffness."),),
    outputs=(OutputFile("seg", "1.2.3/seg.dcm", "1.2.3.5"), OutputFile("preview", "1.2.3/overlay.png", None)),
    warnings=("A warning.",),
    timings_s={"load": 0.25},
)
REASON = Reason("no_liver", "No liver was found.", 0)
NOT_EVALUABLE = replace(
    MEASURED, findings=(NotEvaluableFinding(SERIES, PROVENANCE, REASON), FAILED_FINDING), outputs=()
)
FAILED = StudyResult("1.2.4", failure=Reason("missing_slices", "Slices are missing.", 4))
SKIPPED = StudyResult("1.2.5", failure=Reason("no_mre_series", "No MRE series.", 3))
RUN = RunResult(RunStatus.COMPLETED, 0, (MEASURED, NOT_EVALUABLE, SKIPPED), (MODEL,), version="1.2.0")
