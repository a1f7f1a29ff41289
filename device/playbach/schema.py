"""Values from outside, held against what frozen dataclasses say of their fields.

    @dataclass(frozen=True, slots=True)
    class Page:
        port: Annotated[int, Setting("where it listens", low=0, high=65_535)] = 8420

    changed(Page(), {"port": "80"})      # Page(port=80)
    changed(Page(), {"port": 1, "prt": 80_000})  # InputError: a line for each mistake

Command lines, configuration, remembered state, the interface, the manifest of a bundle and the
training's files are all read here. A mistake is one line: what was given, where, what is allowed.
All are found before the first is told, at most ``MAX_MISTAKES``.
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, MISSING, Field, dataclass, fields, is_dataclass, replace
from enum import Enum
from itertools import pairwise
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from playbach.errors import BundleError, InputError, OutputError

T = TypeVar("T")
Value: TypeAlias = "bool | int | float | str | None"
"""What a setting can be; also what JSON and TOML can say."""
MAX_INTEGER = (1 << 31) - 1
"""Either way, of whole numbers without limits of their own."""
MAX_TEXT = 1000
"""Characters of one string."""
MAX_ITEMS = 1000
"""Members of a list or object without limits of its own."""
MAX_DEPTH = 6
"""Nesting of a value without limits of its own."""
MAX_MISTAKES = 20
"""Lines that are told of one input."""
_NUMBER = re.compile(r"\s*[-+.\d]|inf|nan", re.IGNORECASE)
_LONGEST = 40
"""Characters of a number; more than any in range needs."""
_SHOWN = 60
_TRUE, _FALSE, _NONE = ("true", "yes", "on", "1"), ("false", "no", "off", "0"), ("none", "auto")
TYPE_NAMES: Mapping[type, str] = {float: "number", int: "integer", bool: "boolean", str: "string"}
"""Kinds of values as JSON names them."""


class TakesEffect(Enum):
    """When a change is heard."""

    NEXT_NOTE = "at the next note"
    SOON = "within a second"
    NEXT_MOVEMENT = "at the next movement"
    AT_ONCE = "at once"
    NEXT_START = "at the next start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a value may be; stands in the ``Annotated`` type of a field or of a list's members."""

    low: float | None = None  # least value of a number, else ``None``
    high: float | None = None  # greatest value of a number, else ``None``
    above: float | None = None  # a number must be greater than this
    choices: tuple[str, ...] = ()  # the words allowed; empty where any text will do
    pattern: str = ""  # regular expression that a text must match as a whole
    meaning: str = ""  # the allowed values in words, where they are not simply a range or words
    fewest: int = 0  # members of a list
    most: int = MAX_ITEMS  # members of a list or object
    ascending: bool = False  # whether each number of a list must be larger than the one before
    distinct: bool = False  # whether nothing may come twice in a list
    required: bool = False  # whether a file must say it, though the field has a default
    # reads a text (for a number: one that spells none) and returns the one spelling of what it
    # means; raises ``InputError`` if that is not allowed
    canonical: Callable[[str], str | int] | None = None
    # reads the value instead of all else here; gets it and its place
    read: Callable[[object, str], Any] | None = None

    def allowed(self, kind: type) -> str:
        """What a value of that type may be, such as ``a whole number, 1 to 16``."""
        if self.meaning:
            return self.meaning
        if kind is bool:
            return "true or false"
        if kind is str:
            any_text = f"one line of at most {MAX_TEXT:,} printable characters"
            return ", ".join(self.choices) or any_text
        above = "" if self.above is None else f"above {number_text(self.above)}"
        ends = ""
        if self.low is not None and self.high is not None:
            ends = f"{number_text(self.low)} to {number_text(self.high)}"
        whole = "a whole number" if kind is int else ""
        return ", ".join(filter(None, (whole, ends, above))) or "a finite number"


def _any_scalar(given: object, where: str) -> Any:
    kind = type(given) if isinstance(given, str | float) else int
    return scalar(kind, Limits(), given, where)


def _any_json(given: object, where: str, depth: int = MAX_DEPTH) -> Any:
    if given is None or isinstance(given, bool):
        return given
    if not isinstance(given, list | tuple | Mapping):
        return _any_scalar(given, where)
    if depth == 0:
        raise InputError(f"{where}: nested too deeply; at most {MAX_DEPTH} levels are allowed")
    inner = Annotated[Any, Limits(read=lambda one, place: _any_json(one, place, depth - 1))]
    if isinstance(given, Mapping):
        return _mapping(inner, Limits(), given, where)
    return _members(inner, Limits(), given, where)


Scalar: TypeAlias = Annotated[int | float | str, Limits(read=_any_scalar)]
"""A whole number, a finite number, or a line of text."""
Json: TypeAlias = Annotated[object, Limits(read=_any_json)]
"""Any value of JSON, nested at most ``MAX_DEPTH`` deep; one that was read is frozen."""


@dataclass(frozen=True, slots=True)
class Setting(Limits):
    """Limits of a value that people set, and what it means to them."""

    help: str = ""  # what it is, in a line
    takes_effect: TakesEffect = TakesEffect.NEXT_START  # when a change is heard
    _: KW_ONLY
    unit: str = ""  # of a number, ``""`` if it has none
    none_means: str = ""  # what ``None`` stands for; ``""`` where there must be a value
    group: str = ""  # heading under which it stands: a section of the configuration
    label: str = ""  # its name on the page; ``""`` if it is not shown there
    logarithmic: bool = False  # whether equal steps of a slider are equal ratios
    # of the field, and the word in configuration, page and messages; filled in, as the next two, by
    # ``settings_of``
    name: str = ""
    kind: type[bool | int | float | str] = str  # ``float``, ``int``, ``bool`` or ``str``
    default: Value = None  # what holds when nobody asks for anything

    @property
    def option(self) -> str:
        """Its option on the command line, such as ``--top-p``."""
        return "--" + self.name.replace("_", "-")

    @property
    def range(self) -> str:
        """What may be given, such as ``10 to 400 beats, or auto (the tempo of the form)``."""
        return self.allowed(self.kind)

    def allowed(self, kind: type) -> str:
        # Not super(), which the class that slots make does not know.
        text = f"{Limits.allowed(self, kind)} {self.unit}".rstrip()
        return f"{text}, or auto ({self.none_means})" if self.none_means else text

    def parse(self, given: object, *, texts: bool = True) -> Value:
        """The value that is meant.

        Args:
            given: a value of this kind.
            texts: whether a text may spell a number, a boolean, or ``auto`` for none.

        Raises:
            InputError: it is not allowed; one line that says what is.
        """
        if isinstance(given, str) and (texts or self.kind is str):
            given = given.strip()
            if given.lower() in _NONE and given.lower() not in self.choices and self.none_means:
                return None
        if given is None and self.none_means:
            return None
        value: Value = scalar(self.kind, self, given, self.name, texts=texts)
        return value


class Mistakes:
    """Collects what is wrong: ``with mistakes.noted():`` around each part that may be refused."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @contextlib.contextmanager
    def noted(self, before: str = "") -> Iterator[None]:
        """A context whose mistakes are kept, each with ``before`` in front of it."""
        try:
            yield
        except (InputError, OutputError, BundleError) as error:
            self.lines += [f"{before}{line}" for line in error.lines]

    @property
    def are_enough(self) -> bool:
        """Whether more of them would not be told: a flood is not looked at to its end."""
        return len(self.lines) >= MAX_MISTAKES

    def check(self) -> None:
        """Tell them, if there are any.

        Raises:
            InputError: a line for each, of the first ``MAX_MISTAKES``.
        """
        if self.lines:
            raise InputError(*self.lines[:MAX_MISTAKES])


def settings_of(record: type) -> Mapping[str, Setting]:
    """The settings that are fields of a dataclass, by name, in their order."""
    # Any: to the type checker not every type has a hash.
    key: Any = record
    return _settings_of(key)


@functools.lru_cache(maxsize=64)
def _settings_of(record: Any) -> Mapping[str, Setting]:
    hints = get_type_hints(record, include_extras=True)
    found = {}
    for field in fields(record):
        inner, said = _parts_of(hints[field.name])
        if isinstance(said, Setting):
            default = None if field.default is MISSING else field.default
            found[field.name] = replace(said, name=field.name, kind=inner, default=default)
    return MappingProxyType(found)


def changed(
    record: T,
    wanted: Mapping[str, object],
    *,
    texts: bool = True,
) -> T:
    """``record`` with what is wanted, all of it or, if any is refused, none.

    Args:
        record: a frozen dataclass whose fields are settings.
        wanted: value by name of field.
        texts: whether a text may spell a number or a boolean.

    Raises:
        InputError: a line for each name or value that is not allowed.
    """
    known: Any = settings_of(type(record))
    values, mistakes = {}, Mistakes()
    for name, given in wanted.items():
        if mistakes.are_enough:
            break
        with mistakes.noted():
            values[name] = find_setting(known, name).parse(given, texts=texts)
    mistakes.check()
    # Any: that it is a dataclass is said in words only.
    whole: Any = record
    return replace(whole, **values) if values else record


def find_setting(known: Mapping[str, Setting], name: str) -> Setting:
    """The setting of that name.

    Raises:
        InputError: there is none; the message names the nearest.
    """
    if name in known:
        return known[name]
    hint = nearest(name, known) or f"; there are {', '.join(known)}"
    raise InputError(f"setting {shown(name)}: there is no such setting{hint}")


def check(record: object) -> None:
    """Hold the fields of a dataclass against their own limits, for use in ``__post_init__``.

    Raises:
        InputError: a line for each that is outside.
    """
    mistakes = Mistakes()
    for name, setting in settings_of(type(record)).items():
        value = getattr(record, name)
        if value is not None:
            with mistakes.noted():
                setting.parse(value, texts=False)
    mistakes.check()


def read(record: type[T], given: object, where: str) -> T:
    """A record from parsed JSON: all its keys and no others, each within its limits.

    Args:
        record: a frozen dataclass of numbers, texts, booleans, tuples, mappings and other such
            records. A field with a default may be left out; ``None`` is never said.
        given: what was parsed.
        where: its place, for messages.

    Raises:
        InputError: a line for each mistake.
    """
    value: T = _read(record, given, where)
    return value


def scalar(kind: Any, limits: Limits, given: object, where: str, *, texts: bool = False) -> Any:
    """A number, boolean or text within its limits; arguments as of ``read`` and ``changed``.

    Raises:
        InputError: it is not allowed.
    """
    try:
        if kind is bool:
            return _flag(given, texts=texts)
        return _text(limits, given) if kind is str else _number(kind, limits, given, texts=texts)
    except (ValueError, OverflowError) as error:
        what, hint = shown(given), ""
        if isinstance(given, str):
            hint = "" if limits.canonical else nearest(given, limits.choices)
            if texts and kind is not str and given.isprintable():
                what = given[:_SHOWN]
        raise InputError(f"{where} {what}{hint}: it must be {limits.allowed(kind)}") from error


def _flag(given: object, *, texts: bool) -> bool:
    if isinstance(given, bool):
        return given
    word = given.lower() if texts and isinstance(given, str) else None
    if word not in (*_TRUE, *_FALSE):
        raise ValueError
    return word in _TRUE


def _text(limits: Limits, given: object) -> str | int:
    if not isinstance(given, str) or len(given) > MAX_TEXT or not given.isprintable():
        raise ValueError
    if limits.canonical:
        return limits.canonical(given)
    if limits.pattern and not re.fullmatch(limits.pattern, given, re.ASCII):
        raise ValueError
    if limits.choices and given not in limits.choices:
        given = given.lower()
        if given not in limits.choices:
            raise ValueError
    if isinstance(limits, Setting) and not given:
        raise ValueError
    return given


def _number(kind: type, limits: Limits, given: Any, *, texts: bool) -> Any:
    if texts and isinstance(given, str):
        if limits.canonical and not _NUMBER.match(given):
            return limits.canonical(given)
        # int() of a long text takes long.
        if len(given) > _LONGEST:
            raise ValueError
        given = int(given) if given.isdigit() else float(given)
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise ValueError  # noqa: TRY004 what comes from outside is a value
    number = given if kind is int else float(given)
    least = -MAX_INTEGER - 1 if kind is int else -math.inf
    low = least if limits.low is None else limits.low
    high = -1 - least if limits.high is None else limits.high
    # Written so that NaN is refused too.
    if not low <= number <= high or not math.isfinite(number) or number != kind(number):
        raise ValueError
    if limits.above is not None and number <= limits.above:
        raise ValueError
    return kind(number)


def _read(hint: Any, given: object, where: str) -> Any:
    inner, limits = _parts_of(hint)
    if limits.read:
        return limits.read(given, where)
    if is_dataclass(inner):
        return _record(inner, given, where)
    origin = get_origin(inner)
    if origin is tuple:
        return _members(get_args(inner)[0], limits, given, where)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(get_args(inner)[1], limits, given, where)
    return scalar(inner, limits, given, where)


def _parts_of(hint: Any) -> tuple[Any, Limits]:
    """A type without ``None``, and its limits."""
    limits = Limits()
    if get_origin(hint) is Annotated:
        hint, said = get_args(hint)
        limits = said if isinstance(said, Limits) else limits
    if get_origin(hint) in {Union, UnionType}:
        others = [kind for kind in get_args(hint) if kind is not NoneType]
        if len(others) == 1:
            inner, said = _parts_of(others[0])
            return inner, said if limits == Limits() else limits
    return hint, limits


def _record(record: Any, given: object, where: str) -> Any:
    given = object_of(given, where)
    hints = get_type_hints(record, include_extras=True)
    mistakes, values = Mistakes(), {}
    for key in [key for key in given if key not in hints][:MAX_MISTAKES]:
        with mistakes.noted():
            raise InputError(f"{where}: unknown key {shown(key)}{nearest(str(key), hints)}")
    for field in fields(record):
        with mistakes.noted():
            if field.name in given:
                place = f"{where}.{field.name}"
                values[field.name] = _read(hints[field.name], given[field.name], place)
            elif _is_required(field, hints[field.name]):
                raise InputError(f"{where}: it has no {shown(field.name)}, which is required")
    mistakes.check()
    return record(**values)


def _is_required(field: Field[Any], hint: Any) -> bool:
    has_none = field.default is MISSING and field.default_factory is MISSING
    return has_none or _parts_of(hint)[1].required


def _members(hint: Any, limits: Limits, given: object, where: str) -> tuple[Any, ...]:
    if not isinstance(given, list | tuple):
        raise InputError(f"{where} {shown(given)}: it must be a list")
    if not limits.fewest <= len(given) <= limits.most:
        raise InputError(
            f"{where} has {len(given)} members: it must have {limits.fewest} to {limits.most}"
        )
    mistakes, values = Mistakes(), []
    for index, member in enumerate(given):
        if mistakes.are_enough:
            break
        with mistakes.noted():
            values.append(_read(hint, member, f"{where}[{index}]"))
    mistakes.check()
    _check_order(limits, values, where)
    return tuple(values)


def _check_order(limits: Limits, values: Sequence[Any], where: str) -> None:
    if limits.ascending:
        for index, (before, after) in enumerate(pairwise(values), start=1):
            if after <= before:
                raise InputError(f"{where}[{index}] {after} after {before}: the list must ascend")
    if limits.distinct:
        for index, value in enumerate(values):
            if value in values[:index]:
                raise InputError(
                    f"{where}[{index}] {shown(value)} a second time: each may come once"
                )


def _mapping(hint: Any, limits: Limits, given: object, where: str) -> Mapping[str, Any]:
    given = object_of(given, where)
    if len(given) > limits.most:
        raise InputError(f"{where} has {len(given)} members: it must have at most {limits.most}")
    mistakes, values = Mistakes(), {}
    for key, member in given.items():
        if mistakes.are_enough:
            break
        with mistakes.noted():
            name = scalar(str, Limits(), key, f"a key of {where}")
            values[name] = _read(hint, member, f"{where}[{shown(name)}]")
    mistakes.check()
    return MappingProxyType(values)


def object_of(given: object, where: str) -> Mapping[Any, Any]:
    """A JSON object.

    Raises:
        InputError: it is none.
    """
    if not isinstance(given, Mapping):
        raise InputError(f"{where} {shown(given)}: it must be an object")
    return given


def number_text(value: float) -> str:
    """A number as a person reads it: all digits of a whole one, with commas."""
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def shown(value: object) -> str:
    """A value from outside as it may stand in a message: one line, short, printable."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if not isinstance(value, bool | int | float | str | None):
        return f"a {type(value).__name__}"
    if isinstance(value, str) and len(value) > _SHOWN:
        value = f"{value[:_SHOWN]}..."
    try:
        text = json.dumps(value, ensure_ascii=False)
    except ValueError:  # more digits than Python writes
        return "a number"
    if not text.isprintable():  # JSON leaves the last of ASCII as it is
        text = ascii(value)
    return text if len(text) <= 2 * _SHOWN else f"{text[:_SHOWN]}..."


def nearest(word: str, words: Iterable[str]) -> str:
    """A hint such as `` (did you mean role?)``, or no text when no word is near."""
    import difflib  # noqa: PLC0415 for a mistake only

    near = difflib.get_close_matches(word[:_SHOWN].lower(), list(words), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def plain(value: object) -> object:
    """A record in what ``json.dumps`` takes; fields of ``None`` are left out, mappings sorted."""
    if is_dataclass(value):
        pairs = ((f.name, getattr(value, f.name)) for f in fields(value))
        return {name: plain(member) for name, member in pairs if member is not None}
    if isinstance(value, Mapping):
        return {key: plain(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    return value
