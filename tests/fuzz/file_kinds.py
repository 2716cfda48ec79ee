"""Mutations of files and series: lost, copied, moved, split, merged, mixed with another study, or recoded."""

from __future__ import annotations

import hashlib
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydicom.uid import ExplicitVRLittleEndian

from simulation.encodings.transfer_syntax import transcode
from tests.fuzz.bases import base
from tests.fuzz.elements import Element, NotPlainError, dump, parse, tag
from tests.fuzz.mutations import kind
from tests.fuzz.study import InapplicableError, even

if TYPE_CHECKING:
    from tests.fuzz.bases import Slot
    from tests.fuzz.elements import File
    from tests.fuzz.mutations import Mutation
    from tests.fuzz.study import MutableStudy

SERIES, STUDY, IMAGE = "SeriesInstanceUID", "StudyInstanceUID", "SOPInstanceUID"


def _files(study: MutableStudy, mutation: Mutation) -> list[str]:
    return list({slot.file: None for slot in mutation.slots(study)})


def _uid(study: MutableStudy, slot: Slot, keyword: str) -> bytes:
    found = study.top(slot).get(tag(keyword))
    if found is None:
        raise InapplicableError
    return found.value


def _set_uid(file: File, keyword: str, value: bytes) -> None:
    file.dataset.put(Element(tag(keyword), "UI", even(value, b"\0")))
    if keyword == IMAGE:
        file.meta.put(Element(0x00020003, "UI", even(value, b"\0")))


def new_uid(*parts: object) -> bytes:
    """Return a UID made of parts."""
    return f"2.25.{int(hashlib.sha1(repr(parts).encode()).hexdigest()[:24], 16)}".encode()  # noqa: S324 - no secret


@kind
def lose(study: MutableStudy, mutation: Mutation) -> None:
    """Lose files."""
    for name in _files(study, mutation):
        study.write(name, None)


@kind
def again(study: MutableStudy, mutation: Mutation) -> None:
    """Send files twice: `exact`, under a new SOPInstanceUID (`uid`), or with one more private element (`changed`)."""
    for name in _files(study, mutation):
        if mutation.args["how"] == "exact":
            study.write(f"{name}-again", study.content(name))
            continue
        copy = study.tree(name).copy()
        if mutation.args["how"] == "uid":
            _set_uid(copy, IMAGE, new_uid(name, "again"))
        else:
            copy.dataset.put(Element(0x00091001, "LO", b"changed "))
        study.write(f"{name}-again", dump(copy))


@kind
def regroup(study: MutableStudy, mutation: Mutation) -> None:
    """Put files into another series (`from`, `at`), or into a new series or study (`new`)."""
    keyword = mutation.args.get("keyword", SERIES)
    if "from" in mutation.args:
        value = _uid(study, mutation.other(study), keyword)
    else:
        value = new_uid("regrouped", keyword, mutation.args.get("new", 0))
    for name in _files(study, mutation):
        _set_uid(study.tree(name), keyword, value)


@kind
def renumber(study: MutableStudy, mutation: Mutation) -> None:
    """Give every series a UID of its own in (`keyword`), or every image."""
    keyword, per = mutation.args["keyword"], mutation.args.get("per", "series")
    for name in _files(study, mutation):
        series = study.tree(name).dataset.get(tag(SERIES))
        _set_uid(study.tree(name), keyword, new_uid(keyword, name if per == "image" else series and series.value))


@kind
def mix(study: MutableStudy, mutation: Mutation) -> None:
    """Add another base's or patient's files; `join`: under this study's UID; `patient`: under this PatientID."""
    args = mutation.args
    other = base(args["base"], args["seed"])
    names = [
        name
        for role, slots in other.roles.items()
        if role in args.get("roles", [role])
        for name in dict.fromkeys(slot.file for slot in slots)
    ]
    first = study.slots("*")[0]
    for name in names:
        file = other.tree(name)
        for keyword in (*([STUDY] if args.get("join") else []), *(["PatientID"] if args.get("patient") else [])):
            element = study.top(first).get(tag(keyword))
            if element is not None:
                file.dataset.put(element.copy())
        if args.get("fresh"):  # the same patient sent twice under new UIDs, as anonymisers do
            for keyword in (SERIES, IMAGE):
                old = file.dataset.get(tag(keyword))
                _set_uid(file, keyword, new_uid(old and old.value))
        study.write(f"other-{name}", dump(file))


@kind
def rename(study: MutableStudy, mutation: Mutation) -> None:
    """Rename files, so that they are read in another order."""
    contents = {name: study.content(name) for name in _files(study, mutation)}
    for name in contents:
        study.write(name, None)
    for place, content in enumerate(reversed(contents.values())):
        study.write(f"renamed{place:03d}", content)


@kind
def junk(study: MutableStudy, mutation: Mutation) -> None:
    """Add a file that is no DICOM."""
    study.write(mutation.args.get("name", "junk"), bytes.fromhex(mutation.args["hex"]))


@kind
def recode(study: MutableStudy, mutation: Mutation) -> None:
    """Write files in another transfer syntax, without loss."""
    for name in _files(study, mutation):
        syntax = study.tree(name).meta.get(0x00020010)
        if syntax is None or syntax.value.strip(b"\0") != ExplicitVRLittleEndian.encode():
            raise InapplicableError  # recoded already
        study.write(name, recoded(study.content(name), mutation.args["syntax"]))


@lru_cache(maxsize=512)
def recoded(content: bytes, syntax: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image"
        path.write_bytes(content)
        try:
            transcode([path], syntax)
        except Exception as error:
            raise InapplicableError from error
        return path.read_bytes()


@kind
def bare(study: MutableStudy, mutation: Mutation) -> None:
    """Remove preamble and file meta information."""
    for name in _files(study, mutation):
        try:
            file = parse(study.content(name))
        except NotPlainError as error:
            raise InapplicableError from error
        study.write(name, dump(type(file)(b"", type(file.meta)(), file.dataset, file.rest)))
