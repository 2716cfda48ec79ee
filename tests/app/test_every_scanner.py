"""One simulated patient gives the same stiffness in every scanner's encoding, and none with a wrong unit."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from pydicom import dcmread

from liver_mre import measure_folder
from liver_mre.settings import Settings
from simulation.encodings import ENCODINGS
from simulation.encodings.modifiers import MODIFIERS
from simulation.encodings.types import SeriesKind
from simulation.exams.simulate import simulate_exam

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from liver_mre.results.result import StudyResult
    from simulation.types import SimulatedExam

SEED = 4711
MAGNITUDE_OPTIONAL = Settings(require_magnitude=False)
REFERENCE = "siemens-gre"
WITHOUT_MAGNITUDE = "ge-masked-only"
"""GE's magnitude has no positions, and a masked elastogram alone does not tell the order of its slices."""


@pytest.fixture(scope="module")
def exam() -> SimulatedExam:
    return simulate_exam(SEED, stage="F3")


def measured(exam: SimulatedExam, encoding: str, folder: Path, *modifiers: str) -> StudyResult:
    ENCODINGS[encoding](exam, folder, modifiers=modifiers)
    (study,) = measure_folder(folder, MAGNITUDE_OPTIONAL).studies
    return study


@pytest.fixture(scope="module")
def reference_of(
    exam: SimulatedExam, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[tuple[str, ...]], StudyResult]:
    """Return a function that measures the exam in Siemens' encoding, with given network channels."""

    @cache
    def measure(channels: tuple[str, ...]) -> StudyResult:
        encoding = "siemens-masked-only" if channels[0] == "masked_stiffness" else REFERENCE
        written = ENCODINGS[encoding](exam, tmp_path_factory.mktemp("reference") / "study")
        for series in written.series:
            if series.kind == SeriesKind.MAGNITUDE and "magnitude" not in channels:
                for file in series.files:
                    file.unlink()
        (study,) = measure_folder(written.folder, MAGNITUDE_OPTIONAL).studies
        assert study.findings[0].provenance.network_channels == channels
        return study

    return measure


def test_a_study_with_fewer_images_gives_a_similar_stiffness(
    reference_of: Callable[[tuple[str, ...]], StudyResult],
) -> None:
    confident, masked = ("stiffness", "confident"), ("masked_stiffness",)
    everything = reference_of((*confident, "magnitude")).measurement
    assert everything is not None
    for channels in (confident, (*masked, "magnitude"), masked):
        found = reference_of(channels).measurement
        assert found is not None
        assert found.mean_kpa == pytest.approx(everything.mean_kpa, rel=0.1)


@pytest.mark.parametrize("encoding", [name for name in ENCODINGS if name != REFERENCE])
def test_every_encoding_gives_the_same_stiffness_and_stage(
    exam: SimulatedExam, reference_of: Callable[[tuple[str, ...]], StudyResult], encoding: str, tmp_path: Path
) -> None:
    study = measured(exam, encoding, tmp_path / "study")
    assert study.measurement is not None, study.reason
    channels = study.findings[0].provenance.network_channels
    assert ("magnitude" in channels) == (encoding != WITHOUT_MAGNITUDE)
    reference = reference_of(channels)
    assert reference.measurement is not None
    # The mask of GE's hatched elastogram is closed, so it is less exact than a confidence map.
    allowed = 0.05 if encoding in {"ge-masked-only", "ge-stgry"} else 0.005
    assert study.measurement.mean_kpa == pytest.approx(reference.measurement.mean_kpa, rel=allowed)
    assert study.staging is not None
    assert reference.staging is not None
    for part in ("profile", "category", "metavir_min", "metavir_max", "significant_fibrosis", "crossed_kpa"):
        assert getattr(study.staging, part) == getattr(reference.staging, part)


@pytest.mark.parametrize(("encoding", "refusal"), [(REFERENCE, None), (WITHOUT_MAGNITUDE, "no_magnitude")])
def test_the_one_encoding_without_magnitude_is_refused_where_one_is_required(
    exam: SimulatedExam, encoding: str, refusal: str | None, tmp_path: Path
) -> None:
    ENCODINGS[encoding](exam, tmp_path)
    (study,) = measure_folder(tmp_path).studies
    assert (study.reason and study.reason.code) == refusal


@pytest.mark.parametrize("modifier", [name for name in MODIFIERS if name != "crowded"])
@pytest.mark.parametrize("encoding", ["ge-gre", "philips-enhanced"])
def test_changes_made_on_the_way_do_not_change_the_stiffness(
    exam: SimulatedExam,
    reference_of: Callable[[tuple[str, ...]], StudyResult],
    encoding: str,
    modifier: str,
    tmp_path: Path,
) -> None:
    study = measured(exam, encoding, tmp_path / "study", modifier)
    if modifier == "anonymised" and encoding == "philips-enhanced":
        assert study.measurement is None
        assert study.reason is not None
        assert study.reason.code == "no_stiffness_series"
        return
    assert study.measurement is not None, study.reason
    reference = reference_of(study.findings[0].provenance.network_channels)
    assert reference.measurement is not None
    assert study.measurement.mean_kpa == pytest.approx(reference.measurement.mean_kpa, rel=0.005)


LABELS = {
    "GE": {"Manufacturer": "GE MEDICAL SYSTEMS", "SequenceName": "", "PulseSequenceName": ""},
    "Siemens": {"Manufacturer": "SIEMENS", "SequenceName": "greMR"},
}


@pytest.mark.parametrize("window", ["kept", "removed"])
@pytest.mark.parametrize(
    ("encoding", "label", "stage"),
    [("ge-stgry", "Siemens", "F0"), ("ge-masked-only", "Siemens", "F0"), (REFERENCE, "GE", "F4")],
)
def test_a_study_labelled_as_another_vendors_is_refused(
    encoding: str, label: str, stage: str, window: str, tmp_path: Path
) -> None:
    """The stiffness is chosen so that ten times too much, or too little, is still plausible for a liver."""
    folder = tmp_path / "study"
    stiffness_kpa = 1.7 if stage == "F0" else 9.0
    ENCODINGS[encoding](simulate_exam(SEED, stage=stage, liver_stiffness_kpa=stiffness_kpa), folder)
    for path in folder.iterdir():
        dataset = dcmread(path)
        private = [element.tag for element in dataset if element.tag.is_private]
        for tag in private:
            del dataset[tag]
        for keyword, value in LABELS[label].items():
            setattr(dataset, keyword, value)
        dataset.SeriesDescription = _named_as(label, str(dataset.SeriesDescription))
        if window == "removed":
            for keyword in ("WindowCenter", "WindowWidth"):
                dataset.pop(keyword, None)
        dataset.save_as(path)
    (study,) = measure_folder(folder, MAGNITUDE_OPTIONAL).studies
    assert study.measurement is None
    assert study.reason is not None
    assert study.reason.code in {"unknown_unit", "implausible_stiffness"}, study.reason


def _named_as(label: str, description: str) -> str:
    """Return the other vendor's name for such a series."""
    words = description.casefold()
    masked = "mask" in words or "c95" in words
    if "elastogram" not in words and "stiff" not in words:
        return description
    if label == "Siemens":
        return "greMRE_P_StiffC95" if masked else "greMRE_P_Stiff"
    return "Elastogram masked" if masked else "Elastogram"
