"""A bundle that would harm who runs it is refused in one line, and the music goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.device.session.conftest import PATIENCE, Play, until
from tests.fixtures import hostile
from tests.fixtures.edgetpu.bundles import with_edgetpu
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.bundle import read_bundle
from playbach.errors import BundleError, InputError, PlaybachError
from playbach.session import trial
from playbach.session.commands import Command
from playbach.session.model import Model, load_model
from playbach.session.parts import Parts
from playbach.session.settings import Settings
from playbach.session.trial import MOST_ACCEPTED, NAME, load_tried, try_bundle

TINY = TINY_BUNDLE.read_bytes()
HARM: dict[str, tuple[Callable[[], bytes], str]] = {
    "crashes": (lambda: hostile.damaged(*hostile.CRASHING[0]), "crashed (Segmentation fault) when"),
    "answers no numbers": (hostile.not_numbers, "gives numbers that are no probabilities"),
    "wants 4 GB": (lambda: hostile.graph_beside("hungry.tflite"), "TILE"),
    "has other shapes": (
        lambda: hostile.with_graphs({hostile.STEP: hostile.tiny_graph("float32/pitch.tflite")}),
        "it has no tensor",
    ),
}
needs_proc = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc here")


def saved(archive: bytes, folder: Path) -> Path:
    path = folder / "harmful.bundle"
    path.write_bytes(archive)
    return path


def refusal_of(archive: bytes, path: Path = Path("some.bundle")) -> str:
    with pytest.raises(BundleError) as caught:
        try_bundle(archive, path, "float32")
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert said.isprintable()
    return said


@pytest.mark.parametrize("harm", HARM)
def test_a_model_that_does_harm_is_refused_and_the_music_goes_on(
    play: Play, tmp_path: Path, harm: str
) -> None:
    make, message = HARM[harm]
    path = saved(make(), tmp_path)
    with play() as (session, listener):
        until(lambda: listener.notes, "a note")
        before = session.settings
        with pytest.raises(BundleError) as caught:
            session.change({"bundle": str(path)})
        assert str(caught.value).startswith(f"{path}: ")
        assert message in str(caught.value)
        assert str(caught.value).isprintable()
        assert session.settings == before
        count = len(listener.notes)
        until(lambda: len(listener.notes) > count + 8, "more notes")


@pytest.mark.parametrize(("at", "byte"), hostile.CRASHING)
def test_a_graph_with_another_byte_harms_nobody(at: int, byte: int, tmp_path: Path) -> None:
    said = hostile.outcome(hostile.damaged(at, byte), tmp_path / "some.bundle")
    assert said == "accepted" or "make the bundle again" in said


def test_damaged_graphs_never_end_the_process_that_has_them_tried() -> None:
    said = [hostile.outcome(bad, Path("x.bundle")) for bad in hostile.damaged_bundles(10, seed=3)]
    assert len(said) == 10
    assert set(said) != {"accepted"}


def test_a_model_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "DEADLINE", 3.0)
    said = refusal_of(hostile.graph_beside("hang.tflite"))
    assert "its float32 network took longer than 3 seconds when it was tried" in said


def children(path: Path) -> list[int]:
    """Processes that try the bundle of that path."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"-I" in words and os.fsencode(path) in words:
            found.append(int(entry.parent.name))
    return found


@needs_proc
def test_a_trial_that_is_killed_is_a_refusal(tmp_path: Path) -> None:
    path, said = tmp_path / "hang.bundle", list[str]()
    archive = hostile.graph_beside("hang.tflite")
    trying = threading.Thread(target=lambda: said.append(refusal_of(archive, path)))
    trying.start()
    until(lambda: children(path), "the trial")
    os.kill(children(path)[0], signal.SIGKILL)
    trying.join(PATIENCE)
    assert "crashed (Killed) when it was tried" in said[0]


@needs_proc
def test_a_trial_ends_with_the_process_that_began_it(tmp_path: Path) -> None:
    path = saved(hostile.graph_beside("hang.tflite"), tmp_path)
    program = f"""
from pathlib import Path
from playbach.session import trial
trial.DEADLINE = 900.0
path = Path({str(path)!r})
trial.try_bundle(path.read_bytes(), path, "float32")
"""
    with subprocess.Popen([sys.executable, "-c", program]) as parent:
        until(lambda: children(path), "the trial")
        parent.kill()
    until(lambda: not children(path), "the end of the trial")


def test_a_trial_ends_by_itself_where_nobody_ends_it() -> None:
    archive = hostile.graph_beside("hang.tflite")
    words = ("float32", "0", str(len(archive)), "3", "x.bundle")
    with trial._start(*words) as child:
        assert child.stdin is not None
        child.stdin.write(archive)
        child.stdin.flush()
        assert child.wait(PATIENCE) == -signal.SIGALRM


def test_the_bytes_that_were_read_are_those_that_are_tried(tmp_path: Path) -> None:
    # Whatever becomes of the file meanwhile.
    try_bundle(TINY, tmp_path / "no longer there.bundle", "dynamic")


def test_a_model_is_tried_with_what_will_run() -> None:
    with pytest.raises(InputError, match=r"variant 'float16': x\.bundle has float32"):
        try_bundle(TINY, Path("x.bundle"), "float16")
    with pytest.raises(InputError, match="cannot go stepwise"):
        try_bundle(TINY, Path("x.bundle"), "float32", stepwise=True)


@pytest.mark.parametrize("name", ["melody", "timed", "phrases"])
def test_networks_that_say_symbols_are_tried_likewise(symbol_bundles: Path, name: str) -> None:
    path = symbol_bundles / f"{name}.bundle"
    for variant in ("float32", "int8"):
        try_bundle(path.read_bytes(), path, variant)
    if name != "phrases":
        try_bundle(path.read_bytes(), path, "float32", stepwise=True)


def test_of_a_model_for_an_edge_tpu_the_processor_tries_the_other_form(tmp_path: Path) -> None:
    path = tmp_path / "edgetpu.bundle"
    with_edgetpu(read_bundle(TINY_BUNDLE), path)
    try_bundle(path.read_bytes(), path, "edgetpu")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which nothing was accepted yet."""
    monkeypatch.setenv("CACHE_DIRECTORY", str(tmp_path / "cache"))
    return tmp_path / "cache" / NAME


@pytest.fixture
def no_trials(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From the call on, no process can be started."""
    return lambda: monkeypatch.setattr(sys, "executable", "/none/python")


def test_what_was_accepted_is_not_tried_again(
    cache: Path, no_trials: Callable[[], None], tmp_path: Path
) -> None:
    load_tried(TINY_BUNDLE, "float32")
    no_trials()
    bundle, predictor = load_tried(TINY_BUNDLE, "float32")
    assert (bundle.path, predictor.variant) == (TINY_BUNDLE, "float32")
    load_tried(saved(TINY, tmp_path), "float32")  # wherever it lies
    for path, variant in (
        (TINY_BUNDLE, "dynamic"),
        (saved(hostile.damaged(*hostile.CRASHING[0]), tmp_path), "float32"),
    ):
        with pytest.raises(BundleError, match="cannot be tried in a process of its own"):
            load_tried(path, variant)
    assert cache.exists()


def test_what_was_refused_is_tried_again(cache: Path, tmp_path: Path) -> None:
    path = saved(hostile.damaged(*hostile.CRASHING[0]), tmp_path)
    for _ in range(2):
        with pytest.raises(BundleError, match="crashed"):
            load_tried(path, None)
    assert not cache.exists()


def test_the_included_model_needs_no_trial(no_trials: Callable[[], None], cache: Path) -> None:
    no_trials()
    load_tried(None, None)
    assert not cache.exists()


@pytest.mark.parametrize("content", [b"", b"\xff", b"[" * 60_000, b'{"a": 1}', b"[1, null]"])
def test_a_damaged_list_of_what_was_accepted_is_made_anew(cache: Path, content: bytes) -> None:
    cache.parent.mkdir()
    cache.write_bytes(content)
    load_tried(TINY_BUNDLE, "float32")
    assert len(trial._accepted(cache)) == 1


def test_the_list_of_what_was_accepted_is_bounded(cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_text(str([f"{n:0120}" for n in range(2 * MOST_ACCEPTED)]).replace("'", '"'))
    load_tried(TINY_BUNDLE, "float32")
    kept = trial._accepted(cache)
    assert len(kept) == MOST_ACCEPTED
    assert cache.stat().st_size < 20_000
    assert " float32: " in kept[-1]


def test_where_nothing_can_be_remembered_it_is_tried_and_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("this is no folder")
    monkeypatch.setenv("CACHE_DIRECTORY", str(tmp_path / "cache"))
    assert load_tried(TINY_BUNDLE, "float32")[1].variant == "float32"


def test_commands_and_other_changes_are_heard_while_a_model_is_loaded(play: Play) -> None:
    begun, release = threading.Event(), threading.Event()

    def load(settings: Settings) -> Model:
        if settings.variant:
            begun.set()
            assert release.wait(PATIENCE)
        return load_model(settings)

    with play(parts=Parts(load_model=load)) as (session, listener):
        until(lambda: listener.notes, "a note")
        changing = threading.Thread(target=lambda: session.change({"variant": "dynamic"}))
        changing.start()
        assert begun.wait(PATIENCE)

        def steer() -> None:
            session.command(Command.PAUSE)
            session.change({"tempo": 90})

        heard = threading.Thread(target=steer)
        heard.start()
        heard.join(PATIENCE)
        assert not heard.is_alive()
        assert changing.is_alive()
        release.set()
        changing.join(PATIENCE)
        assert (session.settings.tempo, session.settings.variant) == (90, "dynamic")
        assert session.status().variant == "dynamic"


def test_a_session_that_begins_with_a_harmful_model_says_so(play: Play, tmp_path: Path) -> None:
    path = saved(hostile.damaged(*hostile.CRASHING[0]), tmp_path)
    with pytest.raises(PlaybachError, match="crashed"), play({"bundle": str(path)}):
        raise AssertionError("it plays")
