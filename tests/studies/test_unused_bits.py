"""Values above BitsStored are never cut off, whatever the transfer syntax: header against pixels or codestream."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import RLELossless

from liver_mre.errors import UnknownUnitError, UnusablePixelsError
from liver_mre.studies.decoding import read_images
from liver_mre.studies.pixel_format import PixelFormat
from liver_mre.studies.reader import read_studies
from liver_mre.studies.unused_bits import UnusedBitsError, Words, stored_values
from simulation.encodings import ENCODINGS
from tests.simulation.exam_factory import make_exam
from tests.studies.files import chosen, read_volume
from tests.studies.stored import read, rewrite, write
from tests.studies.test_decoding import RECODERS, pydicom_encoder

if TYPE_CHECKING:
    from pydicom import Dataset

    from tests.studies.test_decoding import Recode

COMPRESSED = {name: recode for name, recode in RECODERS.items() if "endian" not in name and name != "deflated"}


def counts(low: int, high: int, dtype: type = np.uint16) -> np.ndarray:
    return np.random.default_rng(5).integers(low, high, (2, 64, 66), endpoint=True).astype(dtype)


def claim(bits: int) -> dict[str, int]:
    return {"BitsStored": bits, "HighBit": bits - 1}


def set_bits(path: Path, bits: int) -> None:
    def edit(ds: Dataset) -> None:
        ds.BitsStored, ds.HighBit = bits, bits - 1

    rewrite(path, edit)


@pytest.mark.parametrize("recode", RECODERS.values(), ids=RECODERS)
@pytest.mark.parametrize(("dtype", "low", "high"), [(np.uint16, 0, 5000), (np.int16, -2049, 100)])
def test_values_above_bits_stored_are_refused_in_every_transfer_syntax(
    tmp_path: Path, recode: Recode, dtype: type, low: int, high: int
) -> None:
    stored = counts(low, high, dtype)
    stored[0, 0, 0] = stored.max() if dtype is np.uint16 else stored.min()
    write(tmp_path / "a", stored)
    recode(tmp_path / "a")
    np.testing.assert_array_equal(read(tmp_path / "a"), stored)
    set_bits(tmp_path / "a", 12)
    with pytest.raises(UnusablePixelsError, match=r"above the 12 bits that BitsStored says|12 signed bits"):
        read(tmp_path / "a")


@pytest.mark.parametrize("recode", COMPRESSED.values(), ids=COMPRESSED)
@pytest.mark.parametrize("claimed", [10, 12, 14, 16])
def test_a_codestream_of_another_precision_is_read_where_its_values_fit(
    tmp_path: Path, recode: Recode, claimed: int
) -> None:
    stored = write(tmp_path / "a", counts(0, 1000), **claim(12))
    recode(tmp_path / "a")
    set_bits(tmp_path / "a", claimed)
    np.testing.assert_array_equal(read(tmp_path / "a"), stored)


@pytest.mark.parametrize("recode", COMPRESSED.values(), ids=COMPRESSED)
def test_signed_values_of_a_codestream_of_fewer_bits_are_right_or_refused(tmp_path: Path, recode: Recode) -> None:
    stored = write(tmp_path / "a", counts(-900, 900, np.int16), **claim(12))
    recode(tmp_path / "a")
    set_bits(tmp_path / "a", 16)
    try:
        found = read(tmp_path / "a")
    except UnusablePixelsError as error:
        assert "codestream" in str(error)  # noqa: PT017 - codestreams that know no sign are refused, others read
    else:
        np.testing.assert_array_equal(found, stored)


@pytest.mark.parametrize("recode", COMPRESSED.values(), ids=COMPRESSED)
def test_the_sign_of_a_codestream_and_of_its_header_are_not_confused(tmp_path: Path, recode: Recode) -> None:
    stored = write(tmp_path / "a", counts(-900, 900, np.int16))
    recode(tmp_path / "a")
    rewrite(tmp_path / "a", lambda ds: setattr(ds, "PixelRepresentation", 0))
    try:
        found = read(tmp_path / "a")
    except UnusablePixelsError as error:
        assert "with a sign" in str(error)  # noqa: PT017 - JPEG 2000 knows the sign, the others do not
    else:
        np.testing.assert_array_equal(found, stored.view(np.uint16))


@pytest.mark.parametrize("stored_bits", [5, 7])
def test_bits_above_are_checked_in_pixels_of_one_byte_too(tmp_path: Path, stored_bits: int) -> None:
    stored = write(tmp_path / "a", counts(0, (1 << stored_bits) - 1, np.uint8), **claim(stored_bits))
    np.testing.assert_array_equal(read(tmp_path / "a"), stored)
    write(tmp_path / "b", stored | (1 << stored_bits), **claim(stored_bits))
    with pytest.raises(UnusablePixelsError, match=f"above the {stored_bits} bits"):
        read(tmp_path / "b")


@given(
    value=st.integers(-(1 << 15), (1 << 15) - 1),
    bits=st.integers(2, 16),
    precision=st.integers(2, 16),
    extended=st.booleans(),
)
def test_a_signed_value_comes_back_or_is_refused(value: int, bits: int, precision: int, *, extended: bool) -> None:
    """A word of `precision` bits, whose sign reaches up to its last bit or only to BitsStored."""
    word = value & ((1 << (precision if extended else min(bits, precision))) - 1)
    header = PixelFormat("", 1, 1, 1, 16, bits, signed=True, padding=None)
    fits = -(1 << (bits - 1)) <= value < 1 << (bits - 1)
    try:
        (found,) = stored_values(Words(np.array([word], np.uint16), precision), header)
    except UnusedBitsError:
        assert not fits or precision < bits
    else:
        if fits and value & ((1 << precision) - 1) == value & ((1 << bits) - 1):
            assert found == value


@pytest.mark.parametrize("name", ["ge-gre", "siemens-gre", "philips", "philips-enhanced", "canon", "resoundant-3d"])
def test_of_no_series_that_is_measured_values_are_cut_off(name: str, tmp_path: Path) -> None:
    """Confidence maps included; where the unit needs more bits, selection says so first."""
    written = ENCODINGS[name](make_exam(), tmp_path / "in")
    (study,) = read_studies(written.folder).studies
    acquisition = chosen(study)
    assert acquisition.maps is not None
    measured = [acquisition.maps.stiffness, *([acquisition.maps.confidence] if acquisition.maps.confidence else [])]
    for series in measured:
        path = Path(series.first.source)
        whole = path.read_bytes()
        shown = [image for image in series.instances if image.source == series.first.source]
        bits = int(np.max([image.stored for image in read_images(shown)])).bit_length()
        pydicom_encoder(RLELossless)(path)
        set_bits(path, bits - 1)
        with pytest.raises((UnusablePixelsError, UnknownUnitError), match="BitsStored"):
            read_volume(written.folder)
        path.write_bytes(whole)
