"""What the operators of one graph share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from liver_mre.method.toolkit import Toolkit
    from liver_mre.results.publish import Publication
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
    publication : the results on their way into the output folder
    started : `time.perf_counter` at the start of the run
    resume : keep what an earlier run has published of the same input, made in the same way
    emitted : number of studies that the loader has emitted
    exhausted : whether the source has no more studies
    input_failure : why the source could not be read to its end
    """

    source: StudySource
    publication: Publication
    toolkit: Toolkit
    progress: Progress
    stop: Stop
    started: float
    resume: bool = False
    emitted: int = 0
    exhausted: bool = False
    input_failure: Reason | None = None

    @property
    def staging(self) -> Path:
        """Folder that writers write into."""
        return self.publication.staging

    @property
    def complete(self) -> bool:
        """Whether every study of the source is finished."""
        return not self.stop.requested and self.exhausted and len(self.publication.finished) == self.emitted
