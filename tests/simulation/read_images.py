"""Written images as read by the DICOM standard, classic or frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import Dataset, dcmread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from simulation.encodings.types import WrittenSeries, WrittenStudy

TO_KPA = {"kPa": 1.0, "Pa": 0.001}
BY_VENDOR = {"SIEMENS": 0.01, "Siemens Healthineers": 0.01, "GE MEDICAL SYSTEMS": 0.001}


@dataclass(frozen=True)
class ReadImage:
    """One image: its own header (functional groups joined), the object's header, and its stored values."""

    header: Dataset
    whole: Dataset
    stored: NDArray[Any]

    @property
    def position(self) -> NDArray[np.float64]:
        return np.array(self.header.ImagePositionPatient, dtype=float)

    @property
    def directions(self) -> NDArray[np.float64]:
        return np.reshape(np.array(self.header.ImageOrientationPatient, dtype=float), (2, 3))

    @property
    def acquired(self) -> str:
        if "FrameAcquisitionDateTime" in self.header:
            return str(self.header.FrameAcquisitionDateTime)
        return f"{self.whole.AcquisitionDate}{self.whole.AcquisitionTime}"

    @property
    def mapping(self) -> tuple[float, str] | None:
        """Slope and unit of the real world value mapping."""
        if "RealWorldValueMappingSequence" not in self.header:
            return None
        item = self.header.RealWorldValueMappingSequence[0]
        return float(item.RealWorldValueSlope), str(item.MeasurementUnitsCodeSequence[0].CodeValue)

    @property
    def rescale(self) -> tuple[float, float, str] | None:
        """Slope, intercept and unit of the modality LUT; None where it says nothing."""
        if self.header.get("RescaleType", "US") == "US":
            return None
        return float(self.header.RescaleSlope), float(self.header.RescaleIntercept), str(self.header.RescaleType)

    def kpa_per_count(self) -> float:
        """Return the scale of a stiffness image: the header's where it names a unit, otherwise the vendor's."""
        if self.mapping:
            return self.mapping[0] * TO_KPA[self.mapping[1]]
        if self.rescale:
            return self.rescale[0] * TO_KPA[self.rescale[2]]
        return BY_VENDOR[self.whole.Manufacturer]

    def at(self, row: float, column: float) -> NDArray[np.float64]:
        """Return where a pixel lies in the patient, in mm."""
        row_mm, column_mm = map(float, self.header.PixelSpacing)
        along_row, along_column = self.directions
        return self.position + column * column_mm * along_row + row * row_mm * along_column


def images(files: Iterable[Path]) -> list[ReadImage]:
    """Read every image of some files, in their order."""
    return [seen for file in files for seen in _of(dcmread(file))]


def of_kind(study: WrittenStudy, *kinds: str) -> list[WrittenSeries]:
    """Return the series of some kinds, by number."""
    return [series for series in study.series if series.kind in kinds]


def by_slice(study: WrittenStudy, kind: str) -> list[ReadImage]:
    """Return the images of the one series of a kind, from the head to the feet."""
    (series,) = of_kind(study, kind)
    return sorted(images(series.files), key=lambda seen: -seen.position[2])


def _of(ds: Dataset) -> Iterator[ReadImage]:
    if "PerFrameFunctionalGroupsSequence" not in ds:
        yield ReadImage(ds, ds, ds.pixel_array)
        return
    pixels = np.reshape(ds.pixel_array, (-1, ds.Rows, ds.Columns))
    for groups, stored in zip(ds.PerFrameFunctionalGroupsSequence, pixels, strict=True):
        header = Dataset()
        for group in (ds.SharedFunctionalGroupsSequence[0], groups):
            for element in group:
                if element.keyword == "RealWorldValueMappingSequence":
                    header.add(element)
                else:
                    header.update(element.value[0])
        yield ReadImage(header, ds, stored)
