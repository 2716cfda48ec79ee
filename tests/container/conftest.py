"""The image under test, the example study, and containers run under the strictest limits of any platform.

`make image-test` sets IMAGE_UNDER_TEST; without it, or without an engine, tests that need an image are skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from container.engine import Engine, find_engine
from simulation.encodings import ENCODINGS
from simulation.exams.simulate import simulate_exam

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "12345:12345"
TEMPORARY = "/tmp:rw,size=64m,mode=1777"  # noqa: S108  (in the container)
SEED = 90210
ALL = stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Finished:
    """A container that has ended; `started` and `ended` by the engine's clock are None if not asked for."""

    code: int
    stdout: str
    stderr: str
    out: Path
    started: datetime | None = None
    ended: datetime | None = None

    @property
    def seconds(self) -> float:
        """Time from start to end, without the engine's overhead."""
        assert self.started is not None
        assert self.ended is not None
        return (self.ended - self.started).total_seconds()

    @property
    def result(self) -> dict[str, Any]:
        return json.loads((self.out / "result.json").read_text(encoding="utf-8"))

    @property
    def left_behind(self) -> list[str]:
        """Hidden files and folders left in the output folder."""
        return [path.name for path in self.out.iterdir() if path.name.startswith(".")]


@dataclass
class Image:
    """The image, and the containers started from it."""

    engine: Engine
    tag: str
    folder: Path
    names: list[str] = field(default_factory=list)

    def output(self) -> Path:
        """Return a new folder that every user can write to."""
        out = self.folder / f"out-{uuid.uuid4().hex[:8]}"
        out.mkdir()
        out.chmod(ALL)
        return out

    def mount(self, source: Path, target: str, mode: str = "ro") -> list[str]:
        return ["-v", f"{source}:{target}:{mode}"]

    def locked_down(self, *, user: str | None = USER, memory: str = "2g") -> list[str]:
        """Return options that remove all rights and resources that the application does not need."""
        limits = ["--memory", memory, "--memory-swap", memory, "--cpus", "2", "--pids-limit", "512"]
        rights = ["--cap-drop", "all", "--security-opt", "no-new-privileges", *(["--user", user] if user else [])]
        return ["--network", "none", "--read-only", "--tmpfs", TEMPORARY, *rights, *limits]

    def start(self, arguments: list[str], *, options: list[str]) -> str:
        """Start a container and return its name."""
        name = f"liver-mre-test-{uuid.uuid4().hex[:12]}"
        self.names.append(name)
        started = self.engine.run("run", "--detach", "--name", name, *options, self.tag, *arguments)
        assert started.returncode == 0, started.stderr
        return name

    def end(self, name: str, out: Path) -> Finished:
        """Wait for the end of a container."""
        assert self.engine.run("wait", name).returncode == 0
        state = json.loads(self.engine.run("inspect", name).stdout)[0]["State"]
        logs = self.engine.run("logs", name)
        times = (datetime.fromisoformat(state[name]) for name in ("StartedAt", "FinishedAt"))
        self.remove(name)
        return Finished(state["ExitCode"], logs.stdout, logs.stderr, out, *times)

    def remove(self, name: str) -> None:
        self.engine.run("rm", "--force", name)
        self.names.remove(name)

    def run(
        self, *arguments: str, options: list[str] | None = None, study: Path | None = None, out: Path | None = None
    ) -> Finished:
        """Run a container to its end: by default locked down, a study mounted where a MAP expects it."""
        out = out or self.output()
        if study is not None:
            mounts = [*self.mount(study, "/var/holoscan/input"), *self.mount(out, "/var/holoscan/output", "rw")]
        else:
            mounts = []
        done = self.engine.run("run", "--rm", *(options or self.locked_down()), *mounts, self.tag, *arguments)
        return Finished(done.returncode, done.stdout, done.stderr, out)

    def run_timed(self, *arguments: str, study: Path) -> Finished:
        """Run a container as `run` does, timed by the engine's clock."""
        out = self.output()
        mounts = [*self.mount(study, "/var/holoscan/input"), *self.mount(out, "/var/holoscan/output", "rw")]
        return self.end(self.start(list(arguments), options=[*self.locked_down(), *mounts]), out)


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    tag = os.environ.get("IMAGE_UNDER_TEST")
    if not tag:
        pytest.skip("no image: `make image-test` builds one and tests it")
    engine = find_engine()
    if engine is None:
        pytest.skip("NO IMAGE IS TESTED: there is neither Docker nor podman")
    folder = tmp_path_factory.mktemp("containers")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(ALL)  # other users must reach what is mounted
    image = Image(engine, tag, folder)
    yield image
    for name in list(image.names):
        image.remove(name)


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the simulated example study, readable by every user."""
    folder = tmp_path_factory.mktemp("example") / "study"
    ENCODINGS["siemens-gre"](simulate_exam(SEED, stage="F2"), folder)
    readable(folder.parent)
    return folder


def readable(folder: Path) -> None:
    """Let every user read a folder."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.fixture
def copied(study: Path, tmp_path: Path) -> Path:
    """Return a copy of the study to modify."""
    for parent in (tmp_path, tmp_path.parent):
        parent.chmod(0o755)
    return Path(shutil.copytree(study, tmp_path / "study"))
