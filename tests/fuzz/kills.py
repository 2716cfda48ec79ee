"""Kill the real command at random moments, again and again, and check what it leaves.

    python -m tests.fuzz.kills --count 200 --seed 1

Each time a batch of two studies is measured into a folder that holds earlier results of both, or none, from a folder or
a zip archive, and killed (SIGKILL): half of the times at any moment, half of the times while results are published.
Checked are the output right after the kill, and output and temporary folder after the next start.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

import jsonschema
import pydicom

from liver_mre.method.steps import result_files
from liver_mre.results.publish import Publication
from liver_mre.results.record import read_record
from liver_mre.results.recovery import PROGRESS_FILE, RESULT_FILE, STAGING_PREFIX
from liver_mre.studies.scratch import remove_abandoned
from simulation.__main__ import main as simulate

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "liver_mre/data/result.schema.json").read_text(encoding="utf-8"))
POLL_S = 0.002


@dataclass
class Report:
    """What was done and found; the last four must be 0.

    Attributes
    ----------
    killed, ended : runs that were killed, and that had ended before
    published : studies that killed runs had published
    left : killed runs that left an unfinished folder in the output, or an unpacked archive
    half : folders of a study that were not whole, at any time
    lost : earlier results that were gone after the next start
    untrue : times that result.json contradicted the folders
    leftovers : things that were still there after the next start
    """

    killed: int = 0
    ended: int = 0
    published: int = 0
    left: int = 0
    half: int = 0
    lost: int = 0
    untrue: int = 0
    leftovers: int = 0
    seconds: float = 0.0
    details: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing wrong was found and something was killed."""
        return self.killed > 0 and not (self.half or self.lost or self.untrue or self.leftovers)


@dataclass
class Workplace:
    """Input as a folder and as an archive, the output of an earlier run, and how long the last complete run took."""

    root: Path
    folder: Path
    archive: Path
    earlier: Path
    seconds: float


def run(count: int, seed: int) -> Report:
    """Kill `count` runs at moments that follow from `seed`, and report."""
    chance, report, start = random.Random(seed), Report(), time.monotonic()  # noqa: S311 - no secret
    with tempfile.TemporaryDirectory(prefix="kills-") as root:
        workplace = _prepare(Path(root))
        while report.killed < count:
            _kill_once(workplace, chance, report, f"run {report.killed + report.ended} of seed {seed}")
            report.seconds = round(time.monotonic() - start, 1)
            print(json.dumps(asdict(report)), file=sys.stderr, flush=True)  # noqa: T201 - this is a long command
    return report


def _prepare(root: Path) -> Workplace:
    simulate(["example", "--out", str(root / "example")])
    folder = root / "in"
    folder.mkdir()
    for path in sorted((root / "example/study").iterdir()):
        image = pydicom.dcmread(path)
        for copy in "12":
            for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
                image[keyword].value = f"{str(image[keyword].value)[:60].rstrip('.')}.{copy}"
            image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
            image.save_as(folder / f"{copy}-{path.name}")
    archive = root / "in.zip"
    with zipfile.ZipFile(archive, "w") as content:
        for path in sorted(folder.iterdir()):
            content.write(path, path.name)
    start = time.monotonic()
    process = _start(folder, root / "earlier", root)
    if process.wait() != 0:
        message = "the run before the first kill failed"
        raise RuntimeError(message)
    return Workplace(root, folder, archive, root / "earlier", time.monotonic() - start)


def _start(source: Path, out: Path, temporary: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "app", "-i", str(source), "-o", str(out), "--quiet"]
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)


def _kill_once(workplace: Workplace, chance: random.Random, report: Report, name: str) -> None:
    place = workplace.root / "now"
    temporary, out = place / "tmp", place / "out"
    temporary.mkdir(parents=True)
    again = chance.random() < 0.7
    if again:
        shutil.copytree(workplace.earlier, out)
    start = time.monotonic()
    process = _start(chance.choice([workplace.folder, workplace.archive]), out, temporary)
    if chance.random() < 0.5:
        _wait_until_written(process, out)
        _wait(process, chance.uniform(0, 0.15 * workplace.seconds))
    else:
        _wait(process, chance.uniform(0, workplace.seconds))
    process.kill()
    ended = process.wait() >= 0
    if ended:
        workplace.seconds = time.monotonic() - start
    report.ended, report.killed = report.ended + ended, report.killed + (not ended)
    out.mkdir(exist_ok=True)
    before = {path.name for path in workplace.earlier.iterdir() if path.is_dir()} if again else set()
    report.left += bool([*out.glob(f"{STAGING_PREFIX}*"), *temporary.iterdir()])
    report.published += _check(out, report, f"{name}, after the kill")
    _next_start(out, temporary)
    _check(out, report, f"{name}, after the next start")
    lost = before - {path.name for path in out.iterdir()}
    wrong = [path.name for path in (*out.glob(".*"), *temporary.iterdir()) if path.is_dir() or path.name[0] == "."]
    wrong += [PROGRESS_FILE] if (out / PROGRESS_FILE).exists() else []
    if again and not (out / RESULT_FILE).exists():
        lost.add(RESULT_FILE)
    report.lost, report.leftovers = report.lost + len(lost), report.leftovers + len(wrong)
    report.details += [f"{name}: lost {sorted(lost)}, left {wrong}"] if lost or wrong else []
    shutil.rmtree(place)


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        time.sleep(POLL_S)


def _wait_until_written(process: subprocess.Popen[bytes], out: Path) -> None:
    """Wait until the first result is being written."""
    while process.poll() is None and not any(out.glob(f"{STAGING_PREFIX}*/[0-9]*")):
        time.sleep(POLL_S)


def _next_start(out: Path, temporary: Path) -> None:
    """Do what a run does at its start."""
    usual = tempfile.tempdir
    tempfile.tempdir = str(temporary)
    try:
        remove_abandoned()
        Publication(out, result_files().values()).close()
    finally:
        tempfile.tempdir = usual


def _check(out: Path, report: Report, name: str) -> int:
    """Check that folders are whole and result.json is true; return how many studies an unfinished run has published."""
    folders = [path for path in out.iterdir() if path.is_dir() and not path.name.startswith(".")]
    records = {folder.name: read_record(folder) for folder in folders}
    half = [
        folder.name for folder in folders if (record := records[folder.name]) is None or not record.is_intact(folder)
    ]
    listed = {}
    if (out / RESULT_FILE).exists():
        content = json.loads((out / RESULT_FILE).read_text(encoding="utf-8"))
        jsonschema.validate(content, SCHEMA)
        listed = {study["study_instance_uid"]: study for study in content["studies"]}
    untrue = [
        uid for uid, study in listed.items() if (record := records.get(uid)) is None or record.study.content != study
    ]
    report.half, report.untrue = report.half + len(half), report.untrue + len(untrue)
    report.details += [f"{name}: half {half}, untrue {untrue}"] if half or untrue else []
    if not (out / PROGRESS_FILE).exists():
        return 0
    return len(json.loads((out / PROGRESS_FILE).read_text(encoding="utf-8"))["finished"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="kill the real command at random moments and check what it leaves")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found = run(options.count, options.seed)
    print(json.dumps(asdict(found), indent=2))  # noqa: T201 - a command prints
    sys.exit(0 if found.good else 1)
