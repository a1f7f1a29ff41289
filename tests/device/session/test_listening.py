"""The board stops for who plays, notates it, and answers after a bar of silence; no echo counts."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.device.playback.listener import Listener
from tests.device.session.conftest import Play, until
from tests.fixtures.jack import Receiver, pitches
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE
from tests.fixtures.midi_source import GivenSource

from playbach.midi.messages import CLOCK, NOTE_ON, control_change, note_off, note_on
from playbach.music.theme import Asked, PlayedNote, Theme
from playbach.schema import changed
from playbach.session.commands import Command
from playbach.session.listening import FLOOD, LEAD, MOST_NOTES, Beat, Listening
from playbach.session.parts import Parts
from playbach.session.session import Session
from playbach.session.settings import Settings
from playbach.session.status import NoteAhead
from playbach.sinks.jack_server import detach
from playbach.sinks.midi_input import MidiInput, Received
from playbach.stream import Seconds
from playbach.themes import theme_from_notes
from playbach.themes.played import theme_from_playing

THEMES = (
    "D4/8 F4 E4 A4 G4 Bb4 A4/4.",
    "G3/16 A3 B3 C4 A3 B3 G3 D4 G4 F#4 G4 A4 B4 G4 F#4 E4",
    "C3/4 D3 E3 C3 C3 D3 E3 C3 E3 F3 G3/2 E3/4 F3 G3/2",
    "E3+C4/4 F3+D4 G3+E4/2 F3+D4/4 E3+C4 D3+B3/2",
    "C4",
)


def played(theme: Theme, quarter: float, rng: random.Random) -> list[PlayedNote]:
    """As somebody plays it: a little early or late, each note for nine tenths of its value."""

    def late() -> float:
        return rng.uniform(-0.02, 0.02)

    return [
        PlayedNote(
            100 + note.onset / 24 * quarter + late(),
            100 + (note.onset + 0.9 * note.duration) / 24 * quarter + late(),
            note.pitch,
        )
        for note in theme.notes
    ]


@given(st.sampled_from(THEMES), st.floats(0.45, 0.9), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_what_is_played_to_a_beat_is_notated_as_it_was_meant(
    typed: str, quarter: float, rng: random.Random
) -> None:
    theme = theme_from_notes(typed)
    heard = theme_from_playing(played(theme, quarter, rng), quarter)
    assert [(n.onset, n.pitch) for n in heard.notes] == [(n.onset, n.pitch) for n in theme.notes]
    assert (heard.meter, heard.is_heard) == (theme.meter, True)
    assert heard.tempo == pytest.approx(60 / quarter * 24 / theme.meter.beat_ticks, rel=0.01)


@given(st.sampled_from((THEMES[0], *THEMES[2:4])), st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_the_beat_is_found_where_none_is_given(typed: str, rng: random.Random) -> None:
    theme = theme_from_notes(typed)
    heard = theme_from_playing(played(theme, 60 / 90, rng))
    assert [(n.onset, n.pitch) for n in heard.notes] == [(n.onset, n.pitch) for n in theme.notes]
    assert heard.tempo == pytest.approx(90 * 24 / theme.meter.beat_ticks, rel=0.12)


def test_of_long_playing_the_last_eight_bars_count() -> None:
    notes = [PlayedNote(0.5 * n, 0.5 * n + 0.4, 48 + n % 12) for n in range(400)]
    heard = theme_from_playing(notes, 0.5, Asked.of(meter="4/4"))
    assert (heard.bars, len(heard.notes)) == (8, 32)
    assert heard.notes[-1].pitch == notes[-1].pitch


class Scene:
    """A listening ear, and what it asked for; its time is set by the test."""

    def __init__(self, beat: Beat = Beat(0.5)) -> None:  # noqa: B008 frozen
        self.began = self.gave_up = 0
        self.answers: list[tuple[float, Theme]] = []
        self.now = 10.0
        self.ear = Listening(
            begin=self._begin,
            answer=lambda theme: self.answers.append((self.now, theme)),
            give_up=self._give_up,
            beat=lambda: beat,
            since_start=lambda at: at - 10,
        )

    def _begin(self) -> bool:
        self.began += 1
        return True

    def _give_up(self) -> None:
        self.gave_up += 1

    def hear(self, data: bytes) -> None:
        self.ear.hear(Received(self.now, data))

    def pass_time(self, seconds: float) -> None:
        until_ = self.now + seconds
        while self.now < until_:
            self.now += 0.005
            self.ear.look(self.now)

    def play(self, *pitches: int, seconds: float = 0.5) -> None:
        for pitch in pitches:
            self.hear(note_on(0, pitch, 80))
            self.pass_time(0.9 * seconds)
            self.hear(note_off(0, pitch))
            self.pass_time(0.1 * seconds)


def test_a_bar_after_the_last_note_it_is_answered_on_the_beat() -> None:
    scene = Scene()
    scene.play(60, 62, 64, 65)
    scene.pass_time(5)
    assert (scene.began, len(scene.answers), scene.gave_up) == (1, 1, 0)
    at, theme = scene.answers[0]
    # Four quarters of 0.5 s, of which the last ended at 11.95; a bar is 2 s, a beat 0.5 s.
    assert at == pytest.approx(14.0 - LEAD, abs=0.01)
    assert [note.pitch for note in theme.notes] == [60, 62, 64, 65]


def test_stuck_keys_pedals_clocks_and_rubbish_do_not_keep_it_from_answering() -> None:
    scene = Scene()
    scene.hear(control_change(0, 64, 127))
    scene.hear(note_on(0, 48, 80))
    for _ in range(400):
        scene.hear(bytes([CLOCK]))
        scene.hear(control_change(0, 1, 3))
        scene.hear(bytes([0xE0, 0, 64]))
        scene.pass_time(0.02)
    scene.pass_time(2)
    assert len(scene.answers) == 1
    scene.play(60)
    scene.hear(note_off(0, 48))
    scene.pass_time(5)
    assert [len(theme.notes) for _, theme in scene.answers] == [1, 1]


@pytest.mark.parametrize(("velocity", "stopped"), [(80, 0), (99, 1)])
def test_our_own_notes_that_come_back_are_no_playing_for_long(velocity: int, stopped: int) -> None:
    scene = Scene()
    movement = theme_from_notes("C4")  # any object will do
    for n in range(50):
        at = Seconds(scene.now - 9.9)
        ahead = NoteAhead(at, Seconds(0.1), 60 + n % 5, 80, 1, movement)  # type: ignore[arg-type]
        scene.ear.follow(ahead)
        scene.pass_time(0.1)
        scene.hear(note_on(0, 60 + n % 5, velocity))
        scene.pass_time(0.1)
        scene.hear(note_off(0, 60 + n % 5))
    scene.pass_time(5)
    assert scene.began == stopped
    scene.play(72)
    assert scene.began == stopped + 1


def test_a_flood_is_passed_over_and_the_music_goes_on() -> None:
    scene = Scene()
    scene.play(60)
    for n in range(20 * MOST_NOTES):
        scene.hear(note_on(n % 16, n % 128, 80))
        if not n % 50:
            scene.pass_time(0.005)
    assert scene.ear.is_flooded
    assert (scene.gave_up, scene.answers) == (1, [])
    scene.pass_time(3)
    assert not scene.ear.is_flooded
    scene.play(60, 62)
    scene.pass_time(5)
    assert len(scene.answers) == 1
    assert FLOOD < MOST_NOTES


def test_a_session_stops_answers_for_so_many_bars_and_waits(play: Play) -> None:
    source = GivenSource()
    wanted = {
        "listen": "somebody", "answer": 2, "meter": "2/4", "tempo": 400, "listen_beat": "own",
    }  # fmt: skip
    parts = Parts(make_input=lambda _name: MidiInput(source))
    with play(wanted, parts=parts) as (session, listener):
        until(lambda: session.status().resting == "listening", "that it waits")
        assert listener.notes == []
        _give(source, 60, 62)
        until(lambda: listener.notes, "an answer")
        movement = session.status().playing.movement
        assert movement is not None
        assert (len(movement.bars), str(movement.meter)) == (2, "2/4")
        until(lambda: session.status().resting == "listening", "its end")
        count = len(listener.notes)
        session.change({"answer": None})
        until(lambda: len(listener.notes) > count + 4, "music without end")
        _give(source, 60)
        until(lambda: listener.sounding == (), "silence")
        assert session.status().resting == "listening"
        session.command(Command.PLAY)
        until(lambda: session.status().resting == "", "music again")


def _give(source: GivenSource, *pitches: int) -> None:
    now = time.monotonic()
    for n, pitch in enumerate(pitches):
        source.coming.append(Received(now + 0.3 * n, note_on(0, pitch, 80)))
        source.coming.append(Received(now + 0.3 * n + 0.2, note_off(0, pitch)))


PLAYER = "playbach-test-player"


@contextmanager
def player() -> Iterator[object]:
    """A JACK client that somebody plays on."""
    rtmidi = pytest.importorskip("rtmidi", reason="python-rtmidi has no wheel for this Python")
    client = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=PLAYER)
    client.open_virtual_port("out")
    try:
        yield client
    finally:
        detach(client.delete)


def test_over_jack_a_theme_is_played_in_and_the_answer_recorded(receiver: Receiver) -> None:
    wanted = {
        "bundle": str(TINY_BUNDLE), "listen": PLAYER, "answer": 2, "meter": "2/4", "key": "C major",
        "tempo": 400, "listen_beat": "own", "sink": "jack", "port": receiver.name,
    }  # fmt: skip
    with player() as keys:
        with Session(changed(Settings(), wanted), seed=1) as session:
            until(lambda: session.status().listening_connected, "the player's port")
            before = len(receiver.heard)
            for pitch in (60, 64, 62):
                keys.send_message(note_on(0, pitch, 80))  # type: ignore[attr-defined]
                time.sleep(0.15)
                # Velocity 0 and active sensing, as keyboards send them.
                keys.send_message([NOTE_ON, pitch, 0])  # type: ignore[attr-defined]
                keys.send_message([0xFE])  # type: ignore[attr-defined]
            assert not [one for one in receiver.heard[before:] if one[0] & 0xF0 == NOTE_ON]
            until(lambda: receiver.music, "an answer")
            until(lambda: session.status().playing.movement, "what it is called")
            assert "C major" in session.status().title
            until(lambda: session.status().resting == "listening", "its end")
            until(lambda: receiver.sounding == (), "the end of its last note")
            answered = len(pitches(receiver.music, NOTE_ON))
            time.sleep(0.5)
            assert len(pitches(receiver.music, NOTE_ON)) == answered > 0
        assert session.error is None


def test_a_port_that_plays_back_what_it_is_sent_is_not_answered(play: Play) -> None:
    source = GivenSource()
    parts = Parts(make_input=lambda _name: MidiInput(source))
    with play({"listen": "itself", "tempo": 400}, parts=parts) as (session, listener):
        sent = _Loop(source, listener)
        until(lambda: sent.pass_on() > 40, "music")
        assert session.status().resting == ""


class _Loop:
    """Passes on what was played, as a wire from the output to the input."""

    def __init__(self, source: GivenSource, listener: Listener) -> None:
        self._source, self._listener = source, listener
        self._count = self._notes = 0

    def pass_on(self) -> int:
        heard = list(self._listener.heard)
        for data in heard[self._count :]:
            self._source.coming.append(Received(time.monotonic(), data))
            self._notes += data[0] & 0xF0 == NOTE_ON
        self._count = len(heard)
        return self._notes
