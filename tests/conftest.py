"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# How long one example takes depends on what else the machine does; the suite's time is watched as a whole.
settings.register_profile("liver-mre", deadline=None)
settings.load_profile("liver-mre")
