"""A page of tables: what the application measures in every encoding of one simulated patient.

Only this module of the simulator uses the application.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from liver_mre.results.finding import MeasuredFinding
from simulation.encodings import ENCODINGS
from simulation.encodings.modifiers import MODIFIERS
from simulation.encodings.transfer_syntax import TRANSFER_SYNTAXES, transcode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from liver_mre.results.result import RunResult
    from simulation.types import SimulatedExam

    Measure = Callable[[Path], RunResult]

REFERENCE: Final = "siemens-gre"
COMPARED: Final = ("siemens-gre", "ge-gre", "philips-enhanced", "canon")
"""Encodings in the tables of modifiers and transfer syntaxes."""
_HEAD: Final = """# One patient in every encoding

Made by `python -m simulation encodings --out docs/encodings.md`; simulated, research use only. One simulated patient
(seed {seed}, stage {stage}) is written as by each scanner, and measured. "Difference" is to `{reference}`,
{mean_kpa:.3f} kPa. Without a usable magnitude, or with a masked elastogram alone, the network has less input and
segments the liver differently; without a magnitude, a study is measured only if a site has set that. The top of each
module in `simulation/encodings/` tells what is known from a source and what is inferred.
"""


@dataclass(frozen=True, slots=True)
class _Row:
    """Measurement of one study, or why there is none."""

    mean_kpa: float | None
    stage: str
    acquisitions: int
    evidence: str
    network_input: str = ""

    def difference(self, reference_kpa: float) -> str:
        """Return the difference to the reference, or that the study was refused."""
        if self.mean_kpa is None:
            return "refused"
        # Adding zero turns -0 into 0.
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

    Raises `ValueError` if the reference encoding cannot be measured.

    Parameters
    ----------
    exam : the simulated patient
    measure : measures every study in a folder; by default `liver_mre.measure_folder`, also without magnitude
    encodings, modifiers, transfer_syntaxes : rows of the three tables
    """
    if measure is None:
        from functools import partial

        from liver_mre.api import measure_folder
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
    yield "| Encoding | Content | Network input | Mean, kPa | Difference | Stage | Unit, or reason |"
    yield "|---|---|---|---|---|---|---|"
    rows = {name: _measured(exam, measure, name) for name in names}
    means: dict[str, list[float]] = {}
    for name, row in rows.items():
        mean = "" if row.mean_kpa is None else f"{row.mean_kpa:.3f}"
        cells = (f"`{name}`", ENCODINGS[name].holds, row.network_input, mean, row.difference(reference_kpa), row.stage)
        yield f"| {' | '.join((*cells, row.evidence))} |"
        if row.mean_kpa is not None:
            means.setdefault(row.network_input, []).append(row.mean_kpa)
    equal_input = max((max(found) / min(found) - 1.0 for found in means.values()), default=0.0)
    every = [abs(mean / reference_kpa - 1.0) for found in means.values() for mean in found]
    yield ""
    yield (
        f"Measured: {len(every)} of {len(rows)}. Largest difference between encodings of equal network input: "
        f"{100.0 * equal_input:.2f} %; to the reference: {100.0 * max(every, default=0.0):.2f} %."
    )
    yield ""


def _modifiers_table(
    exam: SimulatedExam, measure: Measure, names: Iterable[str], reference_kpa: float
) -> Iterable[str]:
    yield from ("## What happens to a study before it arrives", "")
    yield (
        "Difference to the mean above, with the number of measured acquisitions in brackets if it is not one. "
        "Enhanced objects carry no overlays, so `with-contour` does not change them."
    )
    yield ""
    rows = {name: [_measured(exam, measure, one, modifiers=(name,)) for one in COMPARED] for name in names}
    yield from _comparison("Modifier", rows, reference_kpa)
    for name, found in rows.items():
        refused = ((one, row.evidence) for one, row in zip(COMPARED, found, strict=True) if not row.mean_kpa)
        yield from (f"- `{encoding}`, {name}: {evidence}" for encoding, evidence in refused)
    yield ""


def _syntaxes_table(exam: SimulatedExam, measure: Measure, names: Iterable[str], reference_kpa: float) -> Iterable[str]:
    yield from ("## Transfer syntaxes", "")
    rows = {name: [_measured(exam, measure, one, transfer_syntax=name) for one in COMPARED] for name in names}
    yield from _comparison("Transfer syntax", rows, reference_kpa)


def _comparison(title: str, rows: Mapping[str, Sequence[_Row]], reference_kpa: float) -> Iterable[str]:
    yield f"| {title} | {' | '.join(f'`{name}`' for name in COMPARED)} |"
    yield "|---" * (len(COMPARED) + 1) + "|"
    for name, found in rows.items():
        counts = (f" ({row.acquisitions})" if row.acquisitions > 1 else "" for row in found)
        cells = (row.difference(reference_kpa) + count for row, count in zip(found, counts, strict=True))
        yield f"| `{name}` | {' | '.join(cells)} |"
    yield ""


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
    study = result.studies[0]
    finding = study.measured
    if finding is None or finding.provenance.unit is None:
        return _Row(None, "", 0, study.reason.message if study.reason else study.status)
    stage = f"{finding.staging.metavir_min}-{finding.staging.metavir_max}"
    measured = sum(isinstance(one, MeasuredFinding) for one in study.findings)
    channels = finding.provenance.network_channels
    network_input = ", ".join(name.replace("_", " ") for name in channels)
    if "magnitude" not in channels:
        network_input += " (only with `require_magnitude: false`)"
    return _Row(finding.measurement.mean_kpa, stage, measured, finding.provenance.unit.detail, network_input)
