"""An invented kind of series."""

from __future__ import annotations

from enum import StrEnum


class RelaxometryRole(StrEnum):
    """What a series of relaxometry is."""

    T1_MAP = "t1_map"
