"""A page of tables: one simulated patient in every encoding, and what the application measures in each.

The only part of the simulator that uses the application; it is never imported at run time.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulation.encodings import ENCODINGS
from simulation.encodings.modifiers import MODIFIERS
from simulation.encodings.transfer_syntax import TRANSFER_SYNTAXES, transcode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from liver_mre.core.result import RunResult, StudyResult
    from simulation.types import SimulatedExam

    Measure = Callable[[Path], RunResult]

REFERENCE: Final = "siemens-gre"
SHOWN: Final = ("siemens-gre", "ge-gre", "philips-enhanced", "canon")
"""Encodings with which modifiers and transfer syntaxes are shown."""
_HEAD: Final = """# One patient in every encoding

Made by `python -m simulation encodings --out docs/encodings.md`; simulated, research use only. One simulated patient
(seed {seed}, stage {stage}) is written as each scanner would write it, and measured. "Difference" is to `{reference}`,
{mean_kpa:.3f} kPa. Where a study has no usable magnitude, or a masked elastogram alone, the network is shown less and
outlines the liver otherwise; without a magnitude a study is measured only where a site has set that. What is known of
each encoding from a source and what is inferred stands at the top of its module in `simulation/encodings/`.
"""


@dataclass(frozen=True, slots=True)
class _Row:
    """What came of one study."""

    mean_kpa: float | None
    stage: str
    acquisitions: int
    evidence: str
    shown: str = ""

    def difference(self, reference_kpa: float) -> str:
        """Return by how much the mean differs, or that the study was refused."""
        if self.mean_kpa is None:
            return "refused"
        # Adding zero turns a rounded -0 into 0.
        return f"{round(100.0 * (self.mean_kpa / reference_kpa - 1.0), 2) + 0.0:.2f} %"


def encodings_page(
    exam: SimulatedExam,
    measure: Measure | None = None,
    *,
    encodings: Sequence[str] = tuple(ENCODINGS),
    modifiers: Sequence[str] = MODIFIERS,
    transfer_syntaxes: Sequence[str] = tuple(TRANSFER_SYNTAXES),
) -> str:
    """Write an exam in every encoding, measure each study, and return a page of tables in Markdown.

    Parameters
    ----------
    exam : the simulated patient
    measure : measures every study in a folder; by default `liver_mre.measure_folder`, studies without magnitude, too
    encodings : the rows of the first table
    modifiers, transfer_syntaxes : the rows of the second and third table

    Raises
    ------
    ValueError
        If the reference encoding cannot be measured.
    """
    if measure is None:
        from functools import partial

        from liver_mre.pipeline import measure_folder
        from liver_mre.settings import Settings

        measure = partial(measure_folder, settings=Settings(require_magnitude=False))
    reference = _measured(exam, measure, REFERENCE)
    if reference.mean_kpa is None:
        message = f"the exam of seed {exam.seed} cannot be measured ({reference.evidence}): choose another seed"
        raise ValueError(message)
    return "\n".join(
        [
            _HEAD.format(seed=exam.seed, stage=exam.truth.stage, reference=REFERENCE, mean_kpa=reference.mean_kpa),
            *_encodings_table(exam, measure, encodings, reference.mean_kpa),
            *_modifiers_table(exam, measure, modifiers, reference.mean_kpa),
            *_syntaxes_table(exam, measure, transfer_syntaxes, reference.mean_kpa),
        ]
    )


def _encodings_table(
    exam: SimulatedExam, measure: Measure, names: Iterable[str], reference_kpa: float
) -> Iterable[str]:
    yield "| Encoding | The study holds | The network is shown | Mean, kPa | Difference | Stage | Unit, or reason |"
    yield "|---|---|---|---|---|---|---|"
    rows = {name: _measured(exam, measure, name) for name in names}
    for name, row in rows.items():
        mean = "" if row.mean_kpa is None else f"{row.mean_kpa:.3f}"
        what = (f"`{name}`", ENCODINGS[name].holds, row.shown)
        yield f"| {' | '.join((*what, mean, row.difference(reference_kpa), row.stage, row.evidence))} |"
    means: dict[str, list[float]] = {}
    for row in rows.values():
        if row.mean_kpa is not None:
            means.setdefault(row.shown, []).append(row.mean_kpa)
    same = max((max(found) / min(found) - 1.0 for found in means.values()), default=0.0)
    every = [abs(mean / reference_kpa - 1.0) for found in means.values() for mean in found]
    yield ""
    yield (
        f"Measured: {len(every)} of {len(rows)}. Largest difference between encodings that show the network the same: "
        f"{100.0 * same:.2f} %; of any to the first: {100.0 * max(every, default=0.0):.2f} %."
    )
    yield ""


def _modifiers_table(
    exam: SimulatedExam, measure: Measure, names: Iterable[str], reference_kpa: float
) -> Iterable[str]:
    yield "## What becomes of a study before it arrives"
    yield ""
    yield (
        "Difference to the mean above, and in brackets how many acquisitions could be measured where that is not one. "
        "Enhanced objects carry no overlays, so `with-contour` changes nothing in them."
    )
    yield ""
    yield from _grid_head("Modifier")
    refusals: dict[str, str] = {}
    for name in names:
        cells = []
        for encoding in SHOWN:
            row = _measured(exam, measure, encoding, modifiers=(name,))
            several = f" ({row.acquisitions})" if row.acquisitions > 1 else ""
            cells.append(row.difference(reference_kpa) + several)
            if row.mean_kpa is None:
                refusals[f"`{encoding}`, {name}"] = row.evidence
        yield f"| `{name}` | {' | '.join(cells)} |"
    yield ""
    yield from (f"- {which}: {why}" for which, why in refusals.items())
    yield ""


def _syntaxes_table(exam: SimulatedExam, measure: Measure, names: Iterable[str], reference_kpa: float) -> Iterable[str]:
    yield "## Transfer syntaxes"
    yield ""
    yield from _grid_head("Transfer syntax")
    for name in names:
        rows = [_measured(exam, measure, encoding, transfer_syntax=name) for encoding in SHOWN]
        yield f"| `{name}` | {' | '.join(row.difference(reference_kpa) for row in rows)} |"
    yield ""


def _grid_head(title: str) -> Iterable[str]:
    yield f"| {title} | {' | '.join(f'`{name}`' for name in SHOWN)} |"
    yield "|---" * (len(SHOWN) + 1) + "|"


def _measured(
    exam: SimulatedExam,
    measure: Measure,
    encoding: str,
    *,
    modifiers: Sequence[str] = (),
    transfer_syntax: str | None = None,
) -> _Row:
    with tempfile.TemporaryDirectory() as folder:
        written = ENCODINGS[encoding](exam, Path(folder) / "study", modifiers=modifiers)
        if transfer_syntax:
            transcode((file for series in written.series for file in series.files), transfer_syntax)
        result = measure(written.folder)
    if not result.studies:
        return _Row(None, "", 0, result.reason.message if result.reason else "no study found")
    return _row(result.studies[0])


def _row(study: StudyResult) -> _Row:
    if study.measurement is None or study.unit is None:
        return _Row(None, "", 0, study.reason.message if study.reason else study.status)
    staging = study.staging
    stage = f"{staging.metavir_min}-{staging.metavir_max}" if staging else ""
    measured = sum(acquisition.measurement is not None for acquisition in study.acquisitions)
    channels = next(one.network_channels for one in study.acquisitions if one.measurement is not None)
    shown = ", ".join(name.replace("_", " ") for name in channels)
    if "magnitude" not in channels:
        shown += " (only with `require_magnitude: false`)"
    return _Row(study.measurement.mean_kpa, stage, measured, study.unit.detail, shown)
