"""Datagrams to a real Unix socket, as a service manager would receive them."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from playbach.daemon.notify import Notifier


@contextmanager
def manager(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        receiver.settimeout(10)
        yield receiver


@pytest.fixture(params=["a path", "an abstract name"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    name = str(tmp_path / "notify")
    return name if request.param == "a path" else f"@playbach-test-{secrets.token_hex(8)}"


def test_each_state_is_a_datagram(address: str) -> None:
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": address})
    with manager(address) as receiver:
        notifier.ready()
        notifier.status("Suite 1 in D minor,\n II Allemande")
        notifier.alive()
        notifier.stopping()
        heard = [receiver.recv(1000) for _ in range(4)]
    assert heard == [
        b"READY=1", b"STATUS=Suite 1 in D minor, II Allemande", b"WATCHDOG=1", b"STOPPING=1",
    ]  # fmt: skip


def test_a_reload_says_when_it_began(address: str) -> None:
    with manager(address) as receiver:
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        Notifier(address).reloading()
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        first, second = receiver.recv(1000).decode().split("\n")
    assert first == "RELOADING=1"
    assert before <= int(second.removeprefix("MONOTONIC_USEC=")) <= after


def test_a_status_cannot_smuggle_in_another_state(address: str) -> None:
    with manager(address) as receiver:
        Notifier(address).status("x\nSTOPPING=1" + "y" * 10_000)
        heard = receiver.recv(20_000)
    assert heard.startswith(b"STATUS=x STOPPING=1y")
    assert b"\n" not in heard
    assert len(heard) < 300


@pytest.mark.parametrize("address", ["", "relative", "vsock:2:1234", "/no/such/folder/socket"])
def test_without_a_manager_nothing_happens(address: str) -> None:
    Notifier.from_environment({"NOTIFY_SOCKET": address}).ready()


def test_a_manager_that_does_not_listen_holds_nothing_up(address: str) -> None:
    with manager(address):
        for _ in range(5000):
            Notifier(address).alive()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "10000000"}, 10.0),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": str(os.getpid())}, 10.0),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
    ],
)
def test_the_watchdog_is_as_the_manager_wants_it(
    environment: dict[str, str], seconds: float | None
) -> None:
    assert Notifier.from_environment(environment).watchdog == seconds
