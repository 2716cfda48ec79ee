"""What becomes of a study before it arrives: repeated, split, renamed, anonymised, shuffled, turned, crowded.

Modifiers do not depend on the scanner and can be combined; those of scans change what is acquired, those of plans what
is written of it. What each does is ours, after what hospitals are known to send.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.encodings.geometry import oblique_rotation, outline, turned
from simulation.encodings.parts import T2_SEQUENCE
from simulation.encodings.series_names import WORDS
from simulation.encodings.types import Form, Image, Kind, Placement, Scan, SeriesPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulation.encodings.types import StudyPlan
    from simulation.types import SimulatedExam

    ScanModifier = Callable[[tuple[Scan, ...]], tuple[Scan, ...]]
    PlanModifier = Callable[[StudyPlan, SimulatedExam], StudyPlan]

WEAK: Final = 0.15
"""Share of the motion that a driver with a loose tube leaves."""
WEAK_CONFIDENCE: Final = 0.955
"""Factor on the confidence of a failed run, after which 95 % is reached nearly nowhere."""
EPI_CONFIDENCE: Final = 0.99
"""Factor on the confidence of the second sequence, so that the two runs do not measure the same area."""
CROWD: Final = (20, 100)
"""Unrelated series, and images in each: 2,000 images."""
CROWD_PIXELS: Final = 8
LARGEST_SIGNED: Final = 32767


def _repeat(scans: tuple[Scan, ...]) -> tuple[Scan, ...]:
    """Put a failed run before every run: the driver hardly moved, so nearly nothing is confident."""
    found: list[Scan] = []
    for scan in scans:
        failed = replace(scan, exam=_weakened(scan.exam))
        found += [failed, scan]
    return _numbered(found)


def _gre_and_epi(scans: tuple[Scan, ...]) -> tuple[Scan, ...]:
    """Add a run with the other sequence. It shows the same anatomy with the same stiffness, a little less confident."""
    other = {"gre": "epi", "epi": "gre"}
    added = []
    for scan in scans:
        exam = replace(scan.exam, confidence=scan.exam.confidence * np.float32(EPI_CONFIDENCE))
        added.append(replace(scan, exam=exam, sequence=other[scan.sequence]))
    return _numbered([*scans, *added])


def _numbered(scans: list[Scan]) -> tuple[Scan, ...]:
    return tuple(replace(scan, number=number) for number, scan in enumerate(scans, start=1))


def _weakened(exam: SimulatedExam) -> SimulatedExam:
    grain = np.random.default_rng(exam.seed).normal(1.0, 0.25, exam.stiffness_kpa.shape)
    return replace(
        exam,
        wave_um=exam.wave_um * np.float32(WEAK),
        phase_rad=exam.phase_rad * np.float32(WEAK),
        stiffness_kpa=(exam.stiffness_kpa * np.clip(grain, 0.3, None)).astype(np.float32),
        confidence=exam.confidence * np.float32(WEAK_CONFIDENCE),
    )


def _anonymised(plan: StudyPlan, exam: SimulatedExam) -> StudyPlan:
    """Remove descriptions, protocol names, comments and private elements, as basic confidentiality profiles do.

    The comments then say that the image is simulated, which is ours.
    """
    del exam
    bare = [replace(one, description="", protocol="", comments="", private_name="") for one in plan.series]
    return replace(plan, series=tuple(bare), description="", anonymised=True)


def _renamed(plan: StudyPlan, exam: SimulatedExam, *, words: Mapping[Kind, str]) -> StudyPlan:
    """Name the series of the elastography in other words."""
    del exam
    named = [
        replace(one, description=words[one.kind], protocol="Abdomen") if one.kind in words else one
        for one in plan.series
    ]
    return replace(plan, series=tuple(named))


def _breath_holds(plan: StudyPlan, exam: SimulatedExam) -> StudyPlan:
    """Make every slice of the elastography a series of its own."""
    del exam
    found: list[SeriesPlan] = []
    for series in plan.series:
        if not series.acquisition:
            found.append(series)
            continue
        levels = sorted({image.level for image in series.images if image.level is not None})
        for hold, level in enumerate(levels, start=1):
            images = tuple(image for image in series.images if image.level == level)
            found.append(replace(series, number=100 * series.number + hold, images=images))
    return replace(plan, series=tuple(found))


def _shuffled(plan: StudyPlan, exam: SimulatedExam) -> StudyPlan:
    """Give images and files numbers at random; where only their order tells images apart, files alone."""
    rng = np.random.default_rng(exam.seed)
    mixed = []
    for series in plan.series:
        order = rng.permutation(len(series.images))
        images = tuple(series.images[index] for index in order)
        mixed.append(series if series.order_matters else replace(series, images=images))
    return replace(plan, series=tuple(mixed), shuffled_names=True)


def _oblique(plan: StudyPlan, exam: SimulatedExam) -> StudyPlan:
    """Turn everything whose place is known."""
    del exam
    rotation = oblique_rotation()
    return _with_images(
        plan, lambda image: replace(image, placement=turned(image.placement, rotation)) if _is_placed(image) else image
    )


def _feet_first(plan: StudyPlan, exam: SimulatedExam) -> StudyPlan:
    """Let the patient lie feet first. Patient coordinates do not change; the images are numbered the other way."""
    del exam
    series = [one if one.order_matters else replace(one, images=_upside_down(one)) for one in plan.series]
    return replace(plan, series=tuple(series), patient_position="FFS")


def _upside_down(series: SeriesPlan) -> tuple[Image, ...]:
    slices = [list(images) for _, images in groupby(series.images, key=lambda image: image.placement.position_mm)]
    return tuple(image for images in reversed(slices) for image in images)


def _with_contour(plan: StudyPlan, exam: SimulatedExam) -> StudyPlan:
    """Draw the liver's true outline on the stiffness maps, in overlay group 6000; enhanced objects have none."""

    def drawn(image: Image) -> Image:
        if image.level is None:
            return image
        return replace(image, contour=outline(exam.truth.liver[image.level], image.stored.shape))

    maps = {Kind.STIFFNESS, Kind.STIFFNESS_MASKED}
    series = [
        replace(one, images=tuple(map(drawn, one.images))) if one.kind in maps and one.form is Form.CLASSIC else one
        for one in plan.series
    ]
    return replace(plan, series=tuple(series))


def _signed(plan: StudyPlan, exam: SimulatedExam) -> StudyPlan:
    """Store every grey image as signed numbers of 16 bits."""
    del exam
    series = [
        one if one.form is Form.SECONDARY_CAPTURE else _with_sign(replace(one, bits=16, signed=True))
        for one in plan.series
    ]
    return replace(plan, series=tuple(series))


def _with_sign(series: SeriesPlan) -> SeriesPlan:
    images = [replace(one, stored=np.minimum(one.stored, LARGEST_SIGNED).astype(np.int16)) for one in series.images]
    return replace(series, images=tuple(images))


def _crowded(plan: StudyPlan, exam: SimulatedExam) -> StudyPlan:
    """Surround the elastography with unrelated dynamic series of tiny images."""
    del exam
    placement = Placement((-150.0, -150.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0), (40.0, 40.0), 3.0)
    pixels = np.arange(CROWD_PIXELS**2, dtype=np.uint16).reshape(CROWD_PIXELS, CROWD_PIXELS)
    series_count, image_count = CROWD
    crowd = [
        SeriesPlan(
            kind=Kind.UNRELATED,
            number=9000 + number,
            description=f"t1_vibe_dyn_{number:02d}",
            protocol="t1_vibe_dyn",
            image_type=("ORIGINAL", "PRIMARY", "M", "ND"),
            sequence=T2_SEQUENCE,
            images=tuple(
                Image(pixels, replace(placement, position_mm=(-150.0, -150.0, 3.0 * level)), 7200.0 + 20.0 * number)
                for level in range(image_count)
            ),
            window=(32.0, 64.0),
        )
        for number in range(1, series_count + 1)
    ]
    return replace(plan, series=(*plan.series, *crowd))


def _with_images(plan: StudyPlan, change: Callable[[Image], Image]) -> StudyPlan:
    series = [replace(one, images=tuple(map(change, one.images))) for one in plan.series]
    return replace(plan, series=tuple(series))


def _is_placed(image: Image) -> bool:
    return image.placement.position_mm != (0.0, 0.0, 0.0)


SCAN_MODIFIERS: Final[Mapping[str, ScanModifier]] = {"repeat": _repeat, "gre+epi": _gre_and_epi}
PLAN_MODIFIERS: Final[Mapping[str, PlanModifier]] = {
    "anonymised": _anonymised,
    **{name: partial(_renamed, words=words) for name, words in WORDS.items()},
    "breath-holds": _breath_holds,
    "shuffled": _shuffled,
    "oblique": _oblique,
    "feet-first": _feet_first,
    "with-contour": _with_contour,
    "signed": _signed,
    "crowded": _crowded,
}
MODIFIERS: Final = (*SCAN_MODIFIERS, *PLAN_MODIFIERS)
"""Their names on the command line."""
