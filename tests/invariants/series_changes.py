"""Changes of series, studies and identity; see `changes`."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from pydicom import DataElement
from pydicom.uid import UID, SecondaryCaptureImageStorage, generate_uid

from simulation.encodings.types import SeriesKind
from tests.invariants.sent_study import MEASURED, SentImage, by_series, is_multi_frame, stiffness

if TYPE_CHECKING:
    from tests.invariants.sent_study import Images


def _moved(images: Images, *, number: int = 0) -> None:
    """Move images of one series to a new one."""
    uid = generate_uid()
    for one in images:
        one.ds.SeriesInstanceUID = uid
        one.ds.SeriesNumber = int(one.ds.SeriesNumber) + number


def split_stiffness(images: Images) -> bool:
    for series in by_series(stiffness(images)):
        _moved(series[len(series) // 2 :])
    return not is_multi_frame(images)


def split_everything(images: Images) -> bool:
    for series in by_series(images):
        _moved(series[len(series) // 2 :])
    return not is_multi_frame(images)


def split_alternately(images: Images) -> bool:
    for series in by_series(images):
        _moved(series[::2])
    return not is_multi_frame(images)


def split_and_numbered(images: Images) -> bool:
    for series in by_series(images):
        _moved(series[len(series) // 2 :], number=100)
    return not is_multi_frame(images)


def split_slice_by_slice(images: Images) -> bool:
    for series in by_series(images):
        for one in series[1:]:
            _moved([one])
    return not is_multi_frame(images)


def files_twice(images: Images) -> bool:
    images += [SentImage(one.kind, f"again-{one.name}", copy.deepcopy(one.ds)) for one in images]
    return True


def stiffness_twice(images: Images) -> bool:
    """Send the stiffness again as series of their own, as a second export does."""
    again = [SentImage(one.kind, f"again-{one.name}", copy.deepcopy(one.ds)) for one in stiffness(images)]
    for series in by_series(again):
        _moved(series, number=100)
        for one in series:
            one.ds.SOPInstanceUID = one.ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    images += again
    return True


def with_unrelated_series(images: Images) -> bool:
    """Add a dynamic series and a screenshot of the same session."""
    for number in range(3):
        ds = copy.deepcopy(images[0].ds)
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        ds.SeriesInstanceUID, ds.SeriesNumber = f"1.2.3.{number // 2}", 90 + number // 2
        ds.SeriesDescription = ds.ProtocolName = "t1_vibe_dyn" if number < 2 else "Screenshot"
        ds.SequenceName, ds.ImageComments, ds.AcquisitionTime = "*fl3d1", "", "080000"
        ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
        if number == 2:
            ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
        for element in [element for element in ds if element.tag.is_private]:
            del ds[element.tag]
        images.append(SentImage(SeriesKind.UNRELATED, f"unrelated-{number}", ds))
    return not is_multi_frame(images)


def some_without_date(images: Images) -> bool:
    for one in images:
        if one.kind in MEASURED:
            one.ds.pop("AcquisitionDate", None)
    return not is_multi_frame(images)


def over_midnight(images: Images) -> bool:
    """Move the times so that midnight falls between two slices; some series have no date."""
    if is_multi_frame(images):
        return False
    times = sorted({str(one.ds.AcquisitionTime) for one in images})
    for one in images:
        late = times.index(str(one.ds.AcquisitionTime)) >= len(times) // 2
        clock = f"{times.index(str(one.ds.AcquisitionTime)):02d}"
        one.ds.AcquisitionTime = f"0000{clock}" if late else f"2359{50 + int(clock)}"
        one.ds.AcquisitionDate = "20240116" if late else "20240115"
        if one.kind in MEASURED:
            del one.ds.AcquisitionDate
    return not is_multi_frame(images)


def moved_private_block(images: Images) -> bool:
    """Move GE's private group 0019 to another block, as archives do when they add elements of their own."""
    changed = False
    for one in images:
        if (0x0019, 0x109C) in one.ds:
            name = one.ds[0x0019, 0x109C].value
            for tag in (0x00190010, 0x0019109C):
                del one.ds[tag]
            one.ds.private_block(0x0019, "ARCHIVE", create=True).add_new(0x9C, "LO", "routed")
            one.ds.private_block(0x0019, "GEMS_ACQU_01", create=True).add_new(0x9C, "LO", name)
            changed = True
    return changed


def no_frame_of_reference(images: Images) -> bool:
    for one in images:
        one.ds.pop("FrameOfReferenceUID", None)
    return True


def odd_sop_class(images: Images) -> bool:
    for one in images:
        one.ds["SOPClassUID"] = DataElement("SOPClassUID", "LO", "MR Image Storage")
    return True


def private_sop_class(images: Images) -> bool:
    for one in images:
        one.ds.SOPClassUID = one.ds.file_meta.MediaStorageSOPClassUID = UID("1.3.46.670589.11.0.0.12.1")
    return not is_multi_frame(images)
