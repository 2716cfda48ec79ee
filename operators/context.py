"""What the operators of one graph share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from liver_mre.method.toolkit import Toolkit
    from liver_mre.results.result import StudyResult
    from liver_mre.studies.study_source import StudySource
    from liver_mre.workflow.outcome import Reason
    from liver_mre.workflow.progress import Progress
    from liver_mre.workflow.stop import Stop


@dataclass(slots=True)
class Context:
    """One run of the graph.

    Attributes
    ----------
    source : the studies to measure
    staging, out : folder that writers write into, and output folder to which results are moved
    started : `time.perf_counter` at the start of the run
    emitted : number of studies that the loader has emitted
    exhausted : whether the source has no more studies
    input_failure : why the source could not be read to its end
    finished : results of the studies that have been through all steps
    """

    source: StudySource
    staging: Path
    out: Path
    toolkit: Toolkit
    progress: Progress
    stop: Stop
    started: float
    emitted: int = 0
    exhausted: bool = False
    input_failure: Reason | None = None
    finished: list[StudyResult] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every study of the source is finished."""
        return not self.stop.requested and self.exhausted and len(self.finished) == self.emitted
