"""Whatever is sent to the page's port, nothing is answered with a failure of the server."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.device.web.conftest import Serve, Served

from playbach.session.commands import Command
from playbach.session.settings import TABLE
from playbach.web import api, connections
from playbach.web.access import COOKIE
from playbach.web.description import description

TOKEN = "a token that is only for tests"  # noqa: S105 as it says
FUZZ = settings(
    max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)

# What parsers of numbers, addresses, dates, cookies and text have stumbled over.
ODD = [
    b"", b" ", b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", "ä€𝄞".encode(), b"\x7f", b"\x1b[2J",
    b"%", b"%00", b"%ff", b"%ed%a0%80", b"..%2f..%2fetc%2fpasswd", b"../../etc/passwd", b"//x",
    b"http://[", b"http://[::1", b"http://127.0.0.1:99999999", b"http://x:y", b"null", b"*",
    b"-0", b"-1", b"0", b"1e400", b"NaN", b"Infinity", b"1_0", b"0x10", "٣".encode(),
    2_000 * b"9", 2_000 * b"x", b"__class__", b"self", b'"', b"'", b"{}", b"[]", b"<script>",
]  # fmt: skip
odd = st.sampled_from(ODD) | st.binary(max_size=20)
methods = st.sampled_from(
    [
        b"GET",
        b"HEAD",
        b"POST",
        b"PATCH",
        b"PUT",
        b"DELETE",
        b"OPTIONS",
        b"TRACE",
        b"CONNECT",
        b"get",
    ]
)
PATHS = [
    *(path.encode() for path in description()["paths"]),
    *(f"/api/v1/commands/{command.value}".encode() for command in Command),
    b"/api/v1/pieces/1.mid", b"/api/v1/recent.mid?minutes=1", b"/api/v1/stream", b"/", b"/static/",
    b"/static/roll.js", b"/api/v1/", b"*", b"/api/v1/recent.mid?minutes=", b"/static/vendor",
]  # fmt: skip
paths = st.sampled_from(PATHS)
targets = (
    paths
    | st.builds(lambda path, text: path + b"/" + text, paths, odd)
    | st.builds(lambda path, text: path + b"?minutes=" + text, paths, odd)
    | st.builds(lambda text: b"/api/v1/commands/" + text, odd)
    | st.builds(lambda text: b"/static/" + text, odd)
    | st.builds(lambda text: b"/api/v1/pieces/" + text + b".mid", odd)
    | odd
)
HEADERS: dict[bytes, list[bytes]] = {
    b"Host": [b"127.0.0.1", b"x"],
    b"Origin": [b"null", b"http://x", b"http://x/path"],
    b"Authorization": [f"Bearer {TOKEN}".encode(), b"Bearer ", b"Basic eDp5"],
    b"Cookie": [COOKIE.encode() + b"=x", b"a=b; ;; =; " + COOKIE.encode(), b"$Version=1; x"],
    b"Content-Type": [b"application/json", b"application/json; charset=no such", b"text/plain"],
    b"Content-Encoding": [b"gzip", b"identity"],
    b"Transfer-Encoding": [b"chunked", b"gzip, chunked"],
    b"Expect": [b"100-continue", b"200-ok"],
    b"Range": [b"bytes=0-0", b"bytes=5-2", b"bytes=-5", b"bytes=99999999999999999999-"],
    b"If-Range": [b"Thu, 01 Jan 0001 00:00:00 GMT"],
    b"If-Match": [b"*", b'W/"x"'],
    b"If-None-Match": [b"*", b'"x", "y"'],
    b"If-Modified-Since": [b"Fri, 31 Dec 9999 23:59:59 GMT", b"Thu, 01 Jan 0001 00:00:00 +2399"],
    b"If-Unmodified-Since": [b"Thu, 01 Jan 1970 00:00:00 GMT"],
    b"Accept-Encoding": [b"gzip, br"],
    b"Connection": [b"Upgrade", b"keep-alive, Upgrade", b"close"],
    b"Upgrade": [b"websocket", b"h2c"],
    b"Sec-WebSocket-Version": [b"13", b"8"],
    b"Sec-WebSocket-Key": [b"dGhlIHNhbXBsZSBub25jZQ==", b"x"],
    b"Sec-WebSocket-Extensions": [b"permessage-deflate; client_max_window_bits=99"],
    b"Sec-WebSocket-Protocol": [b"x, y"],
}
header = st.sampled_from(sorted(HEADERS)).flatmap(
    lambda name: st.tuples(st.just(name), st.sampled_from(HEADERS[name]) | odd)
)

# JSON as text, so that it may hold what no library would write.
LETTERS = [
    "\ud800",
    "\udfff",
    "\0",
    "",
    "ä",
    "self",
    "wanted",
    "token",
    "tempo",
    "NaN",
    2_000 * "x",
]
NUMBERS = [
    "0", "-0", "-0.0", "1", "1.0", "127", "1e400", "-1e400", "1e-400", "NaN", "Infinity",
    "-Infinity", 400 * "9", 5_000 * "9", "0.1e1", "01", "1_0", "true", "false", "null",
]  # fmt: skip
# What plays and where it plays to is left alone; wrong values of them are sent all the same.
NAMES = [*TABLE, *LETTERS]
texts = st.sampled_from(
    LETTERS + [form for row in TABLE.values() for form in row.choices[:3]]
) | st.text(max_size=5)
scalars = st.sampled_from(NUMBERS) | texts.map(json.dumps)


def _object_of(pairs: list[tuple[str, str]]) -> str:
    """Keys may come twice."""
    return "{" + ",".join(f"{json.dumps(key)}:{value}" for key, value in pairs) + "}"


values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        | st.lists(st.tuples(st.sampled_from(NAMES), inner), max_size=3).map(_object_of)
    ),
    max_leaves=5,
)
SINKS = {"sink", "port", "clock_in", "control_in", "listen", "bundle"}
pairs = st.tuples(st.sampled_from(NAMES), values).filter(
    lambda pair: pair[0] not in SINKS or not pair[1].startswith('"') or "\\u" in pair[1]
)
bodies = (
    st.lists(pairs, max_size=4).map(_object_of).map(str.encode)
    | values.map(str.encode)
    | st.sampled_from([5_000 * b"[", 3_000 * b'{"a":', b"\xef\xbb\xbf{}", b'{"token": "\\ud800"}'])
    | odd
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A request that may be one."""
    lines = [b" ".join([draw(methods | odd), draw(targets), draw(st.just(b"HTTP/1.1") | odd)])]
    lines += [b": ".join(one) for one in draw(st.lists(header, max_size=8))]
    return b"\r\n".join([*lines, b"", b""]) + draw(st.just(b"") | bodies)


@st.composite
def well_formed(draw: st.DrawFn) -> bytes:
    """A request that a parser of HTTP lets pass, so that what lies behind it has to."""
    method, body = draw(methods), draw(bodies)
    target = draw(targets.filter(lambda text: text.startswith(b"/") and _is_printable(text)))
    headers = {
        **{name: value for name, value in draw(st.lists(header, max_size=4)) if _is_value(value)},
        b"Host": draw(st.sampled_from([b"x", b"127.0.0.1", b"%HOST"])),
        b"Content-Length": b"%d" % len(body),
    }
    for name in draw(st.sets(st.sampled_from([b"Content-Type", b"Authorization"]))):
        headers[name] = HEADERS[name][0]
    headers.pop(b"Transfer-Encoding", None)
    lines = [method + b" " + target + b" HTTP/1.1", *map(b": ".join, headers.items())]
    return b"\r\n".join([*lines, b"", b""]) + body


def _is_printable(text: bytes) -> bool:
    return all(byte > 0x20 and byte != 0x7F for byte in text)


def _is_value(text: bytes) -> bool:
    return all(byte >= 0x20 and byte != 0x7F for byte in text)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half requests are not worth waiting for here."""
    monkeypatch.setattr(api, "_BODY_WITHIN", 0.05)
    monkeypatch.setattr(connections, "PATIENCE", 0.1)
    monkeypatch.setattr(connections, "_LOOK_EVERY", 0.02)


@pytest.fixture(params=["on this machine", "for the network"])
def served(
    serve: Serve, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[Served]:
    """A server that in the end has written of no bug, and little in all."""
    locked = {"host": "0.0.0.0", "token": TOKEN}  # noqa: S104 with a token
    with serve(**(locked if request.param == "for the network" else {})) as running:
        yield running
        assert answer(running, b"GET / HTTP/1.1\r\nHost: %HOST\r\n\r\n").startswith(b"HTTP/1.1 200")
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert (
        sum(len(one.getMessage()) for one in caplog.records if one.levelno > logging.DEBUG) < 5_000
    )


@contextmanager
def connection_to(served: Served) -> Iterator[socket.socket]:
    with closing(socket.create_connection(("127.0.0.1", served.server.port), 60)) as connection:
        yield connection


def answer(served: Served, sent: bytes) -> bytes:
    """The beginning of what is answered; empty if the connection is closed instead."""
    sent = sent.replace(b"%HOST", f"127.0.0.1:{served.server.port}".encode())
    said = b""
    with connection_to(served) as connection, suppress(ConnectionError):
        with suppress(ConnectionError):
            connection.sendall(sent)
        while len(said) < len(b"HTTP/1.1 200") and (part := connection.recv(4_096)):
            said += part
    return said


def is_no_failure(said: bytes) -> bool:
    return not said or (said[:7] == b"HTTP/1." and said[9:10] in {b"1", b"2", b"3", b"4"})


@given(sent=requests() | well_formed() | st.binary(max_size=200))
@FUZZ
def test_no_request_makes_the_server_fail(served: Served, sent: bytes) -> None:
    assert is_no_failure(answer(served, sent))


@given(body=bodies, path=st.sampled_from([b"settings", b"login"]), method=methods)
@FUZZ
def test_no_body_makes_the_server_fail(
    served: Served, body: bytes, path: bytes, method: bytes
) -> None:
    head = (
        b"%b /api/v1/%b HTTP/1.1\r\nHost: %%HOST\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer %b\r\nContent-Length: %d\r\n\r\n"
    )
    sent = head % (method, path, TOKEN.encode(), len(body))
    assert is_no_failure(answer(served, sent + body))


# What was answered 500 once, and the like.
@pytest.mark.parametrize(
    "sent",
    [
        b'POST /api/v1/login BODY{"token": "\\ud800"}',
        b"GET /api/v1/status Authorization: Bearer \xff",
        b"GET /api/v1/status Cookie: playbach=\xff",
        b"GET /api/v1/status Expect: \xff",
        b"GET /nowhere Expect: \xff",
        b"GET /static/" + 2_000 * b"9" + b" Accept: */*",
        b"GET /static/x%00.js Accept: */*",
        b"GET /static/..%2f..%2f..%2f..%2fetc%2fpasswd Accept: */*",
        b"GET /static/vendor Accept: */*",
        b"GET /api/v1/stream Upgrade: websocket|Connection: Upgrade|Sec-WebSocket-Version: \xff",
        b"GET /api/v1/stream Upgrade: websocket|Connection: Upgrade|Origin: http://[",
        b"POST /api/v1/commands/play Origin: http://[",
        b"POST /api/v1/login Origin: http://[",
        b'PATCH /api/v1/settings BODY{"self": 1}',
        b'PATCH /api/v1/settings BODY{"bundle": []}',
        b'PATCH /api/v1/settings BODY{"bundle": {}}',
    ],
)
def test_what_once_made_it_fail_is_a_mistake_of_whoever_sends_it(
    served: Served, sent: bytes
) -> None:
    method, path, rest = sent.split(b" ", 2)
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: %HOST"]
    body = b""
    if rest.startswith(b"BODY"):
        body = rest[4:]
        lines += [b"Content-Type: application/json", b"Content-Length: %d" % len(body)]
    else:
        lines += rest.split(b"|")
    if b"Authorization" not in rest and b"Cookie" not in rest:
        lines.append(f"Authorization: Bearer {TOKEN}".encode())
    said = answer(served, b"\r\n".join([*lines, b"", b""]) + body)
    # Where no token is needed, a wrong one is none.
    is_open = served.server.site.token is None and (b"oken" in rest or b"Cookie" in rest)
    assert said[9:10] in ({b"2", b"4"} if is_open else {b"4"})


frames = st.builds(
    lambda first, size, content: bytes([first, 0x80 | size]) + bytes(4) + content,
    st.sampled_from([0x81, 0x82, 0x01, 0x80, 0x88, 0x89, 0x8A, 0x83, 0xC1, 0xFF]),
    st.integers(0, 127),
    (values.map(str.encode) | odd).map(lambda text: text[:125]),
) | st.builds(
    lambda text: bytes([0x81, 0x80 | len(text)]) + bytes(4) + text,
    (values | values.map(lambda sent: f'{{"type":"ping","sent":{sent}}}'))
    .map(str.encode)
    .filter(lambda text: len(text) < 126),
)


@given(sent=st.lists(frames | odd, max_size=5))
@settings(FUZZ, max_examples=50)
def test_no_message_to_the_stream_makes_the_server_fail(served: Served, sent: list[bytes]) -> None:
    head = (
        f"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1:{served.server.port}\r\n"
        f"Authorization: Bearer {TOKEN}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with connection_to(served) as connection, suppress(ConnectionError):
        connection.sendall(head.encode())
        assert connection.recv(12) == b"HTTP/1.1 101"
        connection.sendall(b"".join(sent))
        # A message may have been begun that is never finished.
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass
