"""Objects that can be copied, so that what they do can be gone back on."""

from __future__ import annotations

from types import NoneType
from typing import Any, Self


class Stateful:
    """An object whose fields are its state, such as a movement being composed.

    A field that can be copied is part of a copy's own state: lists, dicts, sets, arrays, and other
    objects of this class, also in tuples. All other fields are shared, so they must be such as
    never change, or such as are put back in another way (a network, a random generator).
    """

    def copy(self) -> Self:
        """The same, to go on from here independently."""
        twin = object.__new__(type(self))
        state = twin.__dict__
        for name, value in vars(self).items():
            # Most are such, and there are many.
            state[name] = value if type(value) in _PLAIN else _copied(value)
        return twin


_PLAIN = frozenset({NoneType, bool, int, float, str, frozenset})


def _copied(value: Any) -> Any:
    if isinstance(value, tuple):
        for member in value:
            if isinstance(member, Stateful):
                return tuple(map(_copied, value))
        return value
    return value.copy() if hasattr(value, "copy") else value
