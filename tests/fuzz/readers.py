"""Readers of bytes, guided by coverage: an input that reaches a new line is kept and mutated further.

The guide is Python's own line tracing, so that no package is needed. Each reader may raise what it documents; the
header reader's own path must agree with pydicom's wherever both accept a file.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import warnings
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from pydicom import config

from liver_mre.errors import MreError
from liver_mre.measurement.profile_file import load_profiles
from liver_mre.series.scanner_rules_file import load_scanner_rules
from liver_mre.studies.decoding import read_images
from liver_mre.studies.dicom_file import open_dicom
from liver_mre.studies.files import list_files
from liver_mre.studies.header_scan import _NotPlainError, _plain
from liver_mre.studies.headers import HEADER_TAGS
from liver_mre.studies.reader import read_studies
from liver_mre.studies.scratch import Scratch
from liver_mre.studies.values import items, text
from tests.fuzz.bases import MEMORY, base
from tests.fuzz.file_kinds import recoded
from tests.fuzz.pipeline import HangError, _limits, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from pydicom import Dataset

    Read = Callable[[Path], None]

DATA: Final = Path(__file__).resolve().parents[2] / "liver_mre" / "data"
LARGEST_CORPUS: Final = 400
LARGEST_INPUT: Final = 1 << 17
HEADER_BYTES: Final = 3000
_INTERESTING: Final = (
    b"\0\0",
    b"\xff\xff",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\x01\0",
    b"UN",
    b"SQ",
    b"OB",
    b"\xfe\xff\x00\xe0",
    b"\xfe\xff\xdd\xe0",
    b'"',
    b"{",
    b"[",
    b"1e999",
    b"null",
    b"-1",
    b"\\u0000",
    b"PK\x01\x02",
    b"PK\x05\x06",
)


class DisagreementError(Exception):
    """Two readers of the same file read different values."""


def read_header_twice(path: Path) -> None:
    """Compare the header reader's own path with pydicom's."""
    try:
        fast = _plain(str(path)).dataset
        slow = open_dicom(path, tags=HEADER_TAGS)
    except _NotPlainError:
        return
    except Exception:  # noqa: BLE001 - the reader of studies counts any such file as damaged
        return
    for tag in HEADER_TAGS:
        if _shown(fast, tag) != _shown(slow, tag):
            message = f"{tag}"
            raise DisagreementError(message)


def _shown(dataset: Dataset, tag: int) -> object:
    try:
        if tag in dataset and dataset[tag].VR == "SQ":
            return [str(item) for item in items(dataset, tag)]  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - unreadable for both, or compared as text
        return None
    return text(dataset, tag)  # type: ignore[arg-type]


def read_study(path: Path) -> None:
    """Read the headers of one file, then its pixels."""
    for study in read_studies(path).studies:
        for series in study.series:
            read_images(series.instances)


def read_archive(path: Path) -> None:
    """Unpack an archive."""
    with Scratch() as scratch:
        list_files(path, scratch)


def read_rules(path: Path) -> None:
    """Read scanner rules."""
    load_scanner_rules(path)


def read_profile(path: Path) -> None:
    """Read a staging profile."""
    load_profiles(path.parent)


@dataclass(frozen=True, slots=True)
class Target:
    """A reader, its first inputs, and the modules whose lines guide the search."""

    read: Read
    inputs: Callable[[], list[bytes]]
    modules: tuple[str, ...]
    file_name: str = "input"


def _images() -> list[bytes]:
    found = []
    for name, role in (
        ("siemens-gre+with-contour", "stiffness00"),
        ("philips", "stiffness00"),
        ("resoundant-3d", "confidence00"),
        ("siemens-xa", "stiffness_masked00"),
    ):
        found.append(base(name).files[role])
    return [
        *found,
        *(recoded(found[1], syntax) for syntax in ("rle", "jpeg-ls", "implicit", "big-endian", "deflated")),
    ]


def _archives() -> list[bytes]:
    found = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as archive:
            archive.writestr("study/image", base("philips").files["stiffness00"][:2000])
            archive.writestr("empty/", b"")
        found.append(stream.getvalue())
    return found


def _profiles() -> list[bytes]:
    found = []
    for path in sorted((DATA / "staging").glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        found.append(json.dumps({**content, "name": "fuzz"}).encode())
    return found


TARGETS: Final[dict[str, Target]] = {
    "header": Target(read_header_twice, _images, ("header_scan.py", "values.py")),
    "image": Target(read_study, _images, ("reader.py", "headers.py", "frames.py", "decoding.py", "overlays.py")),
    "archive": Target(read_archive, _archives, ("archives.py", "files.py"), "input.zip"),
    "rules": Target(
        read_rules, lambda: [(DATA / "scanner_rules.json").read_bytes()], ("typed_json.py", "scanner_rules_file.py")
    ),
    "profile": Target(read_profile, _profiles, ("typed_json.py", "profile_file.py"), "input.json"),
}


@dataclass(slots=True)
class ReaderReport:
    """What was tried and found; `findings` by place, with the shortest input in hexadecimal."""

    name: str
    tried: int = 0
    kept: int = 0
    lines: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    inputs: dict[str, str] = field(default_factory=dict)

    @property
    def findings(self) -> list[str]:
        """Places of findings."""
        return list(self.inputs)

    def __str__(self) -> str:
        """Return the figures in lines."""
        reached = f"{self.kept} reached new lines, {self.lines} in all"
        first = f"reader {self.name}: {self.tried} inputs, {reached}: {dict(self.outcomes)}"
        return "\n".join([first, *(f"  {place}" for place in self.inputs)])


class _Coverage:
    """Traces which lines of some modules follow each other."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = tuple(f"/{name}" for name in modules)
        self.edges: set[tuple[str, int, int]] = set()
        self._last = 0

    def _call(self, frame: FrameType, _event: str, _arg: object) -> object:
        name = frame.f_code.co_filename
        return self._line if name.endswith(self._modules) and "liver_mre" in name else None

    def _line(self, frame: FrameType, _event: str, _arg: object) -> object:
        self.edges.add((frame.f_code.co_name, self._last, frame.f_lineno))
        self._last = frame.f_lineno
        return self._line

    def __enter__(self) -> None:
        self._before = sys.gettrace()
        sys.settrace(self._call)  # type: ignore[arg-type]

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)


def _mutate(rng: Random, content: bytes, other: bytes) -> bytes:
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        # Mostly where headers are: pixels are long, and all alike to a reader.
        at = rng.randrange((min(len(content), HEADER_BYTES) if rng.random() < 0.8 else len(content)) + 1)
        how = rng.randrange(7)
        if how == 0 and at < len(content):
            content = content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :]
        elif how == 1:
            content = content[:at] + bytes([rng.randrange(256)]) + content[at:]
        elif how == 2:
            content = content[:at] + content[at + rng.choice((1, 2, 8, 100)) :]
        elif how == 3:
            piece = rng.choice(_INTERESTING)
            content = content[:at] + piece + content[at + len(piece) :]
        elif how == 4:
            content = content[:at] + rng.choice(_INTERESTING) + content[at:]
        elif how == 5:
            size = rng.choice((2, 8, 40, 300))
            content = content[:at] + content[at : at + size] + content[at:]
        else:
            content = content[:at] + other[min(at, len(other)) :]
    return content[:LARGEST_INPUT]


def run_target(name: str, count: int, seed: int, kept: Path | None = None) -> ReaderReport:
    """Try `count` inputs of one reader.

    Parameters
    ----------
    kept : folder of inputs that reached new lines in earlier campaigns, and of this one's; None keeps none
    """
    target, rng, report = TARGETS[name], Random(f"{name}:{seed}"), ReaderReport(name)  # noqa: S311 - reproducible
    corpus = target.inputs() + ([path.read_bytes() for path in sorted(kept.glob("*"))] if kept else [])
    coverage = _Coverage(target.modules)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        path = Path(folder) / target.file_name
        for number in range(len(corpus) + count):
            given = (
                corpus[number]
                if number < len(corpus) - report.kept
                else _mutate(rng, rng.choice(corpus), rng.choice(corpus))
            )
            path.write_bytes(given)
            before = len(coverage.edges)
            outcome = _outcome(target, path, coverage)
            report.tried += 1
            report.outcomes[outcome.split(":")[0]] += 1
            if ":" in outcome:
                place = outcome.partition(":")[2]
                if len(given) * 2 < len(report.inputs.get(place, "x" * (2 * len(given) + 1))):
                    report.inputs[place] = given.hex()
            if len(coverage.edges) > before and number >= len(corpus) - report.kept and len(corpus) < LARGEST_CORPUS:
                corpus.append(given)
                report.kept += 1
                if kept is not None:
                    (kept / f"{seed}-{number}").write_bytes(given)
    report.lines = len({line for _, _, line in coverage.edges})
    return report


def _outcome(target: Target, path: Path, coverage: _Coverage) -> str:
    try:
        with _limits(), warnings.catch_warnings(), config.disable_value_validation(), coverage:
            warnings.simplefilter("ignore")  # as the reader of studies does
            target.read(path)
    except MreError as error:
        return "refused" if int(error.exit_code) > 1 else f"finding:{place_of(error)}"
    except HangError as error:
        return f"finding:hang {place_of(error)}"
    except DisagreementError as error:
        return f"finding:the two header readers disagree on {error}"
    except Exception as error:  # noqa: BLE001 - no other is documented
        return f"finding:{place_of(error)}"
    return "read"
