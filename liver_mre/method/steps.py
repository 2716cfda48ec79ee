"""The method as one table of steps, from which the graph, timings, progress, `qc` and all runners follow.

To add a step, write its function in a module of its own and enter it here. A step may name an operator that is not in
`app/application.py`: the graph then runs it in a plain `StepOperator`.
"""

from __future__ import annotations

from typing import Final

from liver_mre.method.choose_acquisition import choose_acquisition
from liver_mre.method.judge_quality import judge_quality
from liver_mre.method.load_pixels import load_pixels
from liver_mre.method.measure_stiffness import measure_stiffness
from liver_mre.method.segment_liver import prepare_input, segment_liver
from liver_mre.method.select_acquisitions import plan_study, select_acquisitions
from liver_mre.method.stage_fibrosis import stage_fibrosis
from liver_mre.method.stages import Judged, Loaded, Measured, Prepared, Segmented, Selected
from liver_mre.method.write_results import (
    OVERLAY_FILES,
    SEG_FILES,
    SR_FILES,
    write_overlay,
    write_report,
    write_segmentation,
)
from liver_mre.workflow.step import ItemStep, Step, StudyStep, Writer

STEPS: Final[tuple[StudyStep | ItemStep, ...]] = (
    StudyStep("list", "listing the series", "series_selection", plan_study),
    StudyStep("select", "finding the stiffness series", "series_selection", select_acquisitions),
    ItemStep("load", "reading stiffness", "series_selection", Selected, load_pixels),
    ItemStep("prepare", "windowing and resizing", "preprocess", Loaded, prepare_input),
    ItemStep("segment", "segmenting the liver", "liver_segmentation", Prepared, segment_liver),
    ItemStep("quality", "judging quality", "stiffness_measurement", Segmented, judge_quality),
    ItemStep("measure", "measuring stiffness", "stiffness_measurement", Judged, measure_stiffness),
    ItemStep("stage", "staging fibrosis", "staging", Measured, stage_fibrosis),
    StudyStep("choose", "choosing the acquisition to report", "staging", choose_acquisition),
)
WRITERS: Final[tuple[Writer, ...]] = (
    Writer("write_seg", "writing the segmentation", "segmentation_writer", SEG_FILES, write_segmentation),
    Writer("write_sr", "writing the structured report", "report_writer", SR_FILES, write_report),
    Writer("write_overlay", "writing the overlay", "overlay_writer", OVERLAY_FILES, write_overlay),
)
LAST_QC_STEP: Final = "measure"
"""`qc` runs the steps up to this one, to tell whether an acquisition can be measured; it does not show the value."""


def steps_until(name: str) -> tuple[Step, ...]:
    """Return the steps up to and including one."""
    names = [step.name for step in STEPS]
    return STEPS[: names.index(name) + 1]


def result_files() -> dict[str, str]:
    """Return the file name of every kind of result."""
    return {kind: name for writer in WRITERS for kind, name in writer.files.items()}
