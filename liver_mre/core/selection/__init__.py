"""What of a study is measured: roles to acquisitions, acquisitions to selections, and a reason for every series.

`entry` is the way in. In the order of the data: `pairing` (which series can belong together), `grouping` (acquisitions
and their companions), `options` and `choosing` (what of an acquisition is measured), `measurable` (its checks),
`decisions` (words for every series), and after the measurement `acquisitions` (which one is reported).
"""

from liver_mre.core.selection.entry import list_series, select

__all__ = ["list_series", "select"]
