"""Liver stiffness and fibrosis stage from MR elastography. Research use only.

The one function most callers need is `measure_folder`: a folder of DICOM studies in, typed results out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from liver_mre.pipeline import measure_folder

__version__ = "0.1.0"
APPLICATION = "liver-mre"

__all__ = ["APPLICATION", "__version__", "measure_folder"]


def __getattr__(name: str) -> object:
    """Import the pipeline on first use: `import liver_mre` alone stays instant."""
    if name == "measure_folder":
        from liver_mre.pipeline import measure_folder

        return measure_folder
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
