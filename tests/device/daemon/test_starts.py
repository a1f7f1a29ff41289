"""Whatever was overrides and whatever is missing, the service starts and plays."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.device.playback.listener import Listener
from tests.device.session.conftest import until
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE
from tests.fixtures.midi_source import GivenSource

from playbach.config import load_config
from playbach.daemon.service import music_of
from playbach.daemon.state import NAME, Overrides
from playbach.errors import PortError
from playbach.schema import Setting
from playbach.session.parts import Parts
from playbach.session.session import Session
from playbach.session.settings import TABLE, as_values, check_sink
from playbach.session.settings import Settings as Live
from playbach.sinks.base import Sink
from playbach.sinks.midi_input import MidiInput
from playbach.sinks.paced import PacedSink
from playbach.sinks.table import SINK_NAMES

ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
TEXTS = {
    "form": ("gigue", "prelude", "waltz"),
    "key": ("D minor", "F# major", "H"),
    "meter": ("3/4", "6/8", "1/32"),
    "bundle": (str(TINY_BUNDLE), "/nowhere/x.bundle", __file__, "/", "x\0"),
    "variant": ("float32", "int8", "edgetpu", "int7"),
    "sink": SINK_NAMES,
    "port": ("a synth", "*", "/tmp/x.mid", ","),  # noqa: S108 nothing is written there
    "clock_in": ("a clock", "*"),
    "control_in": ("a controller", "*"),
    "controls": ("tempo=cc 1", "pause=note 60 on 2", "tempo=note 1", "sink=cc 1"),
    "hours": ("0:00-24:00", "mon 9:00-10:00", "9"),
}
CONFIGURED = Live(bundle=str(TINY_BUNDLE))


def values_of(row: Setting) -> st.SearchStrategy[object]:
    """Values that are allowed, most of the time."""
    allowed: st.SearchStrategy[object] = st.sampled_from(TEXTS.get(row.name, ("",)))
    if row.kind is bool:
        allowed = st.booleans()
    elif row.low is not None and row.high is not None:
        numbers = st.integers(int(row.low) + 1, int(row.high))
        allowed = numbers if row.kind is int else numbers.map(float)
    return st.one_of(allowed, allowed, allowed, st.just(row.default), ANYTHING)


def changes_of(row: Setting) -> st.SearchStrategy[dict[str, object]]:
    base = as_values(CONFIGURED)[row.name]
    return st.fixed_dictionaries(
        {"value": values_of(row), "instead_of": st.sampled_from((base, base, base, "an edit"))}
    )


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        **{name: changes_of(row) for name, row in TABLE.items()},
        "warp": st.fixed_dictionaries({"value": ANYTHING, "instead_of": ANYTHING}),
    },
)
JSON = st.recursive(ANYTHING, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
CONTENTS = st.one_of(
    CHANGES.map(lambda kept: json.dumps({"version": 1, "settings": kept}).encode()),
    JSON.map(lambda value: json.dumps({"version": 1, "settings": value}).encode()),
    st.binary(max_size=50),
)


@dataclass(frozen=True)
class Surroundings:
    """What a service finds when it starts.

    Attributes:
        content: of the file of settings; ``None`` for a folder in its place.
        absent: sinks that cannot be made.
        refusing: sinks that cannot be opened.
        state: whether there can be a state folder.
        records: whether there can be a folder of recordings.
        clock: whether there can be a clock.
    """

    content: bytes | None
    absent: frozenset[str | None]
    refusing: frozenset[str | None]
    state: bool
    records: bool
    clock: bool


some_sinks = st.frozensets(st.sampled_from((None, "alsa", "midi", "fluidsynth")))
SURROUNDINGS = st.builds(
    Surroundings,
    content=st.none() | CONTENTS | CONTENTS | CONTENTS,
    absent=some_sinks,
    refusing=some_sinks,
    state=st.booleans(),
    records=st.booleans(),
    clock=st.booleans(),
)


class Output(Listener):
    def __init__(self, *, refuses: bool) -> None:
        super().__init__()
        self._refuses = refuses

    def open(self) -> None:
        if self._refuses:
            raise PortError("its device is gone; bring it back")


@contextlib.contextmanager
def started(around: Surroundings, outputs: list[Output]) -> Iterator[Session]:
    """The service's music, as far as it is not the same wherever it runs."""

    def make_sink(wanted: Live) -> Sink:
        check_sink(wanted)
        if wanted.sink in around.absent:
            raise PortError(f"sink {wanted.sink}: is not here; plug it in")
        outputs.append(Output(refuses=wanted.sink in around.refusing))
        return PacedSink(outputs[-1])

    def make_input(_name: str) -> MidiInput:
        if around.clock:
            return MidiInput(GivenSource())
        raise PortError("the sequencer may not be used")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        state = folder / "state"
        if not around.state:
            state.touch()
        elif around.content is None:
            (state / NAME).mkdir(parents=True)
        else:
            state.mkdir()
            (state / NAME).write_bytes(around.content)
        if not around.records:
            (folder / "movements").touch()
        config = folder / "config.toml"
        config.write_text(
            f'[model]\nbundle = "{TINY_BUNDLE}"\n[recording]\nfolder = "{folder}/movements"\n'
        )
        parts = Parts(make_sink=make_sink, make_input=make_input)
        with music_of(load_config(config), Overrides(state), state, parts) as session:
            yield session


@given(SURROUNDINGS)
@settings(max_examples=30)
def test_whatever_was_remembered_and_whatever_is_missing_it_plays(around: Surroundings) -> None:
    outputs: list[Output] = []
    with started(around, outputs) as session:
        until(lambda: session.status().playing.notes, "music")
        status = session.status()
        assert bool(status.deferred) <= bool(status.problems)
        assert around.records or any("nothing is recorded" in line for line in status.problems)
        session.retry()
        assert session.error is None
    assert session.error is None
    assert outputs[-1].sounding == ()
