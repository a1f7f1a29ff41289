"""Whoever only opens connections shuts nobody out, holds little memory, and is not waited for."""

from __future__ import annotations

import contextlib
import gc
import gzip
import logging
import socket
import struct
from collections.abc import Iterator

import pytest
from tests.device.web.conftest import Serve, Served, until

from playbach.web import api, connections
from playbach.web.connections import MOST_CONNECTIONS, MOST_FROM_ONE
from playbach.web.guard import HEADERS

TOKEN = "a token that is only for tests"  # noqa: S105 as it says
HALF = (
    b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100\r\n\r\n{"
)
GET = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
STATIC = b"GET /static/roll.js HTTP/1.1\r\nHost: x\r\n\r\n"
OPEN = "0.0.0.0"  # noqa: S104 with a token, as beyond this machine


@contextlib.contextmanager
def connected(
    served: Served, count: int, *, source: str = "127.0.0.1", receive_buffer: int = 0
) -> Iterator[list[socket.socket]]:
    """Connections from an address of this machine, closed in the end."""
    with contextlib.ExitStack() as stack:
        opened = []
        for _ in range(count):
            one = stack.enter_context(socket.socket())
            if receive_buffer:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            one.bind((source, 0))
            one.settimeout(60)
            one.connect(("127.0.0.1", served.server.port))
            opened.append(one)
        yield opened


def send(one: socket.socket, content: bytes) -> None:
    """Send it, unless the server has ended the connection."""
    with contextlib.suppress(ConnectionError):
        one.sendall(content)


def answered(one: socket.socket) -> bytes:
    """What comes until the server ends the connection."""
    said = bytearray()
    with contextlib.suppress(ConnectionError):
        while part := one.recv(65_536):
            said += part
    return bytes(said)


def is_served(served: Served, source: str = "127.0.0.1") -> bool:
    with connected(served, 1, source=source) as (one,):
        one.sendall(GET)
        return one.recv(12) == b"HTTP/1.1 200"


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that waits for a moment only."""
    monkeypatch.setattr(connections, "PATIENCE", 0.2)
    monkeypatch.setattr(connections, "_LOOK_EVERY", 0.05)


@pytest.mark.parametrize("sent", [b"", b"GET / HT", HALF], ids=["nothing", "a line", "a body"])
def test_half_requests_from_one_address_shut_nobody_out(serve: Serve, sent: bytes) -> None:
    with serve(host=OPEN, token=TOKEN) as served, connected(served, MOST_CONNECTIONS) as half:
        for one in half:
            send(one, sent)
        assert is_served(served)
        assert is_served(served, "127.0.0.2")
        ended = [answered(one) for one in half[: MOST_CONNECTIONS - MOST_FROM_ONE]]
        assert not any(ended)


def test_half_requests_from_many_addresses_shut_nobody_out(serve: Serve) -> None:
    with serve(host=OPEN, token=TOKEN) as served, contextlib.ExitStack() as stack:
        for number in range(2, 6):
            crowd = connected(served, MOST_FROM_ONE, source=f"127.0.0.{number}")
            for one in stack.enter_context(crowd):
                send(one, HALF)
        for source in ("127.0.0.1", "127.0.0.2", "127.0.0.9"):
            assert is_served(served, source)


def test_a_page_that_is_open_gives_way_to_nobody(serve: Serve) -> None:
    with serve() as served, connected(served, 1) as (page,):
        host = f"127.0.0.1:{served.server.port}"
        page.sendall(
            f"GET /api/v1/stream HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        assert page.recv(12) == b"HTTP/1.1 101"
        with connected(served, 2 * MOST_FROM_ONE):
            # It is told of the music, as before.
            for _ in range(5):
                assert page.recv(65_536)


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("sent", [b"", b"GET / HT", GET], ids=["nothing", "a line", "a request"])
def test_who_sends_nothing_more_is_not_waited_for(serve: Serve, sent: bytes) -> None:
    with serve(host=OPEN, token=TOKEN) as served, connected(served, 1) as (one,):
        send(one, sent)
        assert answered(one)[:12] == (b"HTTP/1.1 200" if sent == GET else b"")


@pytest.mark.usefixtures("patience")
def test_who_does_not_read_is_not_waited_for(serve: Serve) -> None:
    with (
        serve(host=OPEN, token=TOKEN) as served,
        connected(served, 1, receive_buffer=1_024) as (one,),
    ):
        for _ in range(200):
            send(one, b"GET /static/roll.js HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: _is_ended(one), "the end of a connection that does not read")
        assert is_served(served)


def _is_ended(one: socket.socket) -> bool:
    try:
        return not one.send(b"G")
    except ConnectionError:
        return True


def test_a_body_that_does_not_come_is_said_to_be_late(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "_BODY_WITHIN", 0.1)
    with serve(host=OPEN, token=TOKEN) as served, connected(served, 1) as (one,):
        send(one, HALF)
        assert answered(one).startswith(b"HTTP/1.1 408")


def test_a_packed_body_is_refused_and_not_unpacked(serve: Serve) -> None:
    packed = gzip.compress(bytes(100_000_000))
    head = HALF[: HALF.index(b"Content-Length")]
    for encoding in (b"gzip", b"deflate", b"br", b"zstd", b"identity", b"GZIP", b"no such"):
        with serve(host=OPEN, token=TOKEN) as served, connected(served, 1) as (one,):
            send(one, head + b"Content-Encoding: %s\r\n" % encoding)
            send(one, b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(packed))
            # Before a byte of it is sent.
            assert one.recv(12) == b"HTTP/1.1 415"
            send(one, packed)
            assert b"Content-Encoding" in answered(one)


def test_a_body_that_is_too_large_is_refused_by_what_its_head_says(serve: Serve) -> None:
    with serve(host=OPEN, token=TOKEN) as served, connected(served, 1) as (one,):
        send(one, HALF.replace(b"100", b"16385"))
        assert one.recv(12) == b"HTTP/1.1 413"


def test_heads_without_end_take_little_memory_together(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_UNFINISHED", 200_000)
    lines = b"".join(b"X-%d: y\r\n" % number for number in range(20))
    with serve(host=OPEN, token=TOKEN) as served, connected(served, 60) as opened:
        for one in opened:
            send(one, b"GET / HTTP/1.1\r\nHost: x\r\n" + lines)
        assert is_served(served)
        ended = 0
        for one in opened:
            one.settimeout(0.01)
            with contextlib.suppress(TimeoutError):
                ended += not answered(one)
        assert ended >= 60 - 200_000 // (20 * 400)


def test_requests_that_do_not_wait_for_answers_do_not_pile_up(serve: Serve) -> None:
    with serve(host=OPEN, token=TOKEN) as served, connected(served, 1) as (one,):
        send(one, 30 * GET)
        assert answered(one).count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\xff\xfe\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"DANCE / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"GET /" + 9_000 * b"x" + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + 9_000 * b"x" + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + 200 * b"X: y\r\n" + b"\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
        HALF.replace(b"100", b"-1"),
        HALF.replace(b"100", 30 * b"9"),
        HALF.replace(b"Content-Length: 100", b"Transfer-Encoding: chunked") + b"zz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS, as a browser with https:// sends
    ],
)
def test_what_is_no_request_is_answered_with_the_same_headers_and_without_a_log(
    serve: Serve, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    with serve(host=OPEN, token=TOKEN) as served, connected(served, 1) as (one,):
        send(one, sent)
        head = answered(one).split(b"\r\n\r\n")[0].decode().split("\r\n")
    assert head[0].startswith("HTTP/1.1 400") or head[0].startswith("HTTP/1.0 400")
    for name, value in HEADERS.items():
        assert head.count(f"{name}: {value}") == 1
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("sent", [HALF, GET, 30 * GET, STATIC, 30 * STATIC])
def test_who_goes_before_the_answer_is_no_bug(
    serve: Serve, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    with serve(host=OPEN, token=TOKEN) as served:
        for _ in range(100):
            with connected(served, 1) as (one,):
                # Its end is a reset, which no answer can be sent after.
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                send(one, sent)
        assert is_served(served)
    gc.collect()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("sent", [HALF, GET, 30 * GET, STATIC, 30 * STATIC])
def test_whose_place_is_needed_while_it_asks_is_no_bug(
    serve: Serve, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    with serve(host=OPEN, token=TOKEN) as served, contextlib.ExitStack() as stack:
        for _ in range(3):
            many = connected(served, MOST_FROM_ONE, receive_buffer=1_024)
            for one in stack.enter_context(many):
                send(one, sent)
        assert is_served(served)
    gc.collect()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
