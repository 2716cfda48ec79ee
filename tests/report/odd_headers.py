"""Results of source images with other header values, checked by an independent validator."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.tag import Tag

from liver_mre.report.quiet import quiet
from liver_mre.report.secondary_capture import build_overlay
from liver_mre.report.seg import build_segmentation
from liver_mre.report.source.elements import raw_element
from liver_mre.report.sr.document import build_report
from tests import tools
from tests.report.content_factory import Exam, make_content, with_headers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydicom.dataelem import DataElement, RawDataElement

    from liver_mre.report.content import ReportContent

    Builder = Callable[[ReportContent], Dataset]

PICTURE = np.zeros((6, 8, 3), np.uint8)
MISSING = object()


def overlay(content: ReportContent) -> Dataset:
    return build_overlay(content, PICTURE)


BUILDERS = pytest.mark.parametrize("build", [build_segmentation, build_report, overlay])


def raw(keyword: str, vr: str, value: bytes) -> RawDataElement:
    """Return an element with any VR and any bytes."""
    return raw_element(Tag(keyword), vr, value)


def content_with(content: Exam | None = None, *elements: RawDataElement | DataElement, **values: object) -> Exam:
    """Return content whose sources have these values, valid or not; `MISSING` removes an attribute."""
    content = content or make_content()
    headers = copy.deepcopy(content.headers)
    with quiet():
        for header in headers:
            for keyword, value in values.items():
                if value is MISSING:
                    delattr(header, keyword)
                else:
                    setattr(header, keyword, value)
            for element in elements:
                header[element.tag] = element
    return with_headers(content, headers)


def write_and_read(dataset: Dataset, folder: Path) -> Dataset:
    """Write an object and read it again; an independent validator must find no error in the file."""
    path = folder / "object.dcm"
    dataset.save_as(path, enforce_file_format=True)
    output = tools.run([tools.debian_tool("dciodvfy"), path])
    assert output
    assert tools.errors(output) == []
    return dcmread(path)
