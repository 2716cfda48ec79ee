"""A checkout installs what is locked by checksum, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from container.lock import CHECKOUT, IN_LOCKS_OF_THEIR_OWN, PYTHONS, canonical, entries, pinned, updated, with_every_pin
from scripts.check_python import NEWEST, OLDEST

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parent.parent
PINNED = pinned(*(ROOT / name for name in ("constraints.txt", "requirements.txt", "requirements-dev.txt")))
LOCKED = {canonical(name): entry for name, entry in entries(CHECKOUT.read_text(encoding="utf-8")).items()}
OLD, NEW, OTHER = ("a" * 64, "b" * 64, "c" * 64)


def test_every_package_is_locked_by_checksum() -> None:
    assert {name: version for name, (version, _) in LOCKED.items()} == {
        name: version for name, version in PINNED.items() if name not in IN_LOCKS_OF_THEIR_OWN
    }, "run `make lock`"
    assert all(checksum.strip("0") for _, checksums in LOCKED.values() for checksum in checksums), "run `make lock`"


def test_it_holds_the_wheels_of_every_supported_python() -> None:
    assert [tuple(map(int, python.split("."))) for python in PYTHONS] == [
        (OLDEST[0], minor) for minor in range(OLDEST[1], NEWEST[1] + 1)
    ]
    image = entries((ROOT / "container/requirements.lock").read_text(encoding="utf-8"))
    for name in ("numpy", "holoscan-cu13", "openvino"):  # compiled for each
        assert len(LOCKED[name][1]) == len(PYTHONS)
        assert image[name][1] == LOCKED[name][1][:1]  # the first is that of the image's Python


def test_make_installs_nothing_whose_checksum_is_unknown() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^\$\(VENV\)/installed:.*?\n\n", makefile, re.DOTALL | re.MULTILINE)
    assert recipe is not None
    installs = re.findall(r"(?:\$\(INSTALL\)|pip install)[^|\n]*", recipe[0])
    assert len(installs) == 4
    assert all("--require-hashes" in line or line.endswith(" -e .") for line in installs)


def test_a_pin_that_is_new_gets_a_line_and_one_that_is_gone_loses_it() -> None:
    text = f"# Why.\nkept==1.0 --hash=sha256:{OLD}\ngone==1.0 --hash=sha256:{OLD}\n"
    pins = {"kept": "1.0", "fresh": "2.0", "torch": "3.0"}
    assert with_every_pin(text, pins) == (
        f"# Why.\nfresh==2.0 --hash=sha256:{'0' * 64}\nkept==1.0 --hash=sha256:{OLD}\n"
    )


def test_a_package_gets_the_checksums_of_the_wheels_of_every_python(monkeypatch: pytest.MonkeyPatch) -> None:
    wheels = {"3.11": {"one": NEW}, "3.12": {"one": OTHER}, "3.13": {"one": NEW}}
    monkeypatch.setattr("container.lock.resolved", lambda _, python: wheels[python])
    brought = updated(f"one==1.0 --hash=sha256:{OLD}\n", {"one": "1.1"}, PYTHONS)
    assert brought == f"one==1.1 --hash=sha256:{NEW} --hash=sha256:{OTHER}\n"
