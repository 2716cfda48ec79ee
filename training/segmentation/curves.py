"""Log of a run: one CSV row per epoch, and its learning curves."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LOG_NAME: Final = "log.csv"
PLOT_NAME: Final = "curves.png"


def append_row(folder: Path, row: Mapping[str, float]) -> None:
    """Append one epoch to the log."""
    path = folder / LOG_NAME
    fresh = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(row))
        if fresh:
            writer.writeheader()
        writer.writerow({name: round(value, 6) if isinstance(value, float) else value for name, value in row.items()})


def keep_rows(folder: Path, epochs: int) -> None:
    """Keep the first epochs of the log; a resumed run writes the rest again."""
    path = folder / LOG_NAME
    if path.exists():
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(lines[: epochs + 1]), encoding="utf-8")


def plot(folder: Path) -> None:
    """Plot loss, validation Dice per situation, and learning rate over epochs."""
    from matplotlib.figure import Figure

    with (folder / LOG_NAME).open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    columns = {name: [float(row[name]) for row in rows] for name in rows[0]}
    figure = Figure(figsize=(11, 3.4), layout="constrained")
    loss, dice, rate = figure.subplots(1, 3)
    loss.plot(columns["epoch"], columns["loss"], marker=".")
    loss.set(title="training loss", xlabel="epoch", yscale="log")
    for name, values in columns.items():
        if name.startswith("dice_"):
            dice.plot(columns["epoch"], values, marker=".", label=name.removeprefix("dice_"))
    dice.set(title="validation Dice, mean over slices", xlabel="epoch", ylim=(0, 1))
    dice.legend()
    rate.plot(columns["epoch"], columns["learning_rate"], marker=".")
    rate.set(title="learning rate", xlabel="epoch")
    figure.savefig(folder / PLOT_NAME, dpi=110)
