"""Claims about the commands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from training.__main__ import WORDS, main

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("word", WORDS)
def test_every_command_explains_itself(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([word, "--help"], prog="liver-mre")
    assert ended.value.code == 0
    assert f"liver-mre {word}" in capsys.readouterr().out


def test_what_the_user_can_put_right_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "run")]) == 2
    words = capsys.readouterr().err
    assert "none does not exist" in words
    assert "Traceback" not in words


def test_weights_are_published_only_with_their_hardware_and_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["publish", "--evaluation", str(tmp_path / "evaluation.json"), "--model-dir", str(tmp_path / "model")]
    for partly in (["--weights", "best.pt"], ["--version", "2.0"], ["--weights", "best.pt", "--hardware", "a desk"]):
        assert main([*asked, *partly]) == 2
        assert "belong together" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_help_and_simulation_do_without_torch() -> None:
    words = "from training.__main__ import parser_of; parser_of('x'); import training.cohort.simulate"
    code = f"import sys; {words}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
