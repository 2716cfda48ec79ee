"""What becomes of a study before it arrives; whatever it is, the pixels of the stiffness stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom import dcmread

from simulation.encodings import ENCODINGS
from simulation.encodings.modifiers import MODIFIERS
from simulation.encodings.series_names import SERIES_NAMES
from tests.simulation.exam_factory import make_exam
from tests.simulation.read_images import by_slice, images, of_kind
from tests.tools import debian_tool, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.encodings.types import WrittenStudy

    Written = Callable[..., WrittenStudy]

EXAM = make_exam()
SCANNERS = pytest.mark.parametrize("encoding", ["siemens-gre", "ge-gre", "siemens-xa", "philips-enhanced"])
CALM = [name for name in MODIFIERS if name != "crowded"]
SUM_KPA = EXAM.stiffness_kpa.sum(dtype=np.float64)


@pytest.mark.parametrize("modifier", CALM)
@SCANNERS
def test_objects_stay_valid_and_simulated(encoding: str, modifier: str, written: Written) -> None:
    tool = debian_tool("dciodvfy")
    for series in of_kind(written(encoding, modifier), "stiffness", "confidence", "raw"):
        report = run([tool, series.files[0]])
        assert "Error" not in report, report
        assert dcmread(series.files[0]).ImageComments == "SIMULATED DATA, no patient. Research use only."


@pytest.mark.parametrize("modifier", [name for name in CALM if name not in {"repeat", "gre+epi"}])
@SCANNERS
def test_the_stiffness_of_the_whole_exam_stays(encoding: str, modifier: str, written: Written) -> None:
    seen = [one for series in of_kind(written(encoding, modifier), "stiffness") for one in images(series.files)]
    total_kpa = sum(float(one.stored.sum(dtype=np.int64)) * one.kpa_per_count() for one in seen)
    np.testing.assert_allclose(total_kpa, SUM_KPA, rtol=0.003)


def test_an_anonymised_study_has_lost_its_words_and_private_elements(written: Written) -> None:
    for file in written("ge-gre", "anonymised").folder.iterdir():
        ds = dcmread(file)
        assert not {"SeriesDescription", "ProtocolName", "StudyDescription", "InstitutionName"} & set(ds.dir())
        assert not any(element.tag.is_private for element in ds)
        assert ds.PatientIdentityRemoved == "YES"


@pytest.mark.parametrize("language", sorted(SERIES_NAMES))
@SCANNERS
def test_a_renamed_study_bears_the_new_names_in_its_character_set(
    encoding: str, language: str, written: Written
) -> None:
    study = written(encoding, language)
    for series in study.series:
        if series.kind in SERIES_NAMES[language]:
            assert dcmread(series.files[0]).SeriesDescription == SERIES_NAMES[language][series.kind]


@SCANNERS
def test_a_failed_run_comes_before_its_repeat(encoding: str, written: Written) -> None:
    study = written(encoding, "repeat")
    kind = "stiffness_masked" if of_kind(study, "stiffness_masked") else "confidence"
    failed, good = (images(series.files) for series in of_kind(study, kind))
    assert max(one.acquired for one in failed) < min(one.acquired for one in good)
    if kind == "stiffness_masked":
        assert not any(one.stored.any() for one in failed)
        assert all(one.stored.any() for one in good)
    else:
        assert max(one.stored.max() for one in failed) < 0.95 / 0.98 * max(one.stored.max() for one in good)


def test_gre_and_epi_are_two_acquisitions_with_names_of_their_own(written: Written) -> None:
    gre, epi = of_kind(written("siemens-gre", "gre+epi"), "stiffness")
    names = [dcmread(series.files[0]).SequenceName for series in (gre, epi)]
    assert names == ["greMR", "epseMR"]
    assert epi.number == gre.number + 10


@SCANNERS
def test_breath_holds_are_series_of_one_slice(encoding: str, written: Written) -> None:
    study = written(encoding, "breath-holds")
    found = of_kind(study, "stiffness")
    assert len(found) == len(EXAM.stiffness_kpa)
    assert {one.images for one in found} == {1}
    assert len({one.series_instance_uid for one in found}) == len(found)
    positions = [images(one.files)[0].position[2] for one in found]
    assert sorted(positions, reverse=True) == list(study.slice_z_mm)


def test_shuffled_images_are_in_no_order_but_raw_ones_keep_theirs(written: Written) -> None:
    study, plain = written("ge-gre", "shuffled"), written("ge-gre")
    for kind, stays in (("stiffness", False), ("raw", True)):
        (mixed,), (tidy,) = of_kind(study, kind), of_kind(plain, kind)
        stored, before = ([one.stored for one in images(series.files)] for series in (mixed, tidy))
        same = all(np.array_equal(a, b) for a, b in zip(stored, before, strict=True))
        assert same is stays
    names = [file.name for series in study.series for file in series.files]
    assert names != [file.name for series in plain.series for file in series.files]
    assert sorted(names) == sorted(file.name for file in plain.folder.iterdir())


@SCANNERS
def test_oblique_slices_keep_their_distances_and_are_not_axial(encoding: str, written: Written) -> None:
    seen = by_slice(written(encoding, "oblique"), "stiffness")
    along_row, along_column = seen[0].directions
    normal = np.cross(along_row, along_column)
    np.testing.assert_allclose([np.linalg.norm(normal), along_row @ along_column], [1.0, 0.0], atol=1e-6)
    assert 0.9 < abs(normal[2]) < 0.99
    steps = np.diff([one.position @ normal for one in seen])
    np.testing.assert_allclose(np.abs(steps), EXAM.slice_spacing_mm, atol=1e-4)


def test_feet_first_changes_numbers_and_no_place(written: Written) -> None:
    turned, plain = (of_kind(written("siemens-gre", *mods), "stiffness")[0] for mods in (("feet-first",), ()))
    assert {one.whole.PatientPosition for one in images(turned.files)} == {"FFS"}
    z = [[one.position[2] for one in images(series.files)] for series in (turned, plain)]
    assert z[0] == z[1][::-1]


@pytest.mark.parametrize("encoding", ["siemens-gre", "ge-gre"])
def test_a_drawn_contour_is_the_edge_of_the_true_liver(encoding: str, written: Written) -> None:
    for level, one in enumerate(by_slice(written(encoding, "with-contour"), "stiffness")):
        line = one.whole.overlay_array(0x6000).astype(bool)
        assert line.shape == one.stored.shape
        rows, columns = np.nonzero(line)
        liver = np.argwhere(EXAM.truth.liver[level])
        corners = [one.at(rows.min(), columns.min()), one.at(rows.max(), columns.max())]
        plain = by_slice(written("siemens-gre"), "stiffness")[level]
        np.testing.assert_allclose(corners, [plain.at(*liver.min(axis=0)), plain.at(*liver.max(axis=0))], atol=1e-4)
        assert 0 < line.sum() < EXAM.truth.liver[level].sum()


@SCANNERS
def test_signed_images_hold_the_same_values(encoding: str, written: Written) -> None:
    for one, plain in zip(
        by_slice(written(encoding, "signed"), "stiffness"), by_slice(written(encoding), "stiffness"), strict=True
    ):
        assert (one.whole.PixelRepresentation, one.whole.BitsStored) == (1, 16)
        assert one.stored.dtype == np.int16
        np.testing.assert_array_equal(one.stored, plain.stored)


def test_a_crowd_is_two_thousand_tiny_images_in_twenty_series() -> None:
    plan = ENCODINGS["siemens-xa"].plan(EXAM, ["crowded"])
    crowd = [series for series in plan.series if series.kind == "unrelated"]
    assert (len(crowd), sum(len(series.images) for series in crowd)) == (20, 2000)
    assert {image.stored.nbytes for series in crowd for image in series.images} == {128}
    assert not {series.number for series in crowd} & {series.number for series in plan.series if series not in crowd}


def test_modifiers_combine(written: Written) -> None:
    study = written("ge-gre", "repeat", "breath-holds", "oblique", "anonymised")
    assert len(of_kind(study, "stiffness")) == 2 * len(EXAM.stiffness_kpa)
    for series in of_kind(study, "stiffness"):
        (one,) = images(series.files)
        assert abs(one.directions[0, 0]) < 0.999
        assert "SeriesDescription" not in one.whole
