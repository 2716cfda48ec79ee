"""Liver stiffness and fibrosis stage from MR elastography. Research use only.

The one function most callers need is `measure_folder`: a folder of DICOM studies in, typed results out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from liver_mre.about import APPLICATION, __version__

if TYPE_CHECKING:
    from liver_mre.api import assess_folder, check_folder, measure_folder, measure_study

__all__ = ["APPLICATION", "__version__", "assess_folder", "check_folder", "measure_folder", "measure_study"]


def __getattr__(name: str) -> object:
    """Import `liver_mre.api` on first use: `import liver_mre` alone stays instant."""
    if name in __all__:
        from liver_mre import api

        return getattr(api, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
