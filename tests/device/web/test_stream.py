"""Open pages hear of notes ahead of time; whoever misbehaves troubles nobody else."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
from typing import Any

import aiohttp
import pytest
from tests.device.web.conftest import Serve, Served, talk, until

from playbach.web.hub import MOST_PAGES


async def _notes(page: aiohttp.ClientWebSocketResponse, wanted: int) -> list[dict[str, Any]]:
    notes: list[dict[str, Any]] = []
    async for message in page:
        said = json.loads(message.data)
        if said["type"] == "withdrawn":
            notes = [note for note in notes if note["at"] < said["after"]]
        notes += said.get("notes", []) if said["type"] == "notes" else []
        if len(notes) >= wanted:
            break
    return notes


def test_notes_are_told_before_they_are_heard_as_they_are_heard(serve: Serve) -> None:
    async def watch(client: aiohttp.ClientSession) -> list[dict[str, Any]]:
        async with client.ws_connect("/api/v1/stream") as page:
            return await _notes(page, 30)

    with serve(settings={"tempo": 400, "form": "gigue"}) as served:
        told = bytes(note["pitch"] for note in talk(served, watch))
        # What was announced before the server began is not told: the others are, in their order.
        until(lambda: told in bytes(data[1] for data in served.listener.notes), "the same notes")


def test_a_ping_tells_the_servers_clock(serve: Serve) -> None:
    async def ask(client: aiohttp.ClientSession) -> tuple[Any, float, float]:
        async with client.ws_connect("/api/v1/stream") as page:
            before = served.session.now()
            await page.send_json({"type": "ping", "sent": 12.5})
            async for message in page:
                said = json.loads(message.data)
                if said["type"] == "pong":
                    return said, before, served.session.now()
        raise AssertionError

    with serve() as served:
        pong, before, after = talk(served, ask)
    assert pong["sent"] == 12.5
    assert before <= pong["now"] <= after


@pytest.mark.parametrize(
    "message",
    ["", "{", "[]", '{"type":"pause"}', '{"type":"ping"}', '{"type":"ping","sent":"x"}',
     '{"type":"ping","sent":NaN}', 5_000 * "[", 10_000_000 * "x"],
)  # fmt: skip
def test_a_page_that_says_anything_else_is_shown_out(serve: Serve, message: str) -> None:
    async def ask(client: aiohttp.ClientSession) -> bool:
        async with client.ws_connect("/api/v1/stream") as page:
            try:
                await page.send_str(message)
                while not page.closed:
                    if (await page.receive()).type is not aiohttp.WSMsgType.TEXT:
                        break
            except ConnectionError:
                pass
        return True

    with serve() as served:
        assert talk(served, ask)
        _others_are_served(served)


def test_text_that_is_no_utf8_and_frames_that_are_no_frames_trouble_nobody(serve: Serve) -> None:
    with serve() as served:
        for rubbish in (
            b"\x81\x82\x00\x00\x00\x00\xff\xfe",
            b"\xff" * 100,
            b"\x81\xff" + b"\xff" * 8,
        ):
            connection = _handshake(served)
            connection.sendall(rubbish)
            connection.settimeout(20)
            while connection.recv(65_536):
                pass
            connection.close()
        _others_are_served(served)


def test_a_flood_of_sockets_leaves_the_music_and_the_pages_that_are_open(serve: Serve) -> None:
    async def flood(client: aiohttp.ClientSession) -> tuple[int, int]:
        async with client.ws_connect("/api/v1/stream") as first:
            attempts = [client.ws_connect("/api/v1/stream") for _ in range(200)]
            results = await asyncio.gather(*attempts, return_exceptions=True)
            opened = [one for one in results if isinstance(one, aiohttp.ClientWebSocketResponse)]
            notes = len(served.listener.notes)
            assert len(await _notes(first, 20)) >= 20
            assert len(served.listener.notes) > notes
            await asyncio.gather(*(page.close() for page in opened))
        return len(opened), len(results) - len(opened)

    with serve() as served:
        opened, refused = talk(served, flood)
        assert opened == MOST_PAGES - 1
        assert refused == 201 - MOST_PAGES
        _others_are_served(served)


def test_a_page_that_does_not_read_loses_its_connection_only(serve: Serve) -> None:
    def pages() -> int:
        served.session.change({"transpose": next(transpositions)})
        return int(talk(served, _status)["listeners"])

    transpositions = itertools.cycle(range(12))
    with serve() as served:
        slow = _handshake(served, receive_buffer=1_024)
        until(lambda: pages() == 1, "the page")
        until(lambda: pages() == 0, "the end of the page that does not read")
        slow.close()
        _others_are_served(served)


async def _status(client: aiohttp.ClientSession) -> Any:
    async with client.get("/api/v1/status") as answer:
        return await answer.json()


def test_the_end_is_told_to_pages(serve: Serve) -> None:
    async def watch(client: aiohttp.ClientSession) -> int | None:
        async with client.ws_connect("/api/v1/stream") as page:
            await page.receive()
            stopping = asyncio.get_running_loop().run_in_executor(None, served.server.stop)
            while (await page.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
            await stopping
            return page.close_code

    with serve() as served:
        assert talk(served, watch) == 1001
        notes = len(served.listener.notes)
        until(lambda: len(served.listener.notes) > notes + 3, "music without a page")


def _others_are_served(served: Served) -> None:
    async def ask(client: aiohttp.ClientSession) -> None:
        async with client.get("/api/v1/status") as answer:
            assert answer.status == 200
        async with client.ws_connect("/api/v1/stream") as page:
            assert json.loads((await page.receive()).data)["type"] == "status"

    talk(served, ask)


def _handshake(served: Served, receive_buffer: int | None = None) -> socket.socket:
    connection = socket.socket()
    if receive_buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.connect(("127.0.0.1", served.server.port))
    connection.sendall(
        f"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1:{served.server.port}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    assert connection.recv(12) == b"HTTP/1.1 101"
    return connection
