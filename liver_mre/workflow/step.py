"""A step of a method, as data: what it is called, what it says while it works, what it takes, what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class StudyStep:
    """A step that looks at a study as a whole.

    Attributes
    ----------
    name : key of its time in `timings_s`
    words : what it does, for progress: "finding the stiffness series"
    operator : the operator of the graph that it belongs to; neighbouring steps of one operator run in it together
    work : (study run, toolkit) -> study run; an expected failure is raised as `MreError`
    """

    name: str
    words: str
    operator: str
    work: Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class ItemStep:
    """A step that advances every item of a study from one stage to the next.

    Attributes
    ----------
    takes : stage, a class, of the items that it advances; others are passed on as they are
    work : (item, toolkit) -> item at a later stage; `MreError` as in `StudyStep`
    """

    name: str
    words: str
    operator: str
    takes: type
    work: Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Writer:
    """A step that writes one kind of result of a study; writers run side by side.

    Attributes
    ----------
    files : names of the files that it may write, by their kind
    work : (study run, toolkit, staging folder) -> study run with more outputs
    """

    name: str
    words: str
    operator: str
    files: Mapping[str, str]
    work: Callable[[Any, Any, Any], Any]


Step = StudyStep | ItemStep | Writer
