"""Compiled graphs on an Edge TPU: a real plugin of the runtime stands in for the real library.

It is built here from C, loaded by the runtime as any delegate is, and answers to a missing and an
unplugged device as the real one does. What it runs are the int8 graphs themselves, so the numbers
must be theirs to the last bit, before and after the processor takes over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.fixtures.edgetpu.bundles import with_edgetpu
from tests.fixtures.edgetpu.library import DEVICE, build, c_compiler, plug
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE, tiny_piece

from playbach.bundle import Bundle, read_bundle
from playbach.composer.composer import Composer, ComposerSettings
from playbach.errors import BundleError
from playbach.music.encoding import encode
from playbach.music.form import parse_form
from playbach.music.key import C_MAJOR
from playbach.predictor import Predictor, load_note_predictor
from playbach.predictor.edge_tpu import AcceleratorError, load_delegate
from playbach.predictor.graph import Graph
from playbach.stream import MovementEnd, StreamItem

Rows = list[np.ndarray[Any, Any]]

pytestmark = pytest.mark.skipif(c_compiler() is None, reason="no C compiler (cc) is installed")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The stand-in of ``libedgetpu.so.1``, ready to run graphs."""
    built = build(tmp_path_factory.mktemp("library"))
    plug(built)
    return str(built)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return with_edgetpu(
        read_bundle(TINY_BUNDLE), tmp_path_factory.mktemp("bundle") / "edgetpu.bundle"
    )


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An Edge TPU that is plugged in until this file is removed."""
    plugged = tmp_path / "device"
    plugged.touch()
    monkeypatch.setenv(DEVICE, str(plugged))
    return plugged


@pytest.fixture
def warnings(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], list[str]]:
    """What was said so far."""
    # import-linter, which another test runs in this process, switches all known loggers off.
    monkeypatch.setattr(logging.getLogger("playbach.predictor.edge_tpu"), "disabled", False)
    caplog.set_level(logging.WARNING)
    return lambda: [record.getMessage() for record in caplog.records]


def play(predictor: Predictor, before_call: Callable[[int], object] = lambda _: None) -> Rows:
    """Distributions over a piece; ``before_call`` is told the number of each call to come."""
    return list(_played(predictor, before_call))


def _played(predictor: Predictor, before_call: Callable[[int], object]) -> Iterator[Any]:
    heading, events = encode(tiny_piece(parse_form("gavotte"), C_MAJOR))
    predictor.begin(heading)
    pitch, call = 48, 0
    for event in events:
        for ask in (predictor.shift, lambda at=event.shift: predictor.pitch(at)):
            before_call(call)
            yield ask()
            call += 1
        pitch += event.interval
        before_call(call)
        yield predictor.duration(event.shift, pitch)
        before_call(call + 1)
        predictor.advance(event.shift, pitch, event.duration)
        call += 2


def same(found: Rows, wanted: Rows) -> bool:
    return len(found) == len(wanted) and all(map(np.array_equal, found, wanted))


@pytest.fixture(scope="module")
def wanted(bundle: Bundle) -> Rows:
    return play(load_note_predictor(bundle, "int8"))


def test_without_the_library_the_runtime_cannot_run_a_compiled_graph(bundle: Bundle) -> None:
    part = bundle.manifest.part("edgetpu", "duration")
    content = bundle.part("edgetpu", "duration")
    with pytest.raises(BundleError, match="unresolved custom op: edgetpu-custom-op"):
        Graph(content, part, "a.bundle", ["context", "place"], ["duration"])


@pytest.mark.usefixtures("device")
def test_an_edge_tpu_gives_what_int8_gives(
    bundle: Bundle, library: str, wanted: Rows, warnings: Callable[[], list[str]]
) -> None:
    predictor = load_note_predictor(bundle, "edgetpu", fallback=False, library=library)
    assert predictor.variant == "edgetpu"
    assert same(play(predictor), wanted)
    assert not warnings()


def absent(tmp_path: Path, library: str) -> str:
    del tmp_path, library
    return "libno-such-thing.so.1"


def no_library(tmp_path: Path, library: str) -> str:
    del library
    text = tmp_path / "text.so"
    text.write_text("this is no library")
    return str(text)


def another_library(tmp_path: Path, library: str) -> str:
    del library
    source = tmp_path / "other.c"
    source.write_text("int nothing_of_that_kind(void) { return 0; }\n")
    return str(build(tmp_path, source))


def no_device(tmp_path: Path, library: str) -> str:
    (tmp_path / "device").unlink()
    return library


MISSING: dict[str, tuple[Callable[[Path, str], str], str]] = {
    "no library": (absent, "libno-such-thing.so.1 cannot be loaded (libno-such-thing.so.1: cannot"),
    "no such thing as a library": (no_library, "text.so: "),
    "a library of something else": (
        another_library,
        "is not the library of an Edge TPU (it has no tflite_plugin_create_delegate)",
    ),
    "no device": (no_device, "no Edge TPU answers "),
}


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("missing", MISSING)
def test_what_is_missing_is_one_line_and_an_error_unless_the_processor_may_take_over(
    bundle: Bundle, library: str, tmp_path: Path, missing: str, capfd: pytest.CaptureFixture[str]
) -> None:
    made, message = MISSING[missing]
    with pytest.raises(AcceleratorError) as caught:
        load_note_predictor(bundle, "edgetpu", fallback=False, library=made(tmp_path, library))
    assert message in str(caught.value)
    assert str(caught.value).isprintable()
    # Not a word from the runtime or its finalisers either.
    del caught
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("missing", MISSING)
def test_where_something_is_missing_the_processor_plays_and_it_is_said_once(
    bundle: Bundle,
    library: str,
    wanted: Rows,
    *,
    tmp_path: Path,
    missing: str,
    warnings: Callable[[], list[str]],
) -> None:
    made, message = MISSING[missing]
    predictor = load_note_predictor(bundle, "edgetpu", library=made(tmp_path, library))
    assert predictor.variant == "int8"
    assert same(play(predictor), wanted)
    (line,) = warnings()
    assert message in line
    assert line.endswith(": going on with int8, on the processor")
    assert line.isprintable()


@pytest.mark.usefixtures("device")
def test_an_edge_tpu_that_refuses_a_graph_is_one_line_too(
    bundle: Bundle,
    library: str,
    wanted: Rows,
    monkeypatch: pytest.MonkeyPatch,
    warnings: Callable[[], list[str]],
) -> None:
    monkeypatch.setenv("STAND_IN_REFUSES", "1")
    with pytest.raises(BundleError, match="Package requires a newer runtime"):
        load_note_predictor(bundle, "edgetpu", fallback=False, library=library)
    assert same(play(load_note_predictor(bundle, "edgetpu", library=library)), wanted)
    (line,) = warnings()
    assert "Package requires a newer runtime" in line


# The calls of a note: shift, pitch, duration, advance; so it is each of the graphs that fails.
@pytest.mark.parametrize("call", [0, 1, 2, 3, 41, 42, 43])
def test_an_edge_tpu_unplugged_while_playing_leaves_no_gap(
    bundle: Bundle,
    library: str,
    device: Path,
    *,
    wanted: Rows,
    call: int,
    warnings: Callable[[], list[str]],
) -> None:
    predictor = load_note_predictor(bundle, "edgetpu", library=library)
    ran = []

    def watch(number: int) -> None:
        if number == call:
            device.unlink()
        ran.append(predictor.variant)

    assert same(play(predictor, watch), wanted)
    assert set(ran[: call + 1]) == {"edgetpu"}
    assert ran[-1] == predictor.variant == "int8"
    (line,) = warnings()
    assert line.startswith("the Edge TPU is gone (Failed to execute request.")
    assert line.endswith(": going on with int8, on the processor")


def test_an_edge_tpu_that_is_back_is_left_alone_until_the_next_start(
    bundle: Bundle, library: str, device: Path, warnings: Callable[[], list[str]]
) -> None:
    predictor = load_note_predictor(bundle, "edgetpu", library=library)
    device.unlink()
    play(predictor)
    device.touch()
    play(predictor)
    assert predictor.variant == "int8"
    assert len(warnings()) == 1
    assert load_note_predictor(bundle, "edgetpu", library=library).variant == "edgetpu"


def test_the_music_is_the_same_whether_it_is_unplugged_or_not(
    bundle: Bundle, library: str, device: Path
) -> None:
    unplugged = load_note_predictor(bundle, "edgetpu", library=library)
    whole = composed(load_note_predictor(bundle, "int8"))
    assert composed(unplugged, after=20, then=device.unlink) == whole
    assert unplugged.variant == "int8"


def composed(
    predictor: Predictor, after: int = 0, then: Callable[[], object] = int
) -> list[StreamItem]:
    """A movement; ``then`` is called after that many items."""
    composer = Composer(predictor, read_bundle(TINY_BUNDLE).manifest.range, 7, ComposerSettings)
    items: list[StreamItem] = []
    for item in composer:
        items.append(item)
        if len(items) == after:
            then()
        if isinstance(item, MovementEnd):
            break
    assert len(items) > after
    return items


def test_unplugged_without_leave_to_fall_back_is_one_line(
    bundle: Bundle, library: str, device: Path
) -> None:
    predictor = load_note_predictor(bundle, "edgetpu", fallback=False, library=library)
    with pytest.raises(AcceleratorError) as caught:
        play(predictor, lambda call: device.unlink() if call == 9 else None)
    assert "plug it in again, or play with --fallback" in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_bundle_without_int8_has_nothing_to_fall_back_on(library: str, tmp_path: Path) -> None:
    bundle = with_edgetpu(read_bundle(TINY_BUNDLE), tmp_path / "bare.bundle", without="int8")
    with pytest.raises(AcceleratorError, match="no Edge TPU answers"):
        load_note_predictor(bundle, "edgetpu", library=library)


@pytest.mark.usefixtures("device")
def test_graphs_on_other_scales_are_not_gone_on_with(bundle: Bundle, library: str) -> None:
    def rescaled(part: Any) -> Any:
        if part.variant != "int8" or part.role != "duration":
            return part
        (spec,) = part.outputs
        other = replace(spec.quantisation, scale=spec.quantisation.scale * 2)
        return replace(part, outputs=(replace(spec, quantisation=other),))

    parts = tuple(map(rescaled, bundle.manifest.parts))
    other = replace(bundle, manifest=replace(bundle.manifest, parts=parts))
    with pytest.raises(
        BundleError, match=r"edgetpu/duration.tflite: .* and int8/duration.tflite has"
    ):
        load_note_predictor(other, "edgetpu", library=library)


def test_the_plugin_is_one_that_the_runtime_itself_loads(library: str, device: Path) -> None:
    assert load_delegate(library) is not None
    device.unlink()
    with pytest.raises(AcceleratorError, match="no Edge TPU answers"):
        load_delegate(library)
