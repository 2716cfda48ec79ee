"""What this application is called, and its version: the one place that says so."""

from __future__ import annotations

from typing import Final

__version__ = "0.2.0"
APPLICATION: Final = "liver-mre"
