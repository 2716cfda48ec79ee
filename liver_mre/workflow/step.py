"""A step of a method, as data: its name, its label, and the function that does the work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class StudyStep:
    """A step that works on a whole study.

    Attributes
    ----------
    name : key of its duration in `timings_s`
    label : shown as progress, such as "finding the stiffness series"
    operator : operator of the graph that runs it; consecutive steps of one operator run together
    work : (study run, toolkit) -> study run; raises `MreError` for an expected failure
    """

    name: str
    label: str
    operator: str
    work: Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class ItemStep:
    """A step that advances every item of a study from one stage to a later one.

    Attributes
    ----------
    takes : class of the stage that it advances; items at other stages are left as they are
    work : (item, toolkit) -> item at a later stage; raises `MreError` for an expected failure
    """

    name: str
    label: str
    operator: str
    takes: type
    work: Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Writer:
    """A step that writes one kind of result of a study; writers run in parallel.

    Attributes
    ----------
    files : names of the files that it may write, by kind
    work : (study run, toolkit, staging folder) -> study run with its outputs added
    """

    name: str
    label: str
    operator: str
    files: Mapping[str, str]
    work: Callable[[Any, Any, Any], Any]


Step = StudyStep | ItemStep | Writer
