"""What all steps share serves several runs, and a worker process can make its own of it."""

from __future__ import annotations

import pickle
from multiprocessing import get_context

from liver_mre.method.toolkit import Toolkit
from liver_mre.settings import Settings


def profile_in(toolkit: Toolkit) -> str:
    return toolkit.profile.name


def test_a_pickled_toolkit_becomes_one_with_the_same_settings_and_nothing_loaded() -> None:
    toolkit = Toolkit(Settings(profile="wu_2015"))
    toolkit.preload()
    copy = pickle.loads(pickle.dumps(toolkit))  # noqa: S301 - its own
    assert copy.settings == toolkit.settings
    assert copy._model is None


def test_a_worker_process_makes_its_own() -> None:
    with get_context("spawn").Pool(1) as pool:
        assert pool.apply(profile_in, (Toolkit(Settings(profile="wu_2015")),)) == "wu_2015"


def test_what_is_loaded_serves_the_next_run() -> None:
    with Toolkit(Settings()) as toolkit:
        rules = toolkit.rules
    with toolkit:
        assert toolkit.rules is rules
