"""The interface tells, changes and commands; what is wrong is answered with its reason."""

from __future__ import annotations

import asyncio
import json
import threading
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.device.session.conftest import Play
from tests.device.web.conftest import Serve, Served, talk, until
from tests.fixtures import hostile
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE
from tests.read_back import read_back

from playbach.address import Address
from playbach.midi.files import midi_bytes
from playbach.music.note import Piece
from playbach.session import trial
from playbach.session.commands import Command
from playbach.session.played import PlayedMovement
from playbach.session.settings import TABLE, as_values
from playbach.session.status import Fate, NoteAhead, Transport
from playbach.themes import theme_from_notes
from playbach.web.server import Site, WebServer


async def _json(client: aiohttp.ClientSession, path: str) -> Any:
    async with client.get(f"/api/v1/{path}") as answer:
        assert answer.status == 200
        return await answer.json()


async def _patch(client: aiohttp.ClientSession, body: Any) -> tuple[int, Any]:
    async with client.patch("/api/v1/settings", json=body) as answer:
        return answer.status, await answer.json()


def test_the_status_says_what_is_playing(serve: Serve) -> None:
    with serve() as served:
        until(lambda: served.listener.notes, "a note")
        status = talk(served, lambda client: _json(client, "status"))
    assert status["transport"] == "playing"
    assert status["movement"]["title"].startswith("Suite 1 in ")
    assert status["movement"]["form"] == "prelude"
    assert status["settings"] == as_values(served.session.settings)
    assert status["notes"] > 0
    assert status["variant"]


def test_the_status_says_what_is_planned(serve: Serve) -> None:
    with serve() as served:
        until(lambda: served.listener.notes, "a note")
        status = talk(served, lambda client: _json(client, "status"))
        movement = served.session.status().playing.movement
    assert movement is not None
    plan, bars = status["plan"], movement.bars
    assert plan["like"] == [bar.like for bar in bars]
    assert [bar.closes for bar in bars] == [n in plan["closes"] for n in range(1, len(bars) + 1)]
    keys = {row["bar"]: row["key"] for row in plan["keys"]}
    assert keys[1] == movement.key.title
    held = [keys[max(bar for bar in keys if bar <= n)] for n in range(1, len(bars) + 1)]
    assert held == [bar.key.title for bar in bars]
    assert plan["double_bar"] == movement.double_bar // movement.meter.bar_ticks


def test_a_change_is_heard_and_seen(serve: Serve) -> None:
    async def ask(client: aiohttp.ClientSession) -> None:
        assert (await _patch(client, {"program": 40, "tempo": 90}))[0] == 200
        assert (await _json(client, "settings"))["tempo"] == 90

    with serve() as served:
        until(lambda: served.listener.notes, "a note")
        talk(served, ask)
        until(lambda: bytes([0xC0, 40]) in served.listener.heard, "the violin")


@pytest.mark.parametrize(
    "body",
    [
        {"tempo": 9_000}, {"tempo": "fast"}, {"tempo": [1]}, {"tempo": None, "volume": None},
        {"nonsense": 1}, {"form": "waltz"}, {"key": "J dur"}, {"velocity": 127, "accent": 40},
        {"volume": 1e400}, {"": 0}, {"volume": True}, {"tempo": "90"}, {"repeats": "yes"},
        {"form": 1}, {"bundle": []}, {"bundle": {}}, {"sink": []}, {"port": False}, {"self": 1},
        {"wanted": 1}, {"\ud800": 1}, {"key": "\ud800"}, {"bundle": "\udcff"}, {"port": "\0"},
    ],
)  # fmt: skip
def test_what_is_not_allowed_changes_nothing(serve: Serve, body: Any) -> None:
    with serve() as served:
        before = served.session.settings
        status, answer = talk(served, lambda client: _patch(client, body))
        assert status == 400
        assert "\n" not in answer["error"]
        assert served.session.settings == before


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (100_000 * b"[", "application/json", 413),
        (15_000 * b"[", "application/json", 400),
        (b"tempo=60", "application/x-www-form-urlencoded", 415),
    ],
)
def test_what_is_not_json_is_refused(
    serve: Serve, body: bytes, content_type: str, status: int
) -> None:
    async def ask(client: aiohttp.ClientSession) -> tuple[int, Any]:
        headers = {"Content-Type": content_type}
        async with client.patch("/api/v1/settings", data=body, headers=headers) as answer:
            return answer.status, await answer.json()

    with serve() as served:
        got, answer = talk(served, ask)
    assert got == status
    assert answer["error"]


def test_commands_are_carried_out(serve: Serve) -> None:
    async def ask(client: aiohttp.ClientSession) -> list[int]:
        statuses = []
        for name in (*(command.value for command in Command), "dance"):
            async with client.post(f"/api/v1/commands/{name}") as answer:
                statuses.append(answer.status)
        return statuses

    with serve() as served:
        assert talk(served, ask) == [*(200 for _ in Command), 404]
        assert served.session.status().transport is Transport.PAUSED


_BEGINS = {
    "mid": b"MThd", "wav": b"RIFF", "musicxml": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG",
    "mxl": b"PK", "ly": b"\\version", "abc": b"%abc", "svg": b"<?xml",
}  # fmt: skip


def test_a_movement_that_was_played_can_be_downloaded(serve: Serve) -> None:
    async def ask(client: aiohttp.ClientSession) -> tuple[Any, bytes, str]:
        pieces, kinds = await _json(client, "pieces"), await _json(client, "kinds")
        file = pieces[0]["file"]
        for kind in kinds:
            async with client.get(file.replace(".mid", f".{kind['suffix']}")) as answer:
                content = await answer.read()
                assert answer.status == (409 if kind["missing"] else 200), content
                assert kind["missing"] or content.startswith(_BEGINS[kind["suffix"]])
        async with client.get(file) as answer:
            assert answer.content_type == "audio/midi"
            return pieces, await answer.read(), answer.headers["Content-Disposition"]

    with serve(settings={"form": "song"}) as served:
        until(lambda: served.listener.notes, "a note")
        served.session.command(Command.NEXT_MOVEMENT)
        until(served.session.pieces, "a movement that is over")
        pieces, content, disposition = talk(served, ask)
    assert len(read_back(content).notes) == pieces[0]["notes"]
    assert disposition.isascii()
    assert "Song.mid" in disposition


def test_a_piece_that_is_not_there_is_not_found(serve: Serve) -> None:
    async def ask(client: aiohttp.ClientSession) -> list[int]:
        statuses = []
        async with client.get("/nothing/like/this") as answer:
            assert "no such page" in await answer.text()
            statuses.append(answer.status)
        for path in ("pieces/77.mid", "pieces/-1.mid", "pieces/..%2f..%2fetc.mid", "nothing"):
            async with client.get(f"/api/v1/{path}") as answer:
                statuses.append(answer.status)
        return statuses

    with serve() as served:
        assert talk(served, ask) == 5 * [404]


def test_a_page_can_neither_read_nor_write_files(serve: Serve, tmp_path: Path) -> None:
    async def ask(client: aiohttp.ClientSession) -> list[int]:
        bodies: list[dict[str, object]] = [
            {"bundle": "/etc/passwd"},
            {"bundle": str(tmp_path / "none.bundle")},
            {"sink": "file", "port": str(tmp_path / "out.mid")},
            {"sink": "FILE "},
        ]
        return [(await _patch(client, body))[0] for body in bodies]

    with serve() as served:
        assert talk(served, ask) == 4 * [400]
    assert not list(tmp_path.iterdir())


def test_models_of_the_folder_can_be_chosen(serve: Serve, tmp_path: Path) -> None:
    other = tmp_path / "other.bundle"
    other.write_bytes(TINY_BUNDLE.read_bytes())

    async def ask(client: aiohttp.ClientSession) -> Any:
        models = await _json(client, "models")
        assert {model["name"] for model in models} == {"default", "tiny", "other"}
        return await _patch(client, {"bundle": str(other)})

    with serve(models=tmp_path) as served:
        assert talk(served, ask)[0] == 200
        assert served.session.settings.bundle == str(other)


@pytest.mark.parametrize("name", ["missing", "a file", 300 * "x"])
def test_a_folder_of_models_that_cannot_be_had_has_none(
    serve: Serve, tmp_path: Path, name: str
) -> None:
    (tmp_path / "a file").touch()

    async def ask(client: aiohttp.ClientSession) -> Any:
        return await _json(client, "models"), await _patch(client, {"bundle": "x.bundle"})

    with serve(models=tmp_path / name) as served:
        models, (status, _) = talk(served, ask)
    assert {model["name"] for model in models} == {"default", "tiny"}
    assert status == 400


def test_a_model_that_hangs_keeps_no_command_and_not_the_end_waiting(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "DEADLINE", 20.0)
    hangs = tmp_path / "hangs.bundle"
    hangs.write_bytes(hostile.graph_beside("hang.tflite"))

    async def ask(client: aiohttp.ClientSession) -> None:
        change = asyncio.create_task(_patch(client, {"bundle": str(hangs)}))
        await asyncio.sleep(0.1)
        async with client.post("/api/v1/commands/pause", json={}) as answer:
            assert (await answer.json())["transport"] == "paused"
        assert (await _patch(client, {"tempo": 90}))[0] == 200
        assert not change.done()
        change.cancel()

    with serve(models=tmp_path) as served:
        talk(served, ask)
        assert served.session.settings.tempo == 90

    def trying() -> bool:
        return any(thread.name == "playbach-web-model" for thread in threading.enumerate())

    assert trying(), "the server did not wait for it"
    until(lambda: not trying(), "the end of the trial")
    assert served.session.settings.bundle == str(TINY_BUNDLE)


def test_a_model_that_does_harm_is_refused_with_its_reason(serve: Serve, tmp_path: Path) -> None:
    harmful = tmp_path / "harmful.bundle"
    harmful.write_bytes(hostile.damaged(*hostile.CRASHING[0]))
    with serve(models=tmp_path) as served:
        status, said = talk(served, lambda client: _patch(client, {"bundle": str(harmful)}))
    assert status == 409
    assert "crashed (Segmentation fault) when it was tried" in str(said)


def test_settings_ports_and_instruments_are_listed(serve: Serve) -> None:
    async def ask(client: aiohttp.ClientSession) -> list[Any]:
        return [await _json(client, name) for name in ("settings/table", "ports", "instruments")]

    with serve() as served:
        table, ports, instruments = talk(served, ask)
    assert [row["name"] for row in table] == list(TABLE)
    assert isinstance(ports, list)
    assert instruments[42] == {"program": 42, "name": "Cello", "family": "Strings"}


def test_two_pages_see_the_same(serve: Serve) -> None:
    async def watch(client: aiohttp.ClientSession) -> None:
        async with (
            client.ws_connect("/api/v1/stream") as first,
            client.ws_connect("/api/v1/stream") as second,
        ):
            assert (await _patch(client, {"transpose": 5}))[0] == 200
            for page in (first, second):
                await _until_seen(page, "transpose", 5)

    async def _until_seen(page: Any, name: str, value: object) -> None:
        async with asyncio.timeout(20):
            async for message in page:
                said = json.loads(message.data)
                if said["type"] == "status" and said["settings"][name] == value:
                    return

    with serve() as served:
        talk(served, watch)


def test_the_last_minutes_can_be_downloaded(serve: Serve) -> None:
    async def ask(client: aiohttp.ClientSession, minutes: str) -> tuple[int, bytes]:
        async with client.get(f"/api/v1/recent.mid?minutes={minutes}") as answer:
            return answer.status, await answer.read()

    async def asked(client: aiohttp.ClientSession, given: tuple[str, ...]) -> list[int]:
        return [(await ask(client, minutes))[0] for minutes in given]

    with serve(settings={"tempo": 400}) as served:
        until(lambda: len(served.listener.notes) > 20, "notes")
        status, content = talk(served, lambda client: ask(client, "5"))
        assert status == 200
        assert len(read_back(content).notes) > 10
        wrong = ("0", "61", "nan", "soon", "1e999")
        assert talk(served, lambda client: asked(client, wrong)) == 5 * [400]


def test_a_theme_begins_the_next_movement(serve: Serve) -> None:
    file = midi_bytes(Piece(theme_from_notes("C3/4 D3 E3 F3 G3/1").notes), tempo=90)

    async def give(client: aiohttp.ClientSession) -> tuple[Any, Any, Any, int]:
        typed = {"notes": "D4/8 F4 E4 A4", "key": "G minor", "meter": "3/4"}
        async with client.post("/api/v1/theme", json=typed) as answer:
            first = await answer.json()
        waiting = await _json(client, "status")
        kind = {"Content-Type": "application/octet-stream"}
        async with client.post("/api/v1/theme/file", data=file, headers=kind) as answer:
            second = await answer.json()
        async with client.post("/api/v1/theme", json={"notes": "H4"}) as answer:
            return first, waiting, second, answer.status

    with serve(settings={"tempo": 400}) as served:
        until(lambda: served.listener.notes, "a note")
        first, waiting, second, refused = talk(served, give)
        assert (first["key"], first["meter"], first["notes"]) == ("G minor", "3/4", 4)
        assert waiting["theme"] == first["about"]
        assert (second["key"], second["notes"], second["bars"], refused) == ("C major", 5, 2, 400)
        served.session.command(Command.NEXT_MOVEMENT)
        with served.session.subscribe() as subscription:
            heard: list[NoteAhead] = []

            def begun() -> bool:
                events = subscription.take(1)
                heard.extend(event for event in events if isinstance(event, NoteAhead))
                return any(note.movement.position == 2 for note in heard)

            until(begun, "the next movement")
        until(lambda: not served.session.status().theme, "that it is no longer waited for")


def test_a_movement_is_kept_for_good_and_comes_again_from_its_link(
    play: Play, tmp_path: Path
) -> None:
    with play({"tempo": 400, "form": "gigue"}, kept=tmp_path / "kept") as (session, listener):
        session.command(Command.NEXT_MOVEMENT)
        until(lambda: listener.notes, "a note")
        session.command(Command.NEXT_MOVEMENT)
        until(lambda: session.status().playing.bar > 5, "some bars")
        first = session.status().playing.movement
        assert first is not None
        session.command(Command.NEXT_MOVEMENT)
        until(session.pieces, "what was played of it")
        until(lambda: session.status().playing.movement != first, "another movement")
        # Of those that were left in their first bars nothing is listed.
        (piece,) = session.pieces()
        assert piece.movement.place == first.place
        assert [one.fate for one in session.suite()][: first.position] == [
            *(first.position - 1) * [Fate.LEFT_OUT], Fate.PLAYED,
        ]  # fmt: skip
        server = WebServer(session, Site(Address("127.0.0.1", 0)))
        server.start()
        try:
            talk(Served(session, listener, server), partial(_keep_and_let_go, piece=piece))
        finally:
            server.stop()
        session.change({"form": "sarabande"})
        assert session.follow(piece.link) == ()
        until(lambda: session.status().playing.movement == first, "the same movement")
        assert [one.fate for one in session.suite()].count(Fate.PLAYING) == 1
        assert session.suite()[-1].movement.suite == first.suite + 1


async def _keep_and_let_go(client: aiohttp.ClientSession, piece: PlayedMovement) -> None:
    assert [row["kept"] for row in await _json(client, "pieces")] == [""]
    for _ in range(2):
        async with client.post(f"/api/v1/pieces/{piece.id}/keep") as answer:
            (kept,) = await answer.json()
    assert kept["title"] == piece.movement.title
    assert kept["link"] == piece.link
    assert [row["kept"] for row in await _json(client, "pieces")] == [kept["name"]]
    async with client.get(kept["file"]) as answer:
        assert await answer.read() == piece.midi()
    async with client.delete(kept["file"]) as answer:
        assert await answer.json() == []
    async with client.get(kept["file"]) as answer:
        assert answer.status == 404
    async with client.get("/api/v1/kept/..%2f..%2fetc%2fpasswd") as answer:
        assert answer.status == 404
