"""What holds for all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# How long one example takes depends on what else the machine does; the suite's time is watched as a whole. A landing is
# judged on the same examples each time, and everybody else looks for new ones.
settings.register_profile("liver-mre", deadline=None, derandomize=bool(os.environ.get("CI")))
# `make quick` is to be quick.
settings.register_profile("quick", deadline=None, max_examples=20)
settings.load_profile("liver-mre")
