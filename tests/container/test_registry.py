"""The image can be pushed to a registry and pulled by digest, and MONAI Deploy's own tool accepts it.

Both tests need a registry or socket, which only the stand-in for an engine provides. MONAI_DEPLOY_CLI names the tool
`monai-deploy`, installed in its own environment.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.container.conftest import Image

# In the stand-in's environment: its podman, with another, empty store.
ROUND_TRIP = r"""
set -euo pipefail
tag=127.0.0.1:${REGPORT:-5000}/liver-mre
podman push -q --digestfile "$WORK/digest" "$IMAGE" "docker://$tag:test"
digest=$(cat "$WORK/digest")
store=$(mktemp -d) # podman wants a short path
trap 'rm -rf "$store"' EXIT
empty=(podman --root "$store/root" --runroot "$store/run" --tmpdir "$store/tmp")
"${empty[@]}" images -q | grep -q . && exit 3
"${empty[@]}" pull -q "$tag@$digest"
"${empty[@]}" run --rm --network none --read-only --tmpfs /tmp --user 12345:12345 --cap-drop all \
  -v "$STUDY:/var/holoscan/input:ro" -v "$OUT:/var/holoscan/output:rw" "$tag@$digest" --quiet
manifest=$(curl -sf -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' \
  -H 'Accept: application/vnd.oci.image.manifest.v1+json' "http://127.0.0.1:${REGPORT:-5000}/v2/liver-mre/manifests/$digest")
printf '%s' "$manifest" > "$WORK/manifest.json"
"${empty[@]}" rmi -f --all > /dev/null
"""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    for parent in (tmp_path.parent, tmp_path):
        parent.chmod(0o755)
    return tmp_path


def test_it_is_pushed_pulled_by_digest_into_an_empty_store_and_run(image: Image, study: Path, work: Path) -> None:
    lab = image.engine.lab
    if lab is None:
        pytest.skip("no registry of its own: see docs/release.md for the commands")
    out = image.output()
    variables = {"IMAGE": image.tag, "WORK": str(work), "STUDY": str(study), "OUT": str(out)}
    done = subprocess.run(
        [lab, "registry", "bash", "-c", ROUND_TRIP],
        env=os.environ | variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert [study["status"] for study in result["studies"]] == ["measured"]
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", (work / "digest").read_text(encoding="utf-8").strip())
    layers = json.loads((work / "manifest.json").read_text(encoding="utf-8"))["layers"]
    assert sum(layer["size"] for layer in layers) <= 700e6


def test_monai_deploy_run_accepts_it(image: Image, study: Path, work: Path) -> None:
    """The tool also needs `docker-buildx`, a network to join, and the runtime "nvidia", which the stand-in has."""
    tool = os.environ.get("MONAI_DEPLOY_CLI")
    lab = image.engine.lab
    if not tool or lab is None:
        pytest.skip("MONAI_DEPLOY_CLI names no monai-deploy, with holoscan-cli up to 4.2")
    plugins = work / ".docker" / "cli-plugins"
    plugins.mkdir(parents=True)
    (plugins / "docker-buildx").write_text("#!/bin/sh\n", encoding="utf-8")
    (plugins / "docker-buildx").chmod(0o755)
    out = image.output()
    options = ["--gpus", "void", "-n", "podman", "--uid", "12345", "--gid", "12345", "--rm"]
    command = [lab, "socket", tool, "run", "-i", str(study), "-o", str(out), *options, image.tag]
    done = subprocess.run(command, env=os.environ | {"HOME": str(work)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert [study["status"] for study in result["studies"]] == ["measured"], done.stdout + done.stderr
