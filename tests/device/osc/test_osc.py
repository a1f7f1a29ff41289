"""Open Sound Control with a real client and a real receiver over UDP."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import SimpleUDPClient
from tests.device.session.conftest import PATIENCE, Play, play, until

from playbach.address import Address
from playbach.errors import PortError
from playbach.osc.input import MOST_BYTES, ROOT, OscInput, _value
from playbach.osc.output import OscOutput
from playbach.session.session import Session
from playbach.session.settings import REMOTE, TABLE
from playbach.session.status import Transport

__all__ = ["play"]

ANY = Address("127.0.0.1", 0)
BEGINNINGS = (b"/playbach/tempo\0", b"#bundle\0\0\0\0\0\0\0\0\1\0\0\0\x10")


@contextmanager
def steering(session: Session) -> Iterator[tuple[OscInput, SimpleUDPClient]]:
    with OscInput(session, ANY) as listener:
        client = SimpleUDPClient(ANY.host, listener.port)
        with closing(client._sock):
            yield listener, client
    assert listener.error is None


@contextmanager
def followed(session: Session) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind((ANY.host, 0))
        receiver.settimeout(PATIENCE)
        with OscOutput(session, Address(ANY.host, receiver.getsockname()[1])) as output:
            yield receiver
        assert output.error is None


def received(receiver: socket.socket, name: str) -> list[object]:
    """The values of the next message of that name."""
    while True:
        message = OscMessage(receiver.recv(MOST_BYTES))
        if message.address == ROOT + name:
            return list(message.params)


def test_settings_and_commands_are_heard(play: Play) -> None:
    with play() as (session, _), steering(session) as (_, client):
        client.send_message("/playbach/transpose", 5.0)
        client.send_message("/playbach/key", "f# minor")
        client.send_message("/playbach/repeats", 1)
        until(lambda: session.settings.repeats, "the settings")
        assert (session.settings.transpose, session.settings.key) == (5, "F# minor")
        client.send_message("/playbach/key", [])
        until(lambda: session.settings.key is None, "a key that is left to the program")
        client.send_message("/playbach/pause", [])
        until(lambda: session.status().transport is Transport.PAUSED, "the pause")


def test_of_a_fader_that_moves_the_last_value_counts(play: Play) -> None:
    with play() as (session, _), steering(session) as (_, client):
        for volume in (*range(100), 33):
            client.send_message("/playbach/volume", volume)
        until(lambda: session.settings.volume == 33, "the last value")


def test_what_is_not_understood_or_not_allowed_is_counted_and_the_rest_is_done(play: Play) -> None:
    wrong = [
        b"", b"\0", b"no OSC", b"#bundle\0", b"/playbach/\xff\xff\0\0\0\0,\0\0\0", b"x" * 5_000,
        OscMessageBuilder("/elsewhere/pause").build().dgram,
        OscMessageBuilder("/playbach/dance").build().dgram,
        # Files and devices are not a network's to name.
        *(OscMessageBuilder(f"/playbach/{name}").build().dgram for name in ("bundle", "soundfont")),
    ]  # fmt: skip
    nobody = OscMessageBuilder("/playbach/tempo")
    nobody.add_arg("fast")
    with play() as (session, _), steering(session) as (listener, client):
        for packet in (*wrong, nobody.build().dgram):
            client._sock.sendto(packet, (ANY.host, listener.port))
        until(lambda: listener.ignored == len(wrong) + 1, "all of them")
        client.send_message("/playbach/tempo", 300)
        until(lambda: session.settings.tempo == 300, "a setting after them")


def test_no_packet_ends_it(play: Play) -> None:
    some = st.binary(max_size=99)
    packets = some | st.tuples(st.sampled_from(BEGINNINGS), some).map(b"".join)
    with play() as (session, _):
        listener = OscInput(session, ANY)

        @given(packets)
        def heard(packet: bytes) -> None:
            listener._act(iter([packet]))

        heard()


def test_an_address_that_is_taken_is_one_line(play: Play) -> None:
    with play() as (session, _), steering(session) as (first, _):
        second = OscInput(session, Address(ANY.host, first.port))
        with pytest.raises(PortError, match=r"^OSC at 127\.0\.0\.1:\d+: Address already in use"):
            second.start()
        second.stop()


def test_notes_are_sent_as_they_are_heard_and_settings_as_they_change(play: Play) -> None:
    with play() as (session, listener), followed(session) as receiver:
        assert received(receiver, "transport") == ["playing"]
        assert received(receiver, "tempo") == [200.0]
        (title,) = received(receiver, "movement")
        assert isinstance(title, str)
        assert title.startswith("Suite 1 in ")
        for _ in range(5):
            pitch, velocity, seconds, bar = received(receiver, "note")
            assert pitch in listener.pitches
            assert (velocity, bar) > (0, 0)
            assert isinstance(seconds, float)
        session.change({"key": "A minor"})
        assert received(receiver, "key") == ["A minor"]


def test_a_pause_takes_back_what_was_announced(play: Play) -> None:
    with play() as (session, listener), followed(session) as receiver:
        received(receiver, "note")
        session.change({"transpose": 12})
        assert received(receiver, "transpose") == [12]
        for _ in range(6):
            assert received(receiver, "note")[0] in listener.pitches


@pytest.mark.parametrize(
    ("name", "params", "value"),
    [
        ("repeats", [0], False), ("repeats", [1.0], True), ("transpose", [3.0], 3),
        ("transpose", [3.5], 3.5), ("tempo", [90.5], 90.5), ("key", [], None),
        ("key", ["D", "minor"], ["D", "minor"]),
    ],
)  # fmt: skip
def test_what_buttons_and_faders_send(name: str, params: list[object], value: object) -> None:
    assert _value(REMOTE[name], params) == value
    assert type(_value(REMOTE[name], params)) is type(value)


def test_every_setting_of_music_and_sound_but_of_devices() -> None:
    assert TABLE.keys() - REMOTE.keys() == {
        "bundle", "variant", "fallback", "sink", "port", "clock_in", "soundfont", "effect",
        "control_in", "listen",
    }  # fmt: skip
