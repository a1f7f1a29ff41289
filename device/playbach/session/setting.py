"""What is known of a live setting, and how a value of it is read."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from playbach.errors import InputError
from playbach.session.values import DEFAULTS, Value

MOST_TEXT = 1_000
"""Characters of a text setting: a path or a list of names of ports."""
_NOTHING = ("none", "auto")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
TYPE_NAMES = {float: "number", int: "integer", bool: "boolean", str: "string"}
"""Kinds of settings as JSON names them."""


class Acts(Enum):
    """When a change is heard."""

    NEXT_NOTE = "at the next note"
    SOON = "within two seconds"
    NEXT_MOVEMENT = "at the next movement"
    AT_ONCE = "at once"


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the table.

    Attributes:
        name: the field of ``Settings``, and the word in configuration, page and messages.
        kind: ``float``, ``int``, ``bool`` or ``str``.
        about: one line for help, page and documentation.
        acts: when a change is heard.
        low: least value of a number, else ``None``.
        high: greatest value of a number, else ``None``.
        unit: of a number, ``""`` if it has none.
        nothing: what ``None`` means; ``""`` where there must be a value.
        canonical: the one spelling of a text; raises ``InputError`` if it is not allowed.
        choices: the words allowed, for a page's menu; empty where any text will do.
    """

    name: str
    kind: type[bool | int | float | str]
    about: str
    acts: Acts
    low: float | None = None
    high: float | None = None
    unit: str = ""
    nothing: str = ""
    canonical: Callable[[str], str] | None = None
    choices: tuple[str, ...] = ()

    @property
    def default(self) -> Value:
        """What holds when nobody asks for anything."""
        value: Value = getattr(DEFAULTS, self.name)
        return value

    @property
    def option(self) -> str:
        """Its option on the command line, such as ``--top-p``."""
        return "--" + self.name.replace("_", "-")

    @property
    def allowed(self) -> str:
        """What may be given, such as ``10 to 400, or auto (the tempo of the form)``."""
        if self.kind is bool:
            return "true or false"
        if self.low is not None and self.high is not None:
            text = f"{self.low:g} to {self.high:g} {self.unit}".rstrip()
        else:
            text = ", ".join(self.choices) or "text"
        return f"{text}, or auto ({self.nothing})" if self.nothing else text

    def parse(self, given: object) -> Value:
        """The value that ``given`` says: a value of this kind, or a text that spells one.

        Raises:
            InputError: it is not allowed; one line that says what is.
        """
        word = given.strip().lower() if isinstance(given, str) else None
        if given is None or (self.nothing and word in _NOTHING and word not in self.choices):
            if not self.nothing:
                raise self._refusal(given)
            return None
        if self.kind is bool:
            return self._flag(given, word)
        if self.kind is str:
            return self._text(given)
        return self._number(given)

    def check_type(self, given: object) -> None:
        """Refuse a value of another kind, such as a text that spells a number.

        Raises:
            InputError: whoever can tell numbers and booleans from texts has sent the wrong one.
        """
        if given is not None and isinstance(given, str) != (self.kind is str):
            shown = repr(given)[:60] if isinstance(given, str) else type(given).__name__
            kind = TYPE_NAMES[self.kind]
            raise InputError(f"{self.name} {shown}: it must be of type {kind}; {self.allowed}")

    def _flag(self, given: object, word: str | None) -> bool:
        if isinstance(given, bool):
            return given
        if word in (*_TRUE, *_FALSE):
            return word in _TRUE
        raise self._refusal(given)

    def _text(self, given: object) -> str:
        if not isinstance(given, str) or not given.isprintable() or len(given) > MOST_TEXT:
            raise self._refusal(given)
        if self.canonical:
            return self.canonical(given)
        if not given.strip():
            raise self._refusal(given)
        return given.strip()

    def _number(self, given: object) -> int | float:
        try:
            if isinstance(given, bool) or not isinstance(given, str | int | float):
                raise self._refusal(given)
            # More characters than any number in range needs; int() of a long text takes long.
            if isinstance(given, str) and len(given) > 40:  # noqa: PLR2004 as the line above says
                raise self._refusal(given)
            number = float(given)
            if self.kind is int and not number.is_integer():
                raise self._refusal(given)
        except (ValueError, OverflowError) as error:
            raise self._refusal(given) from error
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        # Written so that NaN is refused too.
        if not low <= number <= high:
            raise self._refusal(given)
        return int(number) if self.kind is int else number

    def _refusal(self, given: object) -> InputError:
        shown = repr(given) if isinstance(given, str | int | float | bool) else type(given).__name__
        if self.kind is not str and isinstance(given, str) and given.isprintable():
            shown = given.strip() or shown
        kind = "a whole number, " if self.kind is int else ""
        return InputError(f"{self.name} {shown[:60]}: it must be {kind}{self.allowed}")
