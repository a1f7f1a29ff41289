"""What the page costs: resident memory, and how late notes leave while it is under attack.

A real ``playbach play``, over JACK where there is a server to be had: without a page, with one that
nobody opened, with one open, with twenty open while the model is switched every two seconds, and
under a flood from another process: 200 sockets opened again and again, half of which never read,
and messages of 10 MB.

python -m bench.web [--bundle FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from functools import partial

import aiohttp
from bench.playing import player, resident, started
from bench.report import Figure, run

from playbach.bundle import read_bundle

WARM_UP, MEASURED = 3.0, 20.0
PAGES = 20
SWITCH = 2.0
"""Seconds from one switch of the model to the next."""
SOCKETS = 200
FRAME = 10_000_000

MANY = f"{PAGES} pages open and the model switched"

Visit = Callable[[str], Coroutine[None, None, None]]


def measure(options: argparse.Namespace) -> list[Figure]:
    ways: dict[str, Visit | None] = {
        "a page that nobody opened": None,
        "one page open": open_page,
        MANY: partial(many_pages, read_bundle(options.bundle).manifest.variants),
        "a flood": flood,
    }
    with player(options.bundle) as play:
        play += ["--form", "prelude", "--seed", "1"]
        with started([*play, "--no-web"]) as process:
            time.sleep(WARM_UP)
            alone, _ = resident(process.pid)
        figures = [Figure("resident, no page", alone, "MB")]
        for what, visit in ways.items():
            figures += visited(play, what, visit, alone)
    return figures


def address_of_page(process: subprocess.Popen[str]) -> str:
    """Where the player that was started as ``process`` says that it serves its page."""
    said = next((line for line in process.stdout or () if "page: " in line), "it ended")
    if not said.startswith("page: "):
        sys.exit(f"the player serves no page: {said.strip()}")
    return said.split()[1]


def visited(play: list[str], what: str, visit: Visit | None, alone: float) -> list[Figure]:
    with started([*play, "--web", "127.0.0.1:0"]) as process:
        url = address_of_page(process)
        time.sleep(WARM_UP)
        if visit is None:
            time.sleep(MEASURED)
        else:
            asyncio.run(visit(url))
        memory, _ = resident(process.pid)
        late = asyncio.run(lateness(url))
    return [
        Figure(f"{what}: late, p50", late["p50_ms"], "ms"),
        Figure(f"{what}: late, p99", late["p99_ms"], "ms", "under 1" if what == MANY else ""),
        Figure(f"{what}: late, most", late["max_ms"], "ms"),
        # A model that was switched to leaves its own memory behind, which is not the page's.
        Figure(f"{what}: resident, more", memory - alone, "MB", "" if what == MANY else "under 20"),
    ]


async def lateness(url: str) -> dict[str, float]:
    async with aiohttp.ClientSession(url) as client, client.get("/api/v1/status") as answer:
        told: dict[str, float] = (await answer.json())["lateness"]
        return told


async def open_page(url: str) -> None:
    """A page as a person has it open."""
    async with (
        aiohttp.ClientSession(url) as client,
        client.ws_connect("/api/v1/stream") as socket,
    ):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MEASURED):
                async for _ in socket:
                    pass


async def many_pages(variants: Sequence[str], url: str) -> None:
    """As many people as a room holds, and one of them who tries each variant of the model."""
    async with asyncio.TaskGroup() as pages, aiohttp.ClientSession(url) as client:
        for _ in range(PAGES):
            pages.create_task(open_page(url))
        for number in range(int(MEASURED / SWITCH)):
            wanted = {"variant": variants[number % len(variants)]}
            async with client.patch("/api/v1/settings", json=wanted) as answer:
                answer.raise_for_status()
            await asyncio.sleep(SWITCH)


async def flood(url: str) -> None:
    async with aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=0)) as client:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MEASURED):
                await asyncio.gather(*(attack(client, number) for number in range(SOCKETS)))


async def attack(client: aiohttp.ClientSession, number: int) -> None:
    while True:
        with contextlib.suppress(aiohttp.ClientError, ConnectionError):
            async with client.ws_connect("/api/v1/stream") as socket:
                if number % 20 == 0:
                    await socket.send_str(FRAME * "x")
                await asyncio.sleep(1)
        # A loop that is bounded: the aim is a flood, not the end of this machine.
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    run("web", measure)
