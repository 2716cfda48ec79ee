"""Writers and odd headers: a result is refused with a reason, or valid and without what it may not carry.

`python -m tests.fuzz.writers 10000` calls the writers that often; a call is repeated by its seed and number.
"""

from __future__ import annotations

import argparse
import copy
import tempfile
import traceback
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.datadict import dictionary_VR

from liver_mre.errors import MreError, TruncatedFileError
from liver_mre.report.quiet import quiet
from liver_mre.report.secondary_capture import build_overlay
from liver_mre.report.seg import build_segmentation
from liver_mre.report.source.allow_list import EQUIPMENT, allowed
from liver_mre.report.source.files import read_source
from liver_mre.report.source.header import clean_header
from liver_mre.report.sr.document import build_report
from liver_mre.series.requirements import check_referable
from liver_mre.series.stack import order_slices
from liver_mre.studies.identifiers import is_uid
from tests import tools
from tests.fuzz.odd_elements import CANARY, canary, odd_element, private_element
from tests.report.content_factory import Arrays, Exam, make_content, with_headers
from tests.report.header_factory import as_read, images_of
from tests.report.source_factory import enhanced_object

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from liver_mre.report.content import ReportContent
    from liver_mre.studies.study import Instance

    Builder = Callable[[ReportContent], Dataset]

_PICTURE: Final = np.zeros((6, 8, 3), np.uint8)
BUILDERS: Final[dict[str, Builder]] = {
    "SEG": build_segmentation,
    "SR": build_report,
    "SC": lambda content: build_overlay(content, _PICTURE),
}
_TURNS: Final = ("SEG", "SC", "SR", "SEG", "SC")  # a report takes longer than the others together
_SERIES: Final = (
    *("SpecificCharacterSet", "TimezoneOffsetFromUTC", "ImageComments", "SyntheticData", "FrameOfReferenceUID"),
    *("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "Modality", "SeriesDescription", "ImageType"),
)
_GEOMETRY: Final = (
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices"),
)
_GROUPS: Final = {
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "PixelSpacing": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "SpacingBetweenSlices": "PixelMeasuresSequence",
}
_NEVER: Final = (
    *("AdditionalPatientHistory", "PatientComments", "AdmissionID", "InstitutionAddress", "OtherPatientNames"),
    *("PatientAddress", "PatientTelephoneNumbers", "RequestingPhysician", "OperatorsName", "Occupation"),
)
_BYTES_COUNTED: Final = "Length invalid for this VR"  # dciodvfy counts bytes where the standard counts characters
_UIDS_OF_SOURCE: Final = ("Illegal root for UID", ") UI ")  # references name the source by its UIDs, as they are
_SUMMARY: Final = "Error - Dicom dataset contains invalid data values for Value Representations"
_LONGEST_TRACE: Final = 3


@dataclass(slots=True)
class Report:
    """What became of the calls.

    Attributes
    ----------
    refused : calls that selection refuses, by kind of error; "unreadable" where no geometry can be read
    late : calls that a writer refuses though selection did not
    uncaught : number and place of other exceptions
    invalid : number of a call whose result carries what it may not, or that a validator finds an error in
    """

    calls: int = 0
    written: int = 0
    validated: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    late: Counter[str] = field(default_factory=Counter)
    uncaught: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing went wrong."""
        return not self.findings

    @property
    def findings(self) -> list[str]:
        """What went wrong."""
        return [f"UNCAUGHT {one}" for one in self.uncaught] + [f"INVALID {one}" for one in self.invalid]

    def __str__(self) -> str:
        lines = [f"{self.calls} calls, {self.written} results, {self.validated} of them validated"]
        lines += [f"refused: {dict(self.refused)}", f"refused by a writer: {dict(self.late)}"]
        return "\n".join([*lines, *self.findings])


def run(count: int, seed: int = 0, *, validate_every: int = 100) -> Report:
    """Call the writers with odd headers.

    Parameters
    ----------
    count : calls
    seed : with the number of a call, what its header is
    validate_every : after so many results dciodvfy reads one; 0 for none
    """
    report = Report()
    with tempfile.TemporaryDirectory() as folder, quiet():
        for number in range(count):
            _call(report, seed, number, Path(folder), validate_every)
    return report


def _call(report: Report, seed: int, number: int, folder: Path, validate_every: int) -> None:
    report.calls += 1
    kind = _TURNS[number % len(_TURNS)]
    try:
        exam = odd_exam(Random(f"{seed}/{number}"), folder)  # noqa: S311 - repeatable
        if exam is None:
            report.refused["unreadable"] += 1
            return
        order_slices(exam.volume.instances)
        check_referable(exam.volume.instances)
    except MreError as error:
        report.refused[type(error).__name__] += 1
        return
    except Exception as error:  # noqa: BLE001 - what the fuzzer looks for
        report.uncaught.append(f"{seed}/{number} before {kind}: {_place(error)}")
        return
    try:
        stream = BytesIO()
        BUILDERS[kind](exam).save_as(stream, enforce_file_format=True)
    except MreError as error:
        report.late[type(error).__name__] += 1
        return
    except Exception as error:  # noqa: BLE001 - what the fuzzer looks for
        report.uncaught.append(f"{seed}/{number} {kind}: {_place(error)}")
        return
    report.written += 1
    faults = carried_faults(kind, stream.getvalue())
    if validate_every and report.written % validate_every == 0:
        report.validated += 1
        faults += _validator_errors(stream.getvalue(), folder)
    report.invalid += [f"{seed}/{number} {kind}: {fault}" for fault in faults]


def odd_exam(random: Random, folder: Path) -> Exam | None:
    """Return an exam with a few odd elements, classic or of frames; None where its geometry cannot be read."""
    exam = _exam()
    keywords = random.choices(_keywords(), k=random.choice((1, 1, 1, 2, 3)))
    if random.random() < 0.5:
        headers = [copy.deepcopy(header) for header in exam.headers]
        for keyword in keywords:
            _make_odd(random, headers if random.random() < 0.7 else headers[:1], keyword)
        read = [_as_read(header) for header in headers]
        instances = tuple(one for header in read for one in images_of(header))
        source = read[0]
    else:
        path = folder / "enhanced.dcm"
        instances = _frames(random, exam, keywords, path)
        source = read_source(instances[0])
    if len(instances) != len(exam.headers) or not all(map(_is_usable, instances)):
        return None
    volume = replace(exam.volume, instances=instances)
    return replace(exam, volume=volume, source=clean_header(source))


def _as_read(header: Dataset) -> Dataset:
    try:
        return as_read(header)
    except Exception as error:  # as `studies.reader` counts files that pydicom cannot read
        raise TruncatedFileError from error


def _is_usable(instance: Instance) -> bool:
    """Tell whether `studies.reader` takes an image for one of a study, and it has geometry."""
    identified = is_uid(instance.sop_instance_uid) and is_uid(instance.series_instance_uid)
    return identified and bool(instance.position_mm and instance.orientation and instance.pixel_spacing_mm)


def _make_odd(random: Random, headers: Sequence[Dataset], keyword: str) -> None:
    elements = [odd_element(random, keyword)]
    if random.random() < 0.2:
        elements += [private_element(random), canary(random, _NEVER)]
    for header in headers:
        for element in elements:
            header._dict[element.tag] = element


def _frames(random: Random, exam: Exam, keywords: Sequence[str], path: Path) -> tuple[Instance, ...]:
    enhanced = enhanced_object(exam.headers, shared=random.random() < 0.5)
    unassigned = Dataset()
    per_frame = list(enhanced.PerFrameFunctionalGroupsSequence)
    places = [*enhanced.SharedFunctionalGroupsSequence, *per_frame]
    for keyword in keywords:
        groups = [group[_GROUPS[keyword]][0] for group in places if _GROUPS.get(keyword, "") in group]
        _make_odd(random, groups or [random.choice((enhanced, unassigned))], keyword)
    if unassigned:
        enhanced.SharedFunctionalGroupsSequence[0].UnassignedSharedConvertedAttributesSequence = [unassigned]
    header = _as_read(enhanced)
    with path.open("wb") as stream:
        header.save_as(stream, enforce_file_format=False)
    return images_of(dcmread(path, stop_before_pixels=True, force=True), str(path))


def carried_faults(kind: str, result: bytes) -> list[str]:
    """Return what a result carries that it may not, or with another VR than the dictionary's."""
    found = dcmread(BytesIO(result))
    faults = ["carries what no result may"] if CANARY.encode() in result else []
    permitted = _own_tags(kind) | _allowed_tags()
    for element in found:
        if element.tag not in permitted:
            faults.append(f"carries {element.keyword or element.tag}")
        elif element.tag in _allowed_tags() and dictionary_VR(element.tag) != element.VR:
            faults.append(f"carries {element.keyword} as {element.VR}")
    return faults


def _validator_errors(result: bytes, folder: Path) -> list[str]:
    path = folder / "result.dcm"
    path.write_bytes(result)
    errors = tools.errors(tools.run(["/usr/bin/dciodvfy", path]))
    unicode = dcmread(path).get("SpecificCharacterSet") == "ISO_IR 192"
    expected = (*_UIDS_OF_SOURCE, *([_BYTES_COUNTED] if unicode else []))
    errors = [error for error in errors if not any(words in error for words in expected)]
    return [] if errors == [_SUMMARY] else errors


def _place(error: Exception) -> str:
    steps = traceback.extract_tb(error.__traceback__)[-_LONGEST_TRACE:]
    words = str(error).partition("\n")[0]
    return f"{type(error).__name__} {words} at {' > '.join(f'{Path(s.filename).name}:{s.lineno}' for s in steps)}"


@cache
def _exam() -> Exam:
    """Return a measured exam of two tiny slices: the smaller, the more calls."""
    stiffness = np.full((2, 12, 16), 3.4, np.float32)
    stiffness[:, ::2] = 3.2
    liver = np.zeros(stiffness.shape, np.bool_)
    liver[:, 3:9, 4:12] = True
    exam = make_content(Arrays(stiffness, liver, liver), order=range(2), simulated=False)
    headers = copy.deepcopy(exam.headers)
    for header in headers:
        header.Rows, header.Columns = stiffness.shape[1:]
        header.PixelSpacing = [25.0, 25.0]
    return with_headers(exam, headers)


@cache
def _keywords() -> tuple[str, ...]:
    listed = [attribute.keyword for module in allowed().values() for attribute in module]
    return (*listed, *_SERIES, *_GEOMETRY, *_GEOMETRY)


@cache
def _own_tags(kind: str) -> frozenset[int]:
    return frozenset(element.tag for element in BUILDERS[kind](_exam()))


@cache
def _allowed_tags() -> frozenset[int]:
    modules = (module for name, module in allowed().items() if name != EQUIPMENT)
    return frozenset({0x00080005, *(attribute.tag for module in modules for attribute in module)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--validate-every", type=int, default=100)
    arguments = parser.parse_args()
    print(run(arguments.count, arguments.seed, validate_every=arguments.validate_every))  # noqa: T201 - a command
