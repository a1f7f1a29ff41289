"""Checks that a parsed JSON value is what it must be: small ones, and ways to join them.

A check takes a value and where it stands (``parts[0].size``) and returns it typed, or raises
``DefectError`` saying what is allowed there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import TypeAlias, TypeVar

from playbach.bundle.defect import DefectError, nearest, shown
from playbach.bundle.limits import MAX_DEPTH, MAX_INTEGER, MAX_ITEMS, MAX_TEXT
from playbach.bundle.manifest import Json, Parameter

T = TypeVar("T")
Check: TypeAlias = Callable[[object, str], T]


def integer(lowest: int, highest: int) -> Check[int]:
    """A whole number within bounds, both included."""

    def check(value: object, where: str) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
            return value
        raise DefectError(
            f"{where} is {shown(value)}; it must be a whole number from {lowest} to {highest}"
        )

    return check


def exactly(allowed: int) -> Check[int]:
    """One whole number and no other."""

    def check(value: object, where: str) -> int:
        if type(value) is int and value == allowed:  # not True, which equals 1
            return value
        raise DefectError(f"{where} is {shown(value)}; it must be {allowed}")

    return check


def number(value: object, where: str) -> float:
    """A finite number, whole or not."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            real = float(value)
        except OverflowError:
            real = math.inf
        if math.isfinite(real):
            return real
    raise DefectError(f"{where} is {shown(value)}; it must be a finite number")


def positive(value: object, where: str) -> float:
    """A finite number above 0."""
    real = number(value, where)
    if real > 0:
        return real
    raise DefectError(f"{where} is {shown(value)}; it must be above 0")


def text(value: object, where: str) -> str:
    """One line of printable text; it may end up on a terminal."""
    if isinstance(value, str) and len(value) <= MAX_TEXT and value.isprintable():
        return value
    raise DefectError(
        f"{where} is {shown(value)}; it must be one line of at most {MAX_TEXT} printable characters"
    )


def matching(pattern: str, meaning: str) -> Check[str]:
    """Text that matches a pattern as a whole; ``meaning`` puts the pattern into words."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: object, where: str) -> str:
        if isinstance(value, str) and len(value) <= MAX_TEXT and compiled.fullmatch(value):
            return value
        raise DefectError(f"{where} is {shown(value)}; it must be {meaning}")

    return check


def one_of(words: tuple[str, ...]) -> Check[str]:
    """One of a few words."""

    def check(value: object, where: str) -> str:
        if isinstance(value, str) and value in words:
            return value
        hint = nearest(value, words) if isinstance(value, str) else ""
        raise DefectError(f"{where} is {shown(value)}{hint}; it must be one of {', '.join(words)}")

    return check


def list_of(item: Check[T], fewest: int, most: int) -> Check[tuple[T, ...]]:
    """A list of ``fewest`` to ``most`` members."""

    def check(value: object, where: str) -> tuple[T, ...]:
        if not isinstance(value, list | tuple):
            raise DefectError(f"{where} is {shown(value)}; it must be a list")
        if not fewest <= len(value) <= most:
            raise DefectError(f"{where} has {len(value)} members; it must have {fewest} to {most}")
        return tuple(item(member, f"{where}[{i}]") for i, member in enumerate(value))

    return check


def distinct(members: Check[tuple[T, ...]]) -> Check[tuple[T, ...]]:
    """A list in which nothing comes twice."""

    def check(value: object, where: str) -> tuple[T, ...]:
        checked = members(value, where)
        for i, member in enumerate(checked):
            if member in checked[:i]:
                raise DefectError(
                    f"{where}[{i}] is {shown(member)} a second time; each may come once"
                )
        return checked

    return check


def ascending(members: Check[tuple[int, ...]]) -> Check[tuple[int, ...]]:
    """A list of numbers, each larger than the one before."""

    def check(value: object, where: str) -> tuple[int, ...]:
        checked = members(value, where)
        for i, (before, after) in enumerate(pairwise(checked), start=1):
            if after <= before:
                raise DefectError(f"{where}[{i}] is {after} after {before}; the list must ascend")
        return checked

    return check


def mapping_of(item: Check[T], most: int) -> Check[Mapping[str, T]]:
    """An object of at most ``most`` keys, any line of text, with checked values."""

    def check(value: object, where: str) -> Mapping[str, T]:
        if not isinstance(value, Mapping):
            raise DefectError(f"{where} is {shown(value)}; it must be an object")
        if len(value) > most:
            raise DefectError(f"{where} has {len(value)} members; it must have at most {most}")
        keys = {text(key, f"a key of {where}"): member for key, member in value.items()}
        return MappingProxyType({k: item(v, f"{where}[{shown(k)}]") for k, v in keys.items()})

    return check


def record(
    make: Callable[..., T],
    required: Mapping[str, Check[object]],
    optional: Mapping[str, Check[object]] = MappingProxyType({}),
) -> Check[T]:
    """An object with these keys and no others, as what ``make`` builds from them."""
    known = {**required, **optional}

    def check(value: object, where: str) -> T:
        if not isinstance(value, Mapping):
            raise DefectError(f"{where} is {shown(value)}; it must be an object")
        for key in value:
            if key not in known:
                raise DefectError(
                    f"{where} has an unknown key {shown(key)}{nearest(str(key), known)}"
                )
        for key in required:
            if key not in value:
                raise DefectError(f"{where} has no {shown(key)}, which is required")
        return make(**{key: known[key](value[key], f"{where}.{key}") for key in value})

    return check


def parameter(value: object, where: str) -> Parameter:
    """A whole number, a finite number, or a line of text."""
    if isinstance(value, str):
        return text(value, where)
    if isinstance(value, float):
        return number(value, where)
    return integer(-MAX_INTEGER, MAX_INTEGER)(value, where)


def free(value: object, where: str, depth: int = MAX_DEPTH) -> Json:
    """Any JSON value, frozen: nested at most ``depth`` deep, of bounded lists, texts, numbers."""
    if value is None or isinstance(value, bool):
        return value
    if depth == 0 and isinstance(value, list | tuple | Mapping):
        raise DefectError(f"{where} is nested too deeply; at most {MAX_DEPTH} levels are allowed")

    def inner(member: object, place: str) -> Json:
        return free(member, place, depth - 1)

    if isinstance(value, list | tuple):
        return list_of(inner, 0, MAX_ITEMS)(value, where)
    if isinstance(value, Mapping):
        return mapping_of(inner, MAX_ITEMS)(value, where)
    return parameter(value, where)
