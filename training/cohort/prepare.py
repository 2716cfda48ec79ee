"""A site's own data: DICOM studies with livers outlined by readers, converted to exams.

Studies pass through the application's reader, selection and loader, so training and run time see the same input. Output
holds pseudonyms only.
"""

from __future__ import annotations

import csv
import secrets
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from liver_mre.errors import MreError
from liver_mre.measurement.staging import SIGNIFICANT_CUTOFF_KPA
from liver_mre.series.plan import plan_series
from liver_mre.series.scanner_rules_file import load_scanner_rules
from liver_mre.stiffness.magnitude import bright_magnitude
from liver_mre.stiffness.source import read_stiffness
from liver_mre.studies.headers import DIGEST_KEY_BYTES
from liver_mre.studies.reader import read_studies
from liver_mre.studies.scratch import Scratch
from training.cohort.exams import STAGES, Exam, digest_of, own_name, save_own, split_of_exam
from training.cohort.leakage import duplicates
from training.cohort.own_masks import MaskError, find_nifti, find_segmentations, read_nifti, read_segmentation
from training.cohort.store import CONFIDENCE_PER_COUNT, quantise_stiffness
from training.errors import CohortError
from training.files import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from liver_mre.series.acquisition import Acquisition
    from liver_mre.studies.study import PatientKey, Study
    from training.cohort.own_masks import DrawnMask

KEY_NAME: Final = "patients.key"
REPORT_NAME: Final = "report.json"
_MAX_LIVER_SHARE: Final = 0.5  # of the pixels
_MIN_PATIENTS: Final = 20  # per class


def prepare(
    data: Path, out: Path, *, masks: Path | None = None, stages: Path | None = None, label: int | None = None
) -> dict[str, Any]:
    """Convert studies and masks to exam files and report counts, problems and warnings.

    Raises `CohortError` if no exam could be prepared, a stage is unknown, or two patients share images.

    Parameters
    ----------
    data : folder of DICOM studies, which may include SEG objects
    out : folder for the exams, report.json and patients.key
    masks : folder of SEG objects, or of NIfTI masks named <StudyInstanceUID>.nii.gz or <SeriesInstanceUID of the
        stiffness series>.nii.gz; by default `data`
    stages : CSV file with the columns study_instance_uid and stage (F0 to F4)
    label : value of the liver in NIfTI masks of several labels

    Returns
    -------
    The report, as in report.json: exams, patients and classes by split, problems by study, warnings.
    """
    rules = load_scanner_rules()
    by_study = read_stages(stages) if stages else {}
    exams: list[Exam] = []
    problems: dict[str, str] = {}
    anonymous = 0
    with Scratch() as scratch:  # of archives
        drawn = _Masks.find(data, masks, label, scratch)
        for study in read_studies(data, scratch=scratch, digest_key=digest_key(out)).studies:
            uid = study.study_instance_uid
            try:
                selected = plan_series(study, rules).select()
                found = [_exam(study, one.acquisition, drawn, by_study.get(uid, "")) for one in selected]
            except (MreError, MaskError) as error:
                problems[uid] = str(error)
                continue
            key = study.series[0].first.patient_key
            anonymous += not (key.patient_id or key.name)
            exams += found
    if not exams:
        reasons = "; ".join(sorted(set(problems.values()))) or "there is no study"
        message = f"no exam could be prepared: {reasons}"
        raise CohortError(message)
    shared = duplicates(exams)
    if shared:
        message = (
            f"{len(shared)} groups of exams share images although their patients differ, first "
            f"{', '.join(shared[0])}: one patient may have two identities; remove one of them"
        )
        raise CohortError(message)
    for exam in exams:
        save_own(out, exam)
    report = balance(exams) | {"problems": problems}
    if anonymous:
        report["warnings"].append(
            f"{anonymous} studies have no patient ID or name: each is taken for another patient; check that this is so"
        )
    write_json(out / REPORT_NAME, report)
    return report


def balance(exams: Sequence[Exam]) -> dict[str, Any]:
    """Count patients, slices and classes per split, and warn of small classes."""
    by_split: dict[str, list[Exam]] = {"train": [], "validation": [], "test": []}
    for exam in exams:
        by_split[split_of_exam(exam)].append(exam)
    splits = {name: _counts(members) for name, members in by_split.items()}
    warnings = [f"the {name} split has no exam: add patients" for name, members in by_split.items() if not members]
    for words, count in (
        ("with significant fibrosis (≥2.8 kPa)", sum(part["significant_patients"] for part in splits.values())),
        (
            "without significant fibrosis",
            sum(part["patients"] - part["significant_patients"] for part in splits.values()),
        ),
    ):
        if count < _MIN_PATIENTS:
            warnings.append(f"only {count} patients {words}: too few for reliable results")
    return {"splits": splits, "warnings": warnings}


def _counts(exams: Sequence[Exam]) -> dict[str, Any]:
    significant = {exam.patient for exam in exams if exam.true_kpa >= SIGNIFICANT_CUTOFF_KPA}
    return {
        "patients": len({exam.patient for exam in exams}),
        "exams": len(exams),
        "slices": sum(len(exam.liver) for exam in exams),
        "slices_without_liver": sum(int(not image.any()) for exam in exams for image in exam.liver),
        "exams_without_measurable_liver": sum(int(np.isnan(exam.true_kpa)) for exam in exams),
        "significant_patients": len(significant),
        "stages": dict(sorted(Counter(exam.stage or "unknown" for exam in exams).items())),
        "masked_only": sum(exam.masked for exam in exams),
        "with_magnitude": sum(exam.magnitude is not None for exam in exams),
        "manufacturers": dict(Counter(str(exam.facts["manufacturer"]) for exam in exams)),
    }


def read_stages(path: Path) -> dict[str, str]:
    """Read METAVIR stages by StudyInstanceUID from a CSV file.

    Raises `CohortError` if a column is missing or a stage is not F0 to F4.
    """
    with path.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        if not {"study_instance_uid", "stage"} <= set(reader.fieldnames or ()):
            message = "the stage file needs the columns study_instance_uid and stage"
            raise CohortError(message)
        found = {row["study_instance_uid"].strip(): row["stage"].strip().upper() for row in reader}
    wrong = [number for number, value in enumerate(found.values(), start=2) if value not in STAGES]
    if wrong:
        message = f"line {wrong[0]} of the stage file: the stage must be one of {', '.join(STAGES)}"
        raise CohortError(message)
    return found


@dataclass(frozen=True, slots=True)
class _Masks:
    """SEG files and NIfTI masks by study or series."""

    segmentations: Mapping[str, Sequence[str]]
    nifti: Mapping[str, Path]
    label: int | None

    @classmethod
    def find(cls, data: Path, masks: Path | None, label: int | None, scratch: Scratch) -> _Masks:
        folder = masks or data
        if not folder.is_dir():
            message = "the folder of masks does not exist: check --masks"
            raise CohortError(message)
        segmentations = find_segmentations(data, scratch) | (find_segmentations(masks, scratch) if masks else {})
        return cls(segmentations, find_nifti(folder), label)

    def of(self, study: Study, acquisition: Acquisition) -> DrawnMask:
        for uid in (acquisition.series.series_instance_uid, study.study_instance_uid):
            if uid in self.nifti:
                return read_nifti(self.nifti[uid], self.label)
        files = self.segmentations.get(study.study_instance_uid, ())
        if not files:
            message = "the study has no mask: add a SEG object, or a NIfTI file named by its StudyInstanceUID"
            raise MaskError(message)
        if len(files) > 1:
            message = f"the study has {len(files)} SEG objects: keep one"
            raise MaskError(message)
        return read_segmentation(files[0])


def _exam(study: Study, acquisition: Acquisition, masks: _Masks, stage: str) -> Exam:
    volume = read_stiffness(acquisition, companions=True)
    liver = masks.of(study, acquisition).on_slices(volume.instances, volume.stiffness_kpa.shape[1:])
    _check(liver)
    magnitude = volume.magnitude
    first = acquisition.series.first
    stiffness = volume.complete_kpa
    return Exam(
        name=own_name(study.study_instance_uid, acquisition.series.series_instance_uid),
        patient=_patient(study, first.patient_key),
        origin="own",
        stage=stage,
        pixel_spacing_mm=volume.pixel_spacing_mm,
        stiffness=quantise_stiffness(stiffness),
        # The application only distinguishes confident from other pixels.
        confidence=np.where(volume.confident, round(1 / CONFIDENCE_PER_COUNT), 0).astype(np.uint16),
        magnitude=magnitude,
        bright=bright_magnitude(magnitude) if magnitude is not None else 0.0,
        liver=liver,
        masked=volume.only_masked,
        facts={"manufacturer": first.manufacturer, "unit": acquisition.unit.source if acquisition.unit else ""},
        made_by="DICOM",
    )


def _check(liver: NDArray[np.bool_]) -> None:
    if not liver.any():
        message = "the mask has no liver on the slices of the stiffness series"
        raise MaskError(message)
    if liver.mean() > _MAX_LIVER_SHARE:
        message = "the mask covers nearly everything: it may be inverted, or that of the body"
        raise MaskError(message)


def digest_key(out: Path) -> bytes:
    """Return the secret key of the patients' digests, which is made once and kept beside the cohort.

    With it, the same patient has the same digest, and so the same split, at every preparation. Whoever has the key and
    the cohort can test guesses of names: keep both to yourself.
    """
    path = out / KEY_NAME
    if not path.is_file():
        out.mkdir(parents=True, exist_ok=True)
        part = out / f"{KEY_NAME}.part"
        part.touch(mode=0o600)
        part.write_bytes(secrets.token_bytes(DIGEST_KEY_BYTES))
        part.replace(path)  # an interrupted preparation leaves no empty key
    return path.read_bytes()


def _patient(study: Study, key: PatientKey) -> str:
    """Return a pseudonym shared by all studies of a patient; one per study if the patient is unknown."""
    if key.patient_id:
        return digest_of(f"{key.patient_id} {key.issuer}")
    return digest_of(f"{key.name} {key.birth_date}" if key.name else study.study_instance_uid)
