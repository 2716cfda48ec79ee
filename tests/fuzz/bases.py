"""The studies that are mutated: one small exam as each scanner writes it, without the series that no result needs."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulation.encodings import ENCODINGS
from tests.fuzz.elements import File, parse
from tests.fuzz.phantom import make_phantom

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulation.encodings.types import Scan, SeriesPlan

MEMORY: Final = next((path for path in (Path("/dev/shm"),) if path.is_dir()), None)  # noqa: S108 - own folders in it
"""Where folders of studies are made: in memory where the system has such a place, or in the usual one (None)."""
BASES: Final = (
    "siemens-gre",
    "siemens-xa",
    "siemens-masked-only",
    "ge-gre",
    "ge-epi",
    "ge-stgry",
    "ge-broken-confidence",
    "philips",
    "philips-pa",
    "philips-masked-only",
    "philips-enhanced",
    "philips-enhanced-8-bit",
    "canon",
    "canon-masked-only",
    "resoundant-3d",
    "philips+breath-holds",
    "siemens-gre+with-contour",
    "philips+oblique",
    "philips+stiff",
    "canon+stiff",
    "siemens-gre+stiff",
    "ge-gre+stiff",
)
"""Encoding, then modifiers; a stiff liver shows what a cut range loses."""
_LEFT_OUT: Final = frozenset({"localizer", "anatomy", "wave", "colour", "unrelated"})
_WITH_PICTURES: Final = frozenset({"siemens-gre", "ge-stgry"})
"""Bases that keep wave images and colour pictures, which could be taken for stiffness."""
MEASURED: Final = ("stiffness_masked", "stiffness", "confidence")
FEW_BASES: Final = ("siemens-gre", "ge-gre", "philips-enhanced", "canon+stiff")
"""One of each kind, for the short mode."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One image: a file, or one frame (from 0) of a multi-frame one."""

    file: str
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class Base:
    """An unmutated study.

    Attributes
    ----------
    files : content by file name
    roles : the images of each kind of series, in slice order from the first written one
    """

    name: str
    files: Mapping[str, bytes]
    roles: Mapping[str, tuple[Slot, ...]]
    _trees: dict[str, File] = field(default_factory=dict, repr=False)

    def tree(self, name: str) -> File:
        """Return a parsed file that may be changed."""
        if name not in self._trees:
            self._trees[name] = parse(self.files[name])
        return self._trees[name].copy()


@lru_cache(maxsize=64)
def base(name: str, seed: int = 1) -> Base:
    """Return an unmutated study: `name` is one of `BASES`; other seeds are other patients."""
    encoding, *modifiers = name.split("+")
    exam = make_phantom(seed, stiff="stiff" in modifiers)
    modifiers = [one for one in modifiers if one != "stiff"]
    patient = "SIM-0001" if seed == 1 else f"SIM-{seed:04d}"
    left_out = _LEFT_OUT - ({"wave", "colour"} if name in _WITH_PICTURES else set())
    scanner = ENCODINGS[encoding]

    def acquire(scan: Scan) -> list[SeriesPlan]:
        return [series for series in scanner.acquire(scan) if series.kind not in left_out]

    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        written = replace(scanner, acquire=acquire)(exam, Path(folder), patient_id=patient, modifiers=modifiers)
        files: dict[str, bytes] = {}
        roles: dict[str, list[Slot]] = {}
        for series in written.series:
            if series.kind in left_out:
                continue
            slots = roles.setdefault(series.kind, [])
            for path in series.files:
                short = f"{series.kind}{len(slots):02d}"
                files[short] = path.read_bytes()
                several = series.images if len(series.files) == 1 < series.images else None
                slots += [Slot(short, frame) for frame in range(several)] if several else [Slot(short)]
    return Base(name, files, {role: tuple(slots) for role, slots in roles.items()})
