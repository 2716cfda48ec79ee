"""Padding says "not measured" only where it is far from the values that the images carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom.uid import ImplicitVRLittleEndian

from liver_mre.errors import UnusablePixelsError
from liver_mre.studies.padding import without_padding
from tests.studies.stored import read, rewrite, write
from tests.studies.test_decoding import uncompressed

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def tissue(dtype: type = np.uint16) -> NDArray[np.integer]:
    """Return an elastogram in counts of 0.01 kPa: tissue of 1 to 8 kPa, a hot pixel, and air of 0 around."""
    stored = np.zeros((2, 40, 40), dtype)
    stored[:, 8:32, 8:32] = np.random.default_rng(2).integers(100, 800, (2, 24, 24))
    stored[0, 20, 20] = 3000
    return stored


@pytest.mark.parametrize(
    ("value", "limit", "dtype"),
    [
        (65535, None, np.uint16),
        (65530, 65535, np.uint16),
        (32768, None, np.uint16),
        (1, None, np.uint16),
        (-32768, None, np.int16),
        (-2000, None, np.int16),
        (-1, None, np.int16),
        (-32768, -1, np.int16),
        (32767, None, np.int16),
    ],
)
def test_padding_in_air_is_not_measured(tmp_path: Path, value: int, limit: int | None, dtype: type) -> None:
    expected = tissue(dtype)
    written = expected.copy()
    written[expected == 0] = value
    top = {} if limit is None else {"PixelPaddingRangeLimit": limit}
    write(tmp_path / "a", written, PixelPaddingValue=value, **top)
    np.testing.assert_array_equal(read(tmp_path / "a"), expected)


@pytest.mark.parametrize(
    ("value", "limit"),
    [(0, 330), (330, 0), (300, 65535), (800, 65535), (300, None), (799, None), (100, 120), (150, None)],
)
def test_padding_among_the_values_of_tissue_is_refused(tmp_path: Path, value: int, limit: int | None) -> None:
    top = {} if limit is None else {"PixelPaddingRangeLimit": limit}
    stored = tissue()
    stored[1, 20, 20] = value or 200
    write(tmp_path / "a", stored, PixelPaddingValue=value, **top)
    with pytest.raises(
        UnusablePixelsError, match=r"PixelPaddingValue and PixelPaddingRangeLimit .* as other pixels do"
    ):
        read(tmp_path / "a")


@pytest.mark.parametrize(("value", "limit"), [(0, None), (5000, None), (4000, 65535), (0, 20)])
def test_padding_that_no_pixel_has_changes_nothing(tmp_path: Path, value: int, limit: int | None) -> None:
    top = {} if limit is None else {"PixelPaddingRangeLimit": limit}
    expected = write(tmp_path / "a", tissue(), PixelPaddingValue=value, **top)
    np.testing.assert_array_equal(read(tmp_path / "a"), expected)


@pytest.mark.parametrize("top", [255, 1000])
def test_full_confidence_is_no_padding(top: int) -> None:
    confidence = np.random.default_rng(3).integers(0, top, (1, 40, 40)).astype(np.uint16)
    confidence[0, 10:20, 10:20] = top
    with pytest.raises(UnusablePixelsError):
        without_padding(list(confidence), [(top, top)])


def test_an_image_of_nothing_but_padding_is_empty_and_one_of_several_values_is_refused() -> None:
    empty = np.full((4, 4), 65535, np.uint16)
    (found,) = without_padding([empty], [(65535, 65535)])
    assert not found.any()
    with pytest.raises(UnusablePixelsError):
        without_padding([np.arange(250, 266, dtype=np.uint16).reshape(4, 4)], [(250, 65535)])


def test_padding_of_one_image_is_compared_with_all() -> None:
    one, other = np.full((4, 4), 300, np.uint16), np.arange(290, 306, dtype=np.uint16).reshape(4, 4)
    with pytest.raises(UnusablePixelsError):
        without_padding([one, other], [(300, 300), None])


@pytest.mark.parametrize("vr", ["OB", "OW", "SS", "US"])
@pytest.mark.parametrize("implicit", [False, True])
def test_padding_is_read_whatever_its_vr(tmp_path: Path, vr: str, *, implicit: bool) -> None:
    expected = tissue(np.int16)
    write(tmp_path / "a", np.where(expected == 0, np.int16(-2000), expected))
    words = np.array([-2000], "<i2")
    value = words.tobytes() if vr in {"OB", "OW"} else int(words.view("<u2" if vr == "US" else "<i2")[0])
    rewrite(tmp_path / "a", lambda ds: ds.add_new("PixelPaddingValue", vr, value))
    if implicit:
        uncompressed(ImplicitVRLittleEndian)(tmp_path / "a")
    np.testing.assert_array_equal(read(tmp_path / "a"), expected)


@pytest.mark.parametrize("keyword", ["PixelPaddingValue", "PixelPaddingRangeLimit"])
def test_padding_that_cannot_be_read_is_named(tmp_path: Path, keyword: str) -> None:
    write(tmp_path / "a", tissue(), PixelPaddingValue=65535)
    rewrite(tmp_path / "a", lambda ds: ds.add_new(keyword, "OB", b"\1\2\3\4"))
    with pytest.raises(UnusablePixelsError, match=f"{keyword} cannot be read"):
        read(tmp_path / "a")
