"""What the writers share: the staging folder they write into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from operators.step import StepOperator

if TYPE_CHECKING:
    from pathlib import Path


class WriterOperator(StepOperator):
    """Base of the operators that write one kind of result into the staging folder."""

    def __init__(self, fragment: object, *args: object, staging: Path, **kwargs: object) -> None:
        self.staging = staging
        super().__init__(fragment, *args, **kwargs)  # type: ignore[arg-type]
