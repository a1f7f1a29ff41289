"""Settings that were asked for and cannot be used yet, and what holds until then.

A service goes on without them: one setting after the other gives way, first to what is configured
and then to the default, until what is left can be used. What was asked for is not forgotten. It is
tried again, and it is what is remembered for the next start.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from playbach.errors import PlaybachError
from playbach.schema import Value
from playbach.session.settings import Settings

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Deferral:
    """Settings that could not be used, all for one reason."""

    wanted: Mapping[str, Value]  # what was asked for, by name of setting
    instead: Mapping[str, Value]  # what holds until then, by the same names
    reason: str  # the text of the error

    @property
    def problem(self) -> str:
        """What is wrong and what holds meanwhile, in one line."""
        meanwhile = ", ".join(
            f"{name} is {'auto' if value is None else value}"
            for name, value in self.instead.items()
        )
        return f"{self.reason}; until then {meanwhile}"


class Deferrals:
    """All that is deferred now. Its owner sees to one change at a time; any thread may read."""

    def __init__(self, fallbacks: Sequence[Settings]) -> None:
        """Nothing is deferred yet.

        Args:
            fallbacks: whose values may take the place of what cannot be used, best first; empty
                for none: what cannot be used is then an error.
        """
        self._fallbacks = tuple(fallbacks)
        self.kept: tuple[Deferral, ...] = ()
        """In the order in which they were found."""

    @property
    def wanted(self) -> dict[str, Value]:
        """What was asked for and does not hold yet, by name of setting."""
        return {name: value for one in self.kept for name, value in one.wanted.items()}

    def usable(
        self, wanted: Settings, names: Sequence[str], attempt: Callable[[Settings], Made]
    ) -> tuple[Settings, Made]:
        """The settings nearest to what is wanted with which ``attempt`` succeeds.

        Args:
            wanted: tried first.
            names: of the settings that may give way, in the order of ``concessions``.
            attempt: makes something of settings.

        Returns:
            The settings, and what was made of them.

        Raises:
            PlaybachError: why ``wanted`` cannot be used, if nothing else can either.
        """
        refusal: PlaybachError | None = None
        for settings in concessions(wanted, self._fallbacks, names):
            try:
                made = attempt(settings)
            except PlaybachError as error:
                refusal = refusal or error
                continue
            if refusal is not None:
                self._defer(wanted, settings, names, str(refusal))
            return settings, made
        assert refusal is not None, "what is wanted was tried"  # noqa: S101 for the type checker
        raise refusal

    def chosen(self, names: Iterable[str]) -> None:
        """These settings hold as somebody has just chosen them: they are deferred no more."""
        gone = set(names)
        left = (
            replace(one, wanted=_without(one.wanted, gone), instead=_without(one.instead, gone))
            for one in self.kept
        )
        self.kept = tuple(one for one in left if one.wanted)

    def _defer(self, wanted: Settings, usable: Settings, names: Sequence[str], reason: str) -> None:
        given_up = [name for name in names if getattr(wanted, name) != getattr(usable, name)]
        # Of what gave way before, it was the first value that was asked for.
        before = self.wanted
        asked = {name: before.get(name, getattr(wanted, name)) for name in given_up}
        holds = {name: getattr(usable, name) for name in given_up}
        self.kept += (Deferral(asked, holds, reason),)


def concessions(
    wanted: Settings, fallbacks: Sequence[Settings], names: Sequence[str]
) -> Iterator[Settings]:
    """``wanted``, then the same with ever more of ``names`` as the fallbacks have them, each once.

    Each setting belongs to the one that is named before it, as a port does to its sink, and gives
    way with it: to the same fallback or a later one.
    """
    passed = set()
    for sources in itertools.combinations_with_replacement((wanted, *fallbacks), len(names)):
        values = {name: getattr(of, name) for name, of in zip(names, sources, strict=True)}
        settings = replace(wanted, **values)
        if settings not in passed:
            passed.add(settings)
            yield settings


def _without(values: Mapping[str, Value], names: set[str]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if name not in names}
