"""Nobody steers from another site, under another name, or without the token."""

from __future__ import annotations

import aiohttp
import pytest
from tests.device.web.conftest import Serve, talk

from playbach.errors import PortError
from playbach.page_address import Address
from playbach.web.access import FAILURES, WINDOW, Attempts, Gate, new_token
from playbach.web.server import Site, WebServer

TOKEN = "a token that is only for tests"  # noqa: S105 as it says


async def _status_of(client: aiohttp.ClientSession, path: str, **options: object) -> int:
    async with client.get(path, **options) as answer:  # type: ignore[arg-type]
        return answer.status


def test_beyond_this_machine_nothing_is_told_without_the_token(serve: Serve) -> None:
    async def ask(client: aiohttp.ClientSession) -> None:
        for path in ("status", "settings", "pieces", "ports", "stream", "pieces/1.mid"):
            assert await _status_of(client, f"/api/v1/{path}") == 401
        async with client.patch("/api/v1/settings", json={"tempo": 60}) as answer:
            assert answer.status == 401
        async with client.post("/api/v1/commands/pause") as answer:
            assert answer.status == 401
        assert await _status_of(client, "/") == 200

    with serve(host="0.0.0.0", token=TOKEN) as served:  # noqa: S104 that is what is tested
        talk(served, ask)
        assert served.session.settings.tempo == 200


def test_the_token_is_exchanged_for_a_cookie_that_no_script_or_site_can_use(serve: Serve) -> None:
    async def ask(client: aiohttp.ClientSession) -> str:
        async with client.post("/api/v1/login", json={"token": TOKEN}) as answer:
            assert answer.status == 204
            cookie = answer.headers["Set-Cookie"]
        assert await _status_of(client, "/api/v1/status") == 200
        return cookie

    with serve(host="0.0.0.0", token=TOKEN) as served:  # noqa: S104 as above
        cookie = talk(served, ask)
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert TOKEN not in cookie


def test_programs_send_the_token_with_each_request(serve: Serve) -> None:
    async def ask(client: aiohttp.ClientSession) -> tuple[int, int]:
        right, wrong = ({"Authorization": f"Bearer {token}"} for token in (TOKEN, TOKEN + "x"))
        return (
            await _status_of(client, "/api/v1/status", headers=right),
            await _status_of(client, "/api/v1/status", headers=wrong),
        )

    with serve(host="0.0.0.0", token=TOKEN) as served:  # noqa: S104 as above
        assert talk(served, ask) == (200, 401)


def test_who_guesses_is_made_to_wait(serve: Serve) -> None:
    async def ask(client: aiohttp.ClientSession) -> list[int]:
        answers = []
        for guess in range(FAILURES + 2):
            async with client.post("/api/v1/login", json={"token": f"guess {guess}"}) as answer:
                answers.append(answer.status)
        async with client.post("/api/v1/login", json={"token": TOKEN}) as answer:
            assert 0 < int(answer.headers["Retry-After"]) <= WINDOW
            answers.append(answer.status)
        return answers

    with serve(host="0.0.0.0", token=TOKEN) as served:  # noqa: S104 as above
        assert talk(served, ask) == FAILURES * [401] + 3 * [429]


def test_another_site_can_neither_steer_nor_listen(serve: Serve) -> None:
    foreign = {"Origin": "http://evil.example"}

    async def ask(client: aiohttp.ClientSession) -> None:
        async with client.post("/api/v1/commands/pause", headers=foreign) as answer:
            assert answer.status == 403
        async with client.patch("/api/v1/settings", json={"tempo": 60}, headers=foreign) as answer:
            assert answer.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await client.ws_connect("/api/v1/stream", headers=foreign)
        own = {"Origin": str(client._base_url).rstrip("/")}
        async with client.patch("/api/v1/settings", json={"tempo": 60}, headers=own) as answer:
            assert answer.status == 200

    with serve() as served:
        talk(served, ask)


def test_a_foreign_name_for_this_machine_is_refused(serve: Serve) -> None:
    async def ask(client: aiohttp.ClientSession) -> tuple[int, int]:
        return (
            await _status_of(client, "/api/v1/status", headers={"Host": "evil.example:8420"}),
            await _status_of(client, "/", headers={"Host": "evil.example"}),
        )

    with serve() as served:
        assert talk(served, ask) == (421, 421)


def test_every_answer_forbids_scripts_and_frames_of_others(serve: Serve) -> None:
    async def ask(client: aiohttp.ClientSession) -> None:
        for path in ("/", "/api/v1/status", "/nowhere"):
            async with client.get(path) as answer:
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "frame-ancestors 'none'" in policy
                assert "unsafe" not in policy
                assert "://" not in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert "Server" not in answer.headers

    with serve() as served:
        talk(served, ask)


def test_an_address_that_is_taken_is_said_in_a_line(serve: Serve) -> None:
    with serve() as served:
        second = WebServer(served.session, Site(Address("127.0.0.1", served.server.port)))
        with pytest.raises(PortError, match="cannot be opened"):
            second.start()


def test_waiting_ends_and_memory_is_bounded() -> None:
    time = [0.0]
    attempts = Attempts(lambda: time[0])
    for _ in range(FAILURES):
        attempts.failed("somebody")
    assert attempts.wait("somebody") == WINDOW
    assert attempts.wait("somebody else") == 0
    time[0] = WINDOW + 1
    assert attempts.wait("somebody") == 0
    attempts.failed("somebody")
    assert attempts.wait("somebody") == 0
    for address in range(5_000):
        attempts.failed(str(address))
    assert len(attempts._failures) <= 1_000


def test_tokens_are_long_and_never_twice_the_same() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 20
    gate = Gate(TOKEN, None)
    assert gate.is_admitted(gate.cookie, None)
    assert not gate.is_admitted(Gate("another", None).cookie, None)
    assert not gate.is_admitted(None, None)
    assert not gate.is_admitted("ä" * 500, None)
