"""Whatever is kept to be quick has a bound: no meter, key or network fills the memory."""

from __future__ import annotations

import ast
import gc
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.fixtures.make_tiny_bundle import TINY_BUNDLE, tiny_piece

import playbach
from playbach.archive import MIB
from playbach.bundle import read_bundle
from playbach.music.encoding import encode
from playbach.music.form import parse_form
from playbach.music.key import C_MAJOR
from playbach.music.meter import MAX_BEATS, UNITS, Meter
from playbach.music.note import MAX_PITCH, Ticks
from playbach.predictor import Predictor, load_note_predictor
from playbach.predictor.pointers import MOST_KEPT_BYTES, PointerBins, PointerShape, place_rows

PACKAGE = Path(playbach.__file__).parent
CACHES = {"cache", "lru_cache"}
MOST_ENTRIES = 4096
METERS = [Meter(count, unit) for unit in UNITS for count in range(1, MAX_BEATS + 1)]


def unbounded(tree: ast.AST) -> Iterator[str]:
    """Functions of arguments whose every answer, or very many, would be kept for ever."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        has_arguments = bool(ast.unparse(node.args))
        for decorator in node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            name = ast.unparse(call.func if call else decorator).rpartition(".")[2]
            if name in CACHES and has_arguments and not _is_bounded(call):
                yield node.name


def _is_bounded(call: ast.Call | None) -> bool:
    given = (
        [*call.args[:1], *(k.value for k in call.keywords if k.arg == "maxsize")] if call else []
    )
    return any(
        isinstance(most, ast.Constant)
        and isinstance(most.value, int)
        and most.value <= MOST_ENTRIES
        for most in given
    )


def test_no_function_remembers_all_it_was_ever_asked() -> None:
    found = {
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in PACKAGE.rglob("*.py")
        for name in unbounded(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == set()


def test_what_remembers_all_would_be_found() -> None:
    bad = """
@cache
def a(x): ...
@functools.lru_cache(maxsize=None)
def b(self): ...
@lru_cache
def c(*x): ...
@lru_cache(maxsize=10**9)
def d(x=1): ...
@cache
def allowed(): ...
@lru_cache(maxsize=8)
def allowed_too(x): ...
"""
    assert list(unbounded(ast.parse(bad))) == ["a", "b", "c", "d"]


def begin_and_ask(predictor: Predictor, meter: Meter) -> None:
    """Two notes of a piece in that meter."""
    heading, _ = encode(tiny_piece(parse_form("gavotte"), C_MAJOR))
    predictor.begin(replace(heading, meters=((Ticks(0), meter),)))
    for shift in (0, 24):
        predictor.pitch(shift)
        predictor.duration(shift, 60)
        predictor.advance(shift, 60, 24)


def test_all_meters_there_are_take_no_more_memory_than_a_few() -> None:
    assert len(METERS) == 192
    predictor = load_note_predictor(read_bundle(TINY_BUNDLE))
    tracemalloc.start()
    try:
        for meter in METERS[:8]:
            begin_and_ask(predictor, meter)
        gc.collect()
        few = tracemalloc.get_traced_memory()[0]
        for meter in METERS:
            begin_and_ask(predictor, meter)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - few
    finally:
        tracemalloc.stop()
    # A table of each would be 100 MiB more.
    assert grown < 1 * MIB
    assert place_rows.cache_info().currsize <= 2


def test_a_network_of_many_pointers_keeps_no_more_than_one_of_few() -> None:
    for each in (1, 50, 2_000):
        bins = PointerBins(PointerShape(each=each, width=1, memory=1, widest=36))
        for degree in range(24):
            for pitch in range(0, MAX_PITCH + 1, 8 if each > 50 else 1):
                one = bins.of_intervals(degree, pitch).nbytes
                kept = sum(found.nbytes for found in bins._kept.values())
                assert kept <= max(MOST_KEPT_BYTES, one)
