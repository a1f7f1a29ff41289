"""Whatever the bytes, reading gives a bundle or a ``BundleError``: nothing else, and no excess."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from playbach.archive import MIB, pack, unpack
from playbach.bundle import Bundle, read_bundle
from playbach.errors import BundleError
from playbach.schema import MAX_MISTAKES, plain

# The fixtures here are either the same for all examples or a file that each one overwrites.
FUZZ = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
FileOf = Callable[[bytes], Path]
MAX_MEMORY = 16 * MIB
"""For a bundle of a few kilobytes, whatever is done to it."""

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([2**63, -(10**400), "float32", "../x", "step", 1e308, "\x1b[2J", "\ud800"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def read(path: Path) -> Bundle | None:
    """The bundle, or nothing when it is refused as it must be: in few lines, in little memory."""
    tracemalloc.start()
    try:
        return read_bundle(path)
    except BundleError as refusal:
        assert len(refusal.lines) <= MAX_MISTAKES  # noqa: PT017 refusing is one of two outcomes
        for line in refusal.lines:
            assert line.isprintable()
            assert len(line) < len(str(path)) + 1000
        return None
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < MAX_MEMORY


@FUZZ
@given(content=st.binary(max_size=300))
@example(content=b"PK\x05\x06" + bytes(18))
@example(content=b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + bytes(18))
def test_random_bytes_are_refused(content: bytes, file_of: FileOf) -> None:
    assert read(file_of(content)) is None


@FUZZ
@given(flips=st.lists(st.tuples(st.integers(0), st.integers(0, 7)), min_size=1, max_size=4))
def test_a_flipped_bit_is_refused_or_changes_nothing(
    flips: list[tuple[int, int]], archive: bytes, file_of: FileOf
) -> None:
    flipped = bytearray(archive)
    for place, bit in flips:
        flipped[place % len(archive)] ^= 1 << bit
    assert read(file_of(bytes(flipped))) in (None, read(file_of(archive)))


@FUZZ
@given(cut=st.integers(0), length=st.integers(0, 400), target=st.integers(0))
def test_a_splice_is_refused_or_changes_nothing(
    cut: int, length: int, target: int, archive: bytes, file_of: FileOf
) -> None:
    start, place = cut % len(archive), target % len(archive)
    piece = archive[start : start + length]
    whole = read(file_of(archive))
    for overwritten in (0, len(piece)):
        spliced = archive[:place] + piece + archive[place + overwritten :]
        assert read(file_of(spliced)) in (None, whole)


@FUZZ
@given(end=st.integers(0))
def test_a_truncation_is_refused(end: int, archive: bytes, file_of: FileOf) -> None:
    assert read(file_of(archive[: end % len(archive)])) is None


def places(value: Any, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a JSON value, from the whole down."""
    members: Any = value.items() if isinstance(value, dict) else ()
    members = enumerate(value) if isinstance(value, list) else members
    return [place, *(p for key, member in members for p in places(member, (*place, key)))]


@FUZZ
@given(pick=st.integers(0), value=VALUES, key=st.none() | st.text(max_size=8))
def test_an_edit_of_the_manifest_is_refused_or_read_as_it_stands(
    pick: int, value: Any, key: str | None, archive: bytes, file_of: FileOf
) -> None:
    entries = unpack(archive)
    said = json.loads(entries["manifest.json"])
    spots = places(said)
    *way, last = ("said", *spots[pick % len(spots)])
    holder: Any = {"said": said}
    for step in way:
        holder = holder[step]
    if key is not None and isinstance(holder, dict):
        last = key
    holder[last] = value
    raw = json.dumps(said)
    bundle = read(file_of(pack({**entries, "manifest.json": raw.encode()})))
    if bundle is not None:
        assert plain(bundle.manifest) == json.loads(raw)


@FUZZ
@given(
    raw=st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_a_manifest_of_random_bytes_is_refused(raw: bytes, archive: bytes, file_of: FileOf) -> None:
    assert read(file_of(pack({**unpack(archive), "manifest.json": raw}))) is None


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"format":[', b'"\\u'])
def test_a_manifest_of_one_thing_over_and_over_is_refused(
    opening: bytes, archive: bytes, file_of: FileOf
) -> None:
    raw = opening * (250_000 // len(opening))
    assert read(file_of(pack({**unpack(archive), "manifest.json": raw}))) is None
