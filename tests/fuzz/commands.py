"""Commands with random options, folders, files, variables and streams: each ends as it says, without a traceback.

`run(600, 1)` takes about ten minutes on one core.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pydicom

from simulation.encodings import ENCODINGS
from simulation.exams.simulate import simulate_exam
from tests.fuzz.forked import HUNG, Command, Ended, run_forked

HOSTILE: Final = (
    "[/b]",
    "[link=x]y",
    "\x1b[2J",
    "a\nb",
    "\u202ex",
    "x" * 300,
    "",
    "-1",
    "--",
    "é",
    "\udcff",
    "'; id #",
)
NUMBERS: Final = ("0.01", "1e308", "nan", "-1", "9" * 5000, "0x1", "1_0", "٣", "inf", "")
CONFIGS: Final = (
    *(
        "settings: {}",
        "settings: {preview: true}",
        "settings: {profile: liang_2023}",
        "settings: {skipped_exit_code: 126}",
    ),
    *(
        "settings: {threads: 1}",
        "settings: {quality_dir: }",
        "settings: {model_dir: nowhere}",
        "settings: {roi_edge_mm: 1e308}",
    ),
    *("settings: {profiles_dir: .}", "settings: {scanner_rules: rules.json}", "settings: {profile: [[a]]}", "[" * 3000),
    *(
        "settings: {profile: a, profile: b}",
        "settings: {min_area_cm2: .nan}",
        "1: 2",
        "\x00",
        "settings: {profile: '\x1b'}",
    ),
    *("settings: {profile: '[/b]'}", "{", "", "null", "a: &a [*a]", "settings: {all_acquisitions: maybe}", "\udcff"),
)
TASKS: Final = (
    *(
        "{}",
        "[",
        "[" * 3000,
        '{"process": {"settings": {"profile": "wu_2015"}}}',
        '{"process": {"settings": {"x": 1}}}',
    ),
    *(
        '{"process": {"settings": {"profile": "a\\u0000LD_PRELOAD=x"}}}',
        '{"process": {"settings": {"model_dir": "/x"}}}',
    ),
    *('{"process": {"settings": [{"preview": true}]}}', '{"process": {"settings": {"series": ["x"]}}}'),
)
VARIABLES: Final = (
    *(
        "PROFILE",
        "PREVIEW",
        "SERIES",
        "DEVICE",
        "PRECISION",
        "THREADS",
        "KPA_PER_COUNT",
        "SKIPPED_EXIT_CODE",
        "NONE_SUCH",
    ),
    *("ROI_EDGE_MM", "MODEL_DIR", "QUALITY_DIR", "SCANNER_RULES", "PROFILES_DIR", "CONFIDENCE_THRESHOLD"),
)
EXPECTED: Final = {0, 2, 3, 4, 5, 6, 126}


@dataclass(slots=True)
class Report:
    """What was tried, how it ended, and what should not have happened."""

    count: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        codes = ", ".join(f"{code}: {self.codes[code]}" for code in sorted(self.codes))
        return "\n".join(
            [f"commands: {self.count} tried (exit codes {codes}), {len(self.findings)} findings", *self.findings]
        )


def run(count: int, seed: int) -> Report:
    """Try `count` commands, always the same ones for a seed."""
    import app.application  # noqa: F401  (slow imports, once)

    report = Report()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        study = place / "study"
        ENCODINGS["siemens-gre"](simulate_exam(102, slices=2, stage="F2"), study)
        for number in range(count):
            dice = random.Random(f"{seed}/{number}")  # noqa: S311  (to be repeated, not secret)
            folder = place / "work"
            folder.mkdir()
            command = make_command(dice, study, folder)
            ended = run_forked(command, folder)
            report.count += 1
            report.codes[ended.code] += 1
            report.findings += [
                f"{seed}/{number} {list(command.arguments)}: {what}" for what in faults(command, ended, folder)
            ]
            shutil.rmtree(folder)
    return report


def make_command(dice: random.Random, study: Path, folder: Path) -> Command:
    """Return a random command, whose files are in `folder`, the working folder."""
    word = dice.choices(("run", "check", "qc", "info"), (3, 5, 2, 2))[0]
    source = make_input(dice, study, folder) if word != "info" else folder
    arguments = [word]
    if word == "run":
        arguments += dice.choice((["-i", str(source)], ["-i", str(source)], [f"--input={source}"], []))
        arguments += ["-o", str(make_output(dice, folder))] if dice.random() < 0.95 else []
    elif word != "info":
        arguments.append(str(source))
    arguments += options(dice, word, folder)
    environment: dict[str, str] = {}
    if dice.random() < 0.2:
        value = dice.choice((*HOSTILE, *NUMBERS, "true", "wu_2015", "cpu", "2"))
        environment[f"LIVER_MRE_{dice.choice(VARIABLES)}"] = value
    if dice.random() < 0.1:
        (folder / "task.json").write_text(dice.choice(TASKS), encoding="utf-8")
        environment["MERCURE_IN_DIR"] = str(folder)
    closed = [one for one in (0, 1, 2) if dice.random() < 0.1]
    return Command(arguments, environment, closed)


def options(dice: random.Random, word: str, folder: Path) -> list[str]:
    """Return random options of a command, some of which it does not have."""
    (folder / "app.yaml").write_text(dice.choice(CONFIGS), encoding="utf-8", errors="surrogateescape")
    (folder / "rules.json").write_text(dice.choice(TASKS), encoding="utf-8")
    os.mkfifo(folder / "pipe")
    every = {
        "--series": lambda: [dice.choice(HOSTILE)],
        "--kpa-per-count": lambda: [dice.choice(NUMBERS)],
        "--profile": lambda: [dice.choice((*HOSTILE, "wu_2015", "liang_2023"))],
        "--device": lambda: [dice.choice((*HOSTILE, "cpu", "cuda:9", f"cuda:{'9' * 5000}"))],
        "--precision": lambda: [dice.choice(("f32", "bf16", "int8"))],
        "--config": lambda: [
            dice.choice(("app.yaml", "app.yaml", "app.yaml", "none.yaml", "pipe", "/dev/zero", ".", "x" * 5000))
        ],
        "--log-level": lambda: [dice.choice(("debug", "info", "error", "loud"))],
        "--log-format": lambda: [dice.choice(("json", "text"))],
        "--pictures": lambda: [dice.choice(("pictures", "app.yaml", "/proc/x"))],
        **dict.fromkeys(("--quiet", "--all", "--preview", "--json", "--help", "--no-such"), list),
    }
    fitting = {
        "run": ("--series", "--kpa-per-count", "--profile", "--device", "--precision", "--quiet", "--all", "--preview"),
        "check": ("--series", "--kpa-per-count", "--json"),
        "qc": ("--series", "--json", "--pictures"),
        "info": ("--json",),
    }[word]
    names = [*fitting, "--config", "--log-level", "--log-format"]
    chosen = dice.sample(names, dice.choices((0, 1, 2, 3), (3, 4, 3, 1))[0])
    if dice.random() < 0.03:
        chosen.append(dice.choice(list(every)))
    return [part for name in chosen for part in (name, *every[name]())]


def make_input(dice: random.Random, study: Path, folder: Path) -> Path:
    """Return a folder, or what stands where one should."""
    kind = dice.choice(
        ("good", "good", "good", "none", "empty", "file", "text", "cut", "loops", "described", "names", "long")
    )
    source = folder / dice.choice(("in", "in[b]", "in\x1b[2J", "in\n", "in\udcff"))
    if kind in {"good", "cut", "loops", "described", "names"}:
        shutil.copytree(study, source)
    files = sorted(source.iterdir()) if source.is_dir() else []
    if kind == "empty":
        source.mkdir()
    elif kind in {"file", "text"}:
        source.write_text("no DICOM", encoding="utf-8")
    elif kind == "cut":
        for path in dice.sample(files, 5):
            path.write_bytes(path.read_bytes()[: dice.randrange(9000)])
    elif kind == "loops":
        (source / "loop").symlink_to(source)
        (source / "zero").symlink_to("/dev/zero")
        os.mkfifo(source / "pipe")
    elif kind == "described":
        _describe(files, dice.choice(HOSTILE[:7]))
    elif kind == "names":
        for number, path in enumerate(files):
            path.rename(source / f"{number}{dice.choice(HOSTILE[:5]).replace('/', '')}")
    return folder / ("x" * 5000) if kind == "long" else source


def _describe(files: list[Path], text: str) -> None:
    for path in files:
        image = pydicom.dcmread(path)
        image.SpecificCharacterSet = "ISO_IR 192"
        for keyword in ("SeriesDescription", "StudyDescription", "ProtocolName", "PatientName"):
            setattr(image, keyword, f"{image.get(keyword, '')}{text}"[:64])
        image.save_as(path)


def make_output(dice: random.Random, folder: Path) -> Path:
    """Return where results are to go, or what cannot hold any."""
    kind = dice.choice(("new", "new", "new", "deep", "file", "proc", "full", "long"))
    places = {"deep": folder / "a" / "b" / "out[/b]\x1b", "file": folder / "out", "proc": Path("/proc/x/y")}
    if kind == "file":
        (folder / "out").write_text("", encoding="utf-8")
    return places.get(kind) or {"full": Path("/dev/full"), "long": folder / ("x" * 5000)}.get(kind, folder / "out")


def faults(command: Command, ended: Ended, folder: Path) -> list[str]:
    """Return what should not have happened."""
    said = f"{ended.out}\n{ended.err}"
    found = [] if ended.code in EXPECTED else [f"exit code {ended.code}: {ended.err[-300:]!r}"]
    if ended.code == HUNG:
        found.append(f"it hung after {ended.seconds:.1f} s of processor time")
    if "Traceback" in said or "Unexpected " in said:
        found.append(f"an unexpected error: {ended.err[-300:]!r}")
    if not all(one.isprintable() or one == "\n" for one in said) and "debug" not in command.arguments:
        found.append(f"characters that steer a terminal: {said[-300:]!r}")
    results = [path for path in folder.rglob("result.json") if not path.is_symlink()]
    codes = [json.loads(path.read_text(encoding="utf-8"))["exit_code"] for path in results]
    found += [f"exit code {ended.code}, but result.json says {code}" for code in codes if code != ended.code]
    if command.arguments[0] == "run" and not results and ended.code not in {2, 6} and "--help" not in command.arguments:
        found.append(f"exit code {ended.code} without a result.json")
    return found
