"""`Identity`: who a bench is, and the types that its contract is generic over."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Generic, TypeVar

from perflab.settings import Settings

if TYPE_CHECKING:
    from perflab.workloads.kinds.workload import Workload

S = TypeVar("S", bound=Settings)
"""The settings of a pattern."""
S_contra = TypeVar("S_contra", bound=Settings, contravariant=True)
"""The settings of a pattern, where they are only taken."""
W = TypeVar("W", bound="Workload")
"""The workloads that a pattern takes."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Identity(Generic[S]):
    """Who a bench is.

    Attributes:
        pattern: The pattern's name, which is that of its entry point.
        title: What a heading calls it.
        question: What it helps to decide.
        settings_class: The class of its settings.
    """

    pattern: str
    title: str
    question: str
    settings_class: type[S]
