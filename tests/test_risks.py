"""Every risk has a control, and every control a test that is there and runs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RISKS = ROOT / "docs/risks.md"
SEVERITIES = {"negligible", "minor", "serious"}
COLUMNS = ("number", "hazard", "sequence", "harm", "severity", "control", "tests")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
NOT_RUN = {"skip", "skipif", "xfail", "importorskip"}


def rows() -> list[dict[str, str]]:
    lines = RISKS.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| \d+ \|", line)]
    return [dict(zip(COLUMNS, row, strict=True)) for row in cells]


def not_run(node: ast.AST) -> set[str]:
    """Return which of pytest's ways to leave a test out occur in a piece of code."""
    return {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute) and one.attr in NOT_RUN}


def fault(source: str, name: str) -> str:
    """Return why a test of this name does not prove anything, or nothing."""
    tree = ast.parse(source)
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    if not found:
        return "does not exist"
    marks = [node.value for node in tree.body if isinstance(node, ast.Assign) and _names(node) == {"pytestmark"}]
    left_out = set().union(*map(not_run, [*found, *marks]))
    return f"is left out: {', '.join(sorted(left_out))}" if left_out else ""


def _names(node: ast.Assign) -> set[str]:
    return {target.id for target in node.targets if isinstance(target, ast.Name)}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["hazard"])
def test_every_risk_names_tests_that_are_there_and_not_skipped(row: dict[str, str]) -> None:
    named = NAMED.findall(row["tests"])
    assert named
    for file, name in named:
        path = ROOT / file
        assert path.is_file(), file
        assert not fault(path.read_text(encoding="utf-8"), name), f"{file}::{name}"


def test_every_risk_is_complete_and_numbered() -> None:
    assert [row["number"] for row in rows()] == [str(number) for number in range(1, len(rows()) + 1)]
    assert all(all(row.values()) for row in rows())
    assert {row["severity"] for row in rows()} <= SEVERITIES
    assert len({row["hazard"] for row in rows()}) == len(rows())
    for row in rows():
        assert not NAMED.sub("", row["tests"]).strip(), "the last column holds tests and nothing else"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def test_it() -> None:\n    assert True\n", ""),
        ("def test_other() -> None: ...\n", "does not exist"),
        ("class A:\n    def test_it(self) -> None: ...\n", "does not exist"),
        ("@pytest.mark.skip\ndef test_it() -> None: ...\n", "is left out: skip"),
        ("@pytest.mark.skipif(True, reason='')\ndef test_it() -> None: ...\n", "is left out: skipif"),
        ("@pytest.mark.xfail(reason='')\ndef test_it() -> None: ...\n", "is left out: xfail"),
        ("def test_it() -> None:\n    pytest.skip('no')\n", "is left out: skip"),
        ("pytestmark = pytest.mark.skip\ndef test_it() -> None: ...\n", "is left out: skip"),
        ("pytestmark = [pytest.mark.slow]\ndef test_it() -> None: ...\n", ""),
    ],
)
def test_a_test_that_does_not_run_is_found(source: str, said: str) -> None:
    assert fault(source, "test_it") == said
