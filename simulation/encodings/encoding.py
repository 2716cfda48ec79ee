"""An encoding: how one scanner writes an exam as a folder of DICOM files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.encodings import classic, enhanced, parts
from simulation.encodings.headers import STUDY_DATE, Identity, patient_and_study
from simulation.encodings.modifiers import PLAN_MODIFIERS, SCAN_MODIFIERS
from simulation.encodings.types import Form, Scan, StudyPlan, WrittenStudy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from simulation.encodings.types import SeriesPlan, Survey
    from simulation.types import SimulatedExam

    Acquire = Callable[[Scan], Sequence[SeriesPlan]]

SERIES_PER_ACQUISITION: Final = 10


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one scanner writes an exam; call it to write one."""

    name: str  # on the command line
    holds: str  # content of its studies, in words
    equipment: Mapping[str, object]  # attributes of every image
    survey: Survey  # series before the elastography
    acquire: Acquire  # plans the series of one acquisition, numbered as in the first one
    sequence: str = "gre"  # or epi
    form: Form = Form.CLASSIC
    file_name: str = "{patient}_{series:05d}_{image:05d}.dcm"  # pattern with `patient`, `series`, `image` and `date`
    variant: str | None = None  # distinguishes its UIDs from those of other encodings of the exam; by default its name

    def __call__(
        self, exam: SimulatedExam, out: Path, *, patient_id: str = "SIM-0001", modifiers: Sequence[str] = ()
    ) -> WrittenStudy:
        """Write an exam to a folder as this scanner would; equal arguments give equal UIDs and files.

        `modifiers` are names in `MODIFIERS`, applied in this order.
        """
        out.mkdir(parents=True, exist_ok=True)
        variant = self.name if self.variant is None else self.variant
        variant = "+".join([variant, *modifiers]) if modifiers else variant
        identity = Identity(exam.seed, patient_id, variant, exam.recipe)
        plan = self.plan(exam, modifiers)
        return _write(plan, identity, out, parts.slice_z_mm(exam))

    def plan(self, exam: SimulatedExam, modifiers: Sequence[str] = ()) -> StudyPlan:
        """Return the study that the scanner would write."""
        scans: tuple[Scan, ...] = (Scan(exam, self.sequence),)
        for name in modifiers:
            if name in SCAN_MODIFIERS:
                scans = SCAN_MODIFIERS[name](scans)
        series = (
            *parts.survey(scans[0], self.survey),
            *(
                replace(one, number=one.number + SERIES_PER_ACQUISITION * (scan.number - 1), acquisition=scan.number)
                for scan in scans
                for one in self.acquire(scan)
            ),
        )
        plan = StudyPlan(
            equipment=self.equipment,
            series=tuple(self._formed(one) for one in series),
            description="liver MR elastography",
            file_name=self.file_name,
            exam=exam,
        )
        for name in modifiers:
            if name in PLAN_MODIFIERS:
                plan = PLAN_MODIFIERS[name](plan)
        return plan

    def _formed(self, series: SeriesPlan) -> SeriesPlan:
        if series.form is Form.SECONDARY_CAPTURE:
            return series
        if self.form is Form.ENHANCED:
            # All frames of an object have one size: of the localizer, the axial plane remains.
            size = series.images[0].stored.shape
            series = replace(series, images=tuple(one for one in series.images if one.stored.shape == size))
        return replace(series, form=self.form)


def _write(plan: StudyPlan, identity: Identity, out: Path, z_mm: tuple[float, ...]) -> WrittenStudy:
    common = patient_and_study(plan, identity)
    names = _file_names(plan, identity.patient_id)
    found = []
    for series in plan.series:
        files = [out / name for name in names[series.number]]
        if series.form is Form.ENHANCED:
            found.append(enhanced.write_series(series, common, identity, files[0]))
        else:
            found.append(classic.write_series(series, common, identity, files))
    return WrittenStudy(out, str(common.StudyInstanceUID), tuple(found), z_mm)


def _file_names(plan: StudyPlan, patient_id: str) -> dict[int, list[str]]:
    """Return the file names by series number, permuted if they are shuffled."""
    slots = [
        (series.number, number)
        for series in plan.series
        for number in range(1, 2 if series.form is Form.ENHANCED else len(series.images) + 1)
    ]
    names = [plan.file_name.format(patient=patient_id, series=s, image=n, date=STUDY_DATE) for s, n in slots]
    if plan.shuffled_names:
        names = list(np.random.default_rng(plan.exam.seed).permutation(names))
    by_series: dict[int, list[str]] = {series.number: [] for series in plan.series}
    for (number, _), name in zip(slots, names, strict=True):
        by_series[number].append(str(name))
    return by_series
