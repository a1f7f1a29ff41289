"""Nobody steers from another site, under another name, or without the token."""

from __future__ import annotations

import logging

import aiohttp
import pytest
from tests.device.web.conftest import Serve, talk

from playbach.address import Address
from playbach.errors import PortError
from playbach.log_limit import RepeatLimit
from playbach.session.session import Session
from playbach.web.access import FAILURES, WINDOW, FailedLogins, Gate, address_of, new_token
from playbach.web.connections import LOG
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


def test_who_guesses_is_made_to_wait_and_whoever_has_the_token_is_not(serve: Serve) -> None:
    async def ask(client: aiohttp.ClientSession) -> list[int]:
        answers = []
        for guess in range(FAILURES + 2):
            async with client.post("/api/v1/login", json={"token": f"guess {guess}"}) as answer:
                answers.append(answer.status)
        assert 0 < int(answer.headers["Retry-After"]) <= WINDOW
        for token in (TOKEN, f"{TOKEN}x"):
            headers = {"Authorization": f"Bearer {token}"}
            answers.append(await _status_of(client, "/api/v1/status", headers=headers))
        async with client.post("/api/v1/login", json={"token": TOKEN}) as answer:
            answers.append(answer.status)
        answers.append(await _status_of(client, "/api/v1/status"))
        return answers

    with serve(host="0.0.0.0", token=TOKEN) as served:  # noqa: S104 as above
        assert talk(served, ask) == [*(FAILURES * [401]), 429, 429, 200, 429, 204, 200]


@pytest.mark.parametrize(
    "given", [{"token": "\ud800"}, {"token": 5}, {"token": None}, {}, {"token": TOKEN, "self": 1}]
)
def test_what_is_no_token_is_refused(serve: Serve, given: object) -> None:
    async def ask(client: aiohttp.ClientSession) -> int:
        async with client.post("/api/v1/login", json=given) as answer:
            return answer.status

    with serve(host="0.0.0.0", token=TOKEN) as served:  # noqa: S104 as above
        assert talk(served, ask) in {400, 401}


def test_a_flood_of_mistakes_is_counted_and_writes_little(
    serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a program that has just begun.
    monkeypatch.setattr(LOG, "filters", [RepeatLimit(most=10)])

    async def ask(client: aiohttp.ClientSession) -> int:
        for _ in range(150):
            for given in ("wrong", "\ud800", 5):
                async with client.post("/api/v1/login", json={"token": given}) as answer:
                    assert 400 <= answer.status < 500
            wrong = {"Authorization": "Bearer wrong"}
            assert await _status_of(client, "/api/v1/status", headers=wrong) in {401, 429}
        right = {"Authorization": f"Bearer {TOKEN}"}
        async with client.get("/api/v1/status", headers=right) as answer:
            return int((await answer.json())["refused"])

    with serve(host="0.0.0.0", token=TOKEN) as served:  # noqa: S104 as above
        assert talk(served, ask) == 600
    written = [one for one in caplog.records if one.levelno > logging.DEBUG]
    assert 0 < len(written) <= 20
    assert not any(one.exc_info for one in written)


def test_a_bug_is_answered_500_and_written_whole(
    serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(session: Session) -> None:
        raise LookupError(f"not in {session.name}")

    monkeypatch.setattr(Session, "pieces", broken)
    with serve() as served:
        assert talk(served, lambda client: _status_of(client, "/api/v1/pieces")) == 500
        assert talk(served, lambda client: _status_of(client, "/api/v1/status")) == 200
    (written,) = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert written.exc_info
    assert isinstance(written.exc_info[1], LookupError)


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
                assert answer.headers.getall("Server") == ["playbach"]

    with serve() as served:
        talk(served, ask)


def test_an_address_that_is_taken_is_said_in_a_line(serve: Serve) -> None:
    with serve() as served:
        second = WebServer(served.session, Site(Address("127.0.0.1", served.server.port)))
        with pytest.raises(PortError, match="cannot be opened"):
            second.start()


def test_waiting_ends_and_memory_is_bounded() -> None:
    time = [0.0]
    failed_logins = FailedLogins(lambda: time[0])
    for _ in range(FAILURES):
        assert failed_logins.add("somebody") == 0
    assert failed_logins.add("somebody") == WINDOW
    assert failed_logins.add("somebody else") == 0
    time[0] = WINDOW + 1
    assert failed_logins.add("somebody") == 0
    for address in range(5_000):
        failed_logins.add(str(address))
    assert len(failed_logins._failures) <= 1_000


def test_whoever_has_many_addresses_of_ipv6_is_one() -> None:
    assert address_of(("192.168.1.7", 5)) == address_of(("::ffff:192.168.1.7", 6, 0, 0))
    assert address_of(("2001:db8::1", 5, 0, 0)) == address_of(("2001:db8::ffff:1", 6, 0, 0))
    assert address_of(("2001:db8::1", 5, 0, 0)) != address_of(("2001:db8:0:1::1", 5, 0, 0))
    assert address_of(("fe80::1%eth0", 5, 0, 2)) == address_of(("fe80::2%eth0", 5, 0, 2))
    assert address_of(None) == address_of("/run/socket") == ""


def test_tokens_are_long_and_never_twice_the_same() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 20
    gate = Gate(TOKEN, None)
    assert gate.is_admitted(gate.cookie, None)
    assert not gate.is_admitted(Gate("another", None).cookie, None)
    assert not gate.is_admitted(None, None)
    for odd in ("ä" * 500, "\ud800", "\udcff", ""):
        assert not gate.is_admitted(odd, None)
        assert not gate.is_admitted(None, odd)


@pytest.mark.parametrize(
    "origin", ["http://[", "http://127.0.0.1:8420/path", "null", "", "\udcff", "//127.0.0.1:8420"]
)
def test_an_origin_that_is_none_is_not_ours(origin: str) -> None:
    gate = Gate(None, None)
    assert not gate.is_own_origin(origin, "127.0.0.1:8420")
    assert gate.is_own_origin("http://127.0.0.1:8420", "127.0.0.1:8420")
