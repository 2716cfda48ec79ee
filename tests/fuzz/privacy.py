"""Whatever a study says of its patient, nothing of it is logged or printed, however the run ends.

Every text element of a study, and its file names, hold a token of their own. Runs that end well and in every other way
are then searched for them, at every level of the log. `run(200, 1)` takes about five minutes on one core.
"""

from __future__ import annotations

import random
import re
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pydicom

from app import logs
from liver_mre.method import steps
from simulation.encodings import ENCODINGS
from simulation.exams.simulate import simulate_exam
from tests.fuzz.forked import Command, Ended, run_forked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pydicom.dataset import Dataset

TOKEN: Final = re.compile(r"TK\d+Q", re.IGNORECASE)
TEXTS: Final = frozenset({"LO", "SH", "LT", "ST", "UT", "UC", "PN", "AE"})
KEPT: Final = frozenset({"Manufacturer", "RescaleType", "ManufacturerModelName", "SequenceName", "SoftwareVersions"})
"""Texts by which scanners, sequences and units are told apart: with others the study would be another one."""
ADDED: Final = (
    *("PatientName", "PatientID", "OtherPatientNames", "PatientBirthName", "PatientAddress", "PatientTelephoneNumbers"),
    *("AdditionalPatientHistory", "PatientComments", "Occupation", "EthnicGroup", "InstitutionName", "AccessionNumber"),
    *("InstitutionAddress", "InstitutionalDepartmentName", "ReferringPhysicianName", "OperatorsName", "AdmissionID"),
    *(
        "PerformingPhysicianName",
        "RequestingPhysician",
        "StudyDescription",
        "StudyID",
        "StudyComments",
        "ImageComments",
    ),
    *("RequestedProcedureDescription", "PerformedProcedureStepDescription", "StationName", "DeviceSerialNumber"),
    *("ProtocolName", "IssuerOfPatientID", "PatientInsurancePlanCodeSequence", "CurrentPatientLocation"),
)
DESCRIPTION: Final = "SeriesDescription"
"""The one text that `result.json`, `check` and `qc --json` carry (docs/usage.md)."""


@dataclass(slots=True)
class Report:
    """How many runs were searched, how they ended, and where something of the patient was found."""

    count: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    tokens: int = 0
    findings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        codes = ", ".join(f"{code}: {self.codes[code]}" for code in sorted(self.codes))
        head = f"privacy: {self.count} commands (exit codes {codes}), {self.tokens} tokens each"
        return "\n".join([f"{head}, {len(self.findings)} findings", *self.findings])


class Tokens:
    """Tokens that stand for what a study says; each knows the element that holds it."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}
        self._given: dict[tuple[str, str], str] = {}

    def stand_in(self, place: str, value: str) -> str:
        """Return the token of a value, the same in all files: they must still be of one patient."""
        return self._given.setdefault((place, value), self.make(place))

    def make(self, place: str) -> str:
        """Return a new token of at most 16 characters, which fits every text element."""
        token = f"TK{len(self.places)}Q"
        self.places[token] = place
        return token

    def found_in(self, text: str, allowed: Iterable[str] = ()) -> set[str]:
        """Return the elements whose tokens are in a text, but those that are allowed there."""
        found = {self.places.get(token.upper(), "a token that nobody gave") for token in TOKEN.findall(text)}
        return found - set(allowed)


def fill(dataset: Dataset, tokens: Tokens, *, top: bool = True) -> None:
    """Put a token into every text element of a dataset; into those that make series what they are, in addition."""
    for element in list(dataset):
        if element.VR == "SQ":
            for item in element.value:
                fill(item, tokens, top=False)
        elif element.VR in TEXTS and element.keyword not in KEPT and not element.tag.is_private:
            token = tokens.stand_in(element.keyword, str(element.value))
            element.value = f"{token} {element.value}" if element.keyword in {DESCRIPTION, "ProtocolName"} else token
    if top:
        for keyword in ADDED:
            if keyword not in dataset and pydicom.datadict.dictionary_VR(keyword) != "SQ":
                setattr(dataset, keyword, tokens.stand_in(keyword, ""))
        block = dataset.private_block(0x0099, tokens.make("private creator"), create=True)
        block.add_new(0x01, "LT", tokens.make("private element"))
        block.add_new(0x02, "UN", tokens.make("private element").encode())


def write_marked(study: Path, target: Path, tokens: Tokens) -> None:
    """Write a study whose texts, files and folder bear tokens."""
    target.mkdir(parents=True)
    for path in sorted(study.iterdir()):
        image = pydicom.dcmread(path)
        fill(image, tokens)
        image.save_as(target / f"{tokens.make('file name')}.dcm")


def _masked(folder: Path) -> list[Path]:
    headers = [(path, pydicom.dcmread(path, specific_tags=[DESCRIPTION])) for path in sorted(folder.iterdir())]
    return [path for path, header in headers if str(header.SeriesDescription).endswith("C95")]


def _change(folder: Path, tokens: Tokens, change: Callable[[Dataset, Tokens], object]) -> None:
    for path in _masked(folder):
        image = pydicom.dcmread(path)
        change(image, tokens)
        image.save_as(path)


def _truncate(folder: Path, tokens: Tokens) -> None:
    del tokens
    for path in _masked(folder):
        path.write_bytes(path.read_bytes()[:-2000])


def _no_dicom(folder: Path, tokens: Tokens) -> None:
    for path in folder.iterdir():
        path.write_text(tokens.make("text file"), encoding="utf-8")


def _unknown_unit(image: Dataset, tokens: Tokens) -> None:
    image.Manufacturer, image.ManufacturerModelName = tokens.make("Manufacturer"), tokens.make("model")


def _odd_values(image: Dataset, tokens: Tokens) -> None:
    for keyword in ("PatientBirthDate", "StudyDate", "StudyTime", "PatientAge", "PatientSex"):
        image[keyword] = pydicom.DataElement(pydicom.datadict.tag_for_keyword(keyword), "LO", tokens.make(keyword))


DAMAGES: Final[dict[str, Callable[[Path, Tokens], object]]] = {
    "none": lambda _, __: None,
    "truncated": _truncate,
    "no dicom": _no_dicom,
    "unknown unit": lambda folder, tokens: _change(folder, tokens, _unknown_unit),
    "lossy": lambda folder, tokens: _change(folder, tokens, lambda one, _: setattr(one, "LossyImageCompression", "01")),
    "no geometry": lambda folder, tokens: _change(folder, tokens, lambda one, _: delattr(one, "ImagePositionPatient")),
    "odd values": lambda folder, tokens: _change(folder, tokens, _odd_values),
    "mixed patients": lambda folder, tokens: _change(
        folder, tokens, lambda one, all_: setattr(one, "PatientID", all_.make("PatientID"))
    ),
    "slice missing": lambda folder, _: _masked(folder)[0].unlink(),
}
SITES: Final = ("none", "model missing", "output unwritable", "bug", "bug with causes")


def plant_bug(name: str, *, causes: bool) -> Callable[[], None]:
    """Return what makes a step raise an exception whose text, and those of its causes, quote the study."""

    def prepare() -> None:
        def broken(*given: object, **named: object) -> None:
            quoted = repr([(str(one), [str(header) for header in _headers(one)]) for one in (*given, *named.values())])
            try:
                {}[quoted]
            except KeyError as error:
                if causes:
                    raise ExceptionGroup(quoted, [OSError(quoted), error]) from error
                raise

        step = next(one for one in (*steps.STEPS, *steps.WRITERS) if one.name == name)
        object.__setattr__(step, "work", broken)

    return prepare


def _headers(value: object) -> list[object]:
    """Return the header of the first file of a study that a step is given."""
    study = getattr(value, "study", None)
    return [pydicom.dcmread(study.series[0].first.source, stop_before_pixels=True)] if study else []


def run(count: int, seed: int) -> Report:
    """Search what `count` commands print and write, always the same ones for a seed."""
    import app.application  # noqa: F401  (slow imports, once)

    report = Report()
    with tempfile.TemporaryDirectory() as name:
        place, tokens = Path(name), Tokens()
        ENCODINGS["siemens-gre"](simulate_exam(102, slices=2, stage="F2"), place / "made")
        write_marked(place / "made", place / "marked", tokens)
        for number in range(count):
            dice = random.Random(f"{seed}/{number}")  # noqa: S311  (to be repeated, not secret)
            damage, site = dice.choice(list(DAMAGES)), dice.choice(SITES)
            word, level = dice.choice(("run", "run", "check", "qc")), dice.choice(logs.LEVELS)
            form = dice.choice(logs.FORMATS)
            step = dice.choice([one.name for one in (*steps.STEPS, *steps.WRITERS)])
            case = f"{word} at {level} in {form}, study {damage}, site {site} {step if site.startswith('bug') else ''}"
            folder = place / "work" / tokens.make("folder name")
            shutil.copytree(place / "marked", folder)
            DAMAGES[damage](folder, tokens)
            ended = run_forked(_command(word, folder, place / "out", (level, form), site, step))
            report.count, report.tokens = report.count + 1, len(tokens.places)
            report.codes[ended.code] += 1
            report.findings += [
                f"{seed}/{number}, {case}: {what}" for what in leaks(word, ended, place / "out", tokens)
            ]
            shutil.rmtree(place / "work")
            shutil.rmtree(place / "out", ignore_errors=True)
    return report


def _command(word: str, folder: Path, out: Path, log: tuple[str, str], site: str, step: str) -> Command:
    level, form = log
    where = ["-i", str(folder), "-o", "/proc/nowhere" if site == "output unwritable" else str(out)]
    arguments = [word, *(where if word == "run" else [str(folder)]), "--log-level", level, "--log-format", form]
    environment = {"LIVER_MRE_MODEL_DIR": "nowhere"} if site == "model missing" else {}
    prepare = plant_bug(step, causes=site != "bug") if site.startswith("bug") else None
    return Command(arguments, environment, prepare=prepare)


def leaks(word: str, ended: Ended, out: Path, tokens: Tokens) -> list[str]:
    """Return where something of the patient was found."""
    found = [f"stderr has {', '.join(sorted(where))}" for where in [tokens.found_in(ended.err)] if where]
    allowed = {DESCRIPTION} if word == "check" else set()
    found += [f"stdout has {', '.join(sorted(where))}" for where in [tokens.found_in(ended.out, allowed)] if where]
    for path in out.glob("*.json") if out.is_dir() else ():
        if where := tokens.found_in(path.read_text(encoding="utf-8"), {DESCRIPTION}):
            found.append(f"{path.name} has {', '.join(sorted(where))}")
    names = " ".join(str(path.relative_to(out)) for path in out.rglob("*")) if out.is_dir() else ""
    return found + [f"a name in OUT has {', '.join(sorted(where))}" for where in [tokens.found_in(names)] if where]
