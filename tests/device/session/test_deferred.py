"""A service plays without what it cannot have, says so, and takes it when it is there."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.playback.listener import Listener
from tests.device.session.conftest import until
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.errors import InputError, OutputError, PlaybachError, PortError
from playbach.session.deferred import Deferrals, concessions
from playbach.session.parts import Parts
from playbach.session.session import Session
from playbach.session.settings import DEFAULTS, Settings
from playbach.sinks.base import Sink
from playbach.sinks.midi_input import MidiInput
from playbach.sinks.paced import PacedSink

CONFIGURED = Settings(tempo=300.0, bundle=str(TINY_BUNDLE), sink="midi")
NOTHING_NEEDED = replace(DEFAULTS, sink="none", bundle=str(TINY_BUNDLE))


class Refusing(Listener):
    """An output whose device is gone when it is opened."""

    def open(self) -> None:
        raise PortError("sink alsa: its device is gone; bring it back")


@dataclass
class Machine:
    """What there is to play on: ``none`` always, other sinks when they are plugged in."""

    plugged_in: set[str] = field(default_factory=set)
    heard: dict[str | None, Listener] = field(default_factory=dict)

    def make_sink(self, settings: Settings) -> Sink:
        if settings.sink == "fluidsynth" and settings.port:
            raise InputError("the sink fluidsynth has no ports; leave it out")
        if settings.sink == "alsa" and "alsa" not in self.plugged_in:
            return PacedSink(Refusing())
        if settings.sink not in {"none", *self.plugged_in}:
            raise PortError(f"sink {settings.sink}: is not here; plug it in")
        self.heard[settings.sink] = listener = Listener()
        return PacedSink(listener)

    def session(self, wanted: Settings, recordings: Path | None = None) -> Session:
        return Session(
            wanted,
            seed=1,
            fallbacks=(CONFIGURED, DEFAULTS, NOTHING_NEEDED),
            recordings=recordings,
            parts=Parts(make_sink=self.make_sink),
        )


def test_what_belongs_to_a_setting_gives_way_before_it_and_with_it() -> None:
    wanted, configured = Settings(sink="alsa", port="x"), Settings(sink="midi", port="y")
    tried = [
        (one.sink, one.port)
        for one in concessions(wanted, (configured, DEFAULTS), ("sink", "port"))
    ]
    assert tried == [
        ("alsa", "x"), ("alsa", "y"), ("alsa", None), ("midi", "y"), ("midi", None), (None, None),
    ]  # fmt: skip


values = st.sampled_from((None, "a", "b", "c"))
some_settings = st.builds(Settings, sink=values, port=values, bundle=values)


@given(some_settings, st.lists(some_settings, min_size=1, max_size=3), st.data())
def test_whatever_can_be_used_is_found_and_the_rest_is_deferred_with_its_reason(
    wanted: Settings, fallbacks: list[Settings], data: st.DataObject
) -> None:
    names = ("sink", "port", "bundle")
    possible = list(concessions(wanted, fallbacks, names))
    assert len(possible) == len(set(possible))
    assert possible[0] == wanted
    assert {replace(one, tempo=wanted.tempo) for one in fallbacks} <= set(possible)
    works = data.draw(st.sets(st.sampled_from(possible)))

    def attempt(settings: Settings) -> Settings:
        if settings not in works:
            raise PortError(f"no {settings.sink} {settings.port} {settings.bundle}")
        return settings

    deferrals = Deferrals(fallbacks)
    if not works:
        with pytest.raises(PortError, match=f"^no {wanted.sink} {wanted.port} {wanted.bundle}$"):
            deferrals.usable(wanted, names, attempt)
        return
    usable, made = deferrals.usable(wanted, names, attempt)
    assert usable == made
    assert replace(usable, **deferrals.wanted) == wanted  # type: ignore[arg-type]
    assert usable == next(one for one in possible if one in works)
    assert bool(deferrals.kept) == (wanted not in works)
    deferrals.chosen(["sink"])
    assert set(deferrals.wanted) == {
        name for name in names[1:] if getattr(usable, name) != getattr(wanted, name)
    }


ABSENT: dict[str, tuple[dict[str, object], str]] = {
    "a bundle that is gone": ({"bundle": "/nowhere/x.bundle"}, "/nowhere/x.bundle: "),
    "a variant that the bundle has not": ({"variant": "int7"}, "variant 'int7'"),
    "a sink that is gone": ({"sink": "fluidsynth"}, "sink fluidsynth: is not here"),
    "a sink that refuses when it is opened": ({"sink": "alsa"}, "sink alsa: its device is gone"),
    "a port where there can be none": ({"sink": "fluidsynth", "port": "x"}, "has no ports"),
    "all of them": (
        {"bundle": "/nowhere/x.bundle", "variant": "int7", "sink": "alsa", "port": "x"},
        "/nowhere/x.bundle: ",
    ),
}


@pytest.mark.parametrize("what", ABSENT)
def test_music_begins_without(what: str) -> None:
    wanted, said = ABSENT[what]
    machine = Machine()
    settings = replace(CONFIGURED, **wanted)  # type: ignore[arg-type]
    with machine.session(settings) as session:
        until(lambda: machine.heard["none"].notes, "music")
        status = session.status()
        assert said in status.problem
        assert status.settings.bundle == str(TINY_BUNDLE)
        assert status.settings.sink == "none"
        assert status.wanted == settings
        assert not session.retry()
        assert session.status().problems == status.problems
    assert session.error is None


def test_without_anything_to_fall_back_on_it_is_an_error() -> None:
    for wanted, _ in ABSENT.values():
        with pytest.raises(PlaybachError):
            Session(
                replace(CONFIGURED, **{"sink": "none", **wanted}),  # type: ignore[arg-type]
                parts=Parts(make_sink=Machine().make_sink),
            ).start()


def test_what_was_missing_is_taken_when_it_is_there(tmp_path: Path) -> None:
    machine, later = Machine(), tmp_path / "later.bundle"
    with machine.session(replace(CONFIGURED, sink="alsa", bundle=str(later))) as session:
        until(lambda: machine.heard["none"].notes, "music")
        assert len(session.status().problems) == 2
        machine.plugged_in.add("alsa")
        assert not session.retry()
        until(lambda: machine.heard["alsa"].notes, "music on the other sink")
        assert machine.heard["none"].closed
        assert list(session.status().deferred) == ["bundle"]
        shutil.copy(TINY_BUNDLE, later)
        assert session.retry()
        status = session.status()
        assert (status.settings.sink, status.settings.bundle) == ("alsa", str(later))
        assert status.problems == ()


def test_what_somebody_chooses_instead_holds() -> None:
    machine = Machine()
    with machine.session(replace(CONFIGURED, sink="alsa", variant="int7")) as session:
        session.change({"sink": "none"})
        assert session.status().wanted.sink == "none"
        machine.plugged_in.add("alsa")
        assert not session.retry()
        assert session.settings.sink == "none"
        session.change({"variant": None})
        assert session.status().problems == ()
        assert session.retry()


def test_a_mistake_on_the_page_forgets_nothing() -> None:
    with Machine().session(replace(CONFIGURED, sink="alsa")) as session:
        before = session.status()
        with pytest.raises(PortError):
            session.change({"sink": "midi"})
        assert session.status().wanted == before.wanted


def test_a_clock_that_cannot_be_listened_to_keeps_nothing_from_playing() -> None:
    def refuse(_name: str) -> MidiInput:
        raise PortError("the sequencer may not be used")

    parts = Parts(make_sink=Machine().make_sink, make_input=refuse)
    wanted = replace(CONFIGURED, sink="none", clock_in="a clock")
    with Session(wanted, fallbacks=(DEFAULTS,), parts=parts) as session:
        until(lambda: session.status().playing.notes, "music")
        assert session.status().deferred == {"clock_in": "a clock"}


def test_a_folder_of_recordings_that_cannot_be_had_is_tried_for_each_movement(
    tmp_path: Path,
) -> None:
    (tmp_path / "disk").touch()
    folder = tmp_path / "disk" / "movements"
    wanted = replace(CONFIGURED, sink="none", form="menuet", tempo=400.0)
    with Machine().session(wanted, recordings=folder) as session:
        assert "nothing is recorded: " in session.status().problem
        (tmp_path / "disk").unlink()
        until(lambda: folder.is_dir() and list(folder.glob("*.mid")), "a recording")
        until(lambda: session.status().problems == (), "the end of the problem")


def test_of_two_on_one_folder_of_recordings_the_second_leaves_it_alone(tmp_path: Path) -> None:
    wanted = replace(CONFIGURED, sink="none")
    with Machine().session(wanted, recordings=tmp_path) as first:
        with Machine().session(wanted, recordings=tmp_path) as second:
            assert f"{tmp_path}: another Play Bach that runs" in second.status().problem
        asked = Session(wanted, recordings=tmp_path, parts=Parts(make_sink=Machine().make_sink))
        with pytest.raises(OutputError, match="another Play Bach that runs"):
            asked.start()
        assert first.status().problems == ()
    with Machine().session(wanted, recordings=tmp_path) as third:
        assert third.status().problems == ()
