"""The service under a real systemd: `make test-service`.

Not among the tests that run by default: it needs root, boots a machine, and takes a minute.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.systemd.machine import Machine, install, machine, require, run, until

CONFIG = "etc/playbach/config.toml"
FIRST = '[sound]\nsink = "none"\n[music]\ntempo = 200\n'
SUITE = re.compile(r"Suite \d+ in .*, bar \d+; [\d,]+ notes; on nowhere .*")


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    require()
    with machine(tmp_path_factory.mktemp("machine")) as board:
        (board.root / CONFIG).write_text(FIRST)
        board.run("systemctl", "enable", "--now", "playbach")
        yield board


def notes(status: str) -> int:
    found = re.search(r"([\d,]+) notes", status)
    return int(found[1].replace(",", "")) if found else 0


def plays(board: Machine) -> bool:
    unit = board.unit()
    return unit.state == "active" and SUITE.fullmatch(unit.status) is not None


def test_it_plays_and_says_what(board: Machine) -> None:
    until(lambda: plays(board), "music")
    before = notes(board.unit().status)
    until(lambda: notes(board.unit().status) > before, "further note")


def test_it_is_nobody_and_sees_nothing(board: Machine) -> None:
    until(lambda: plays(board), "music")
    status = board.run("cat", f"/proc/{board.unit().pid}/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(fields["Uid"].split()[0]) > 60_000
    assert int(fields["CapBnd"], 16) == 0
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"


def test_its_page_is_served_on_the_machine_itself(board: Machine) -> None:
    until(lambda: plays(board), "music")
    ask = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8420/').status)"
    assert board.run("python3", "-c", ask).strip() == "200"


def test_killed_it_is_started_again(board: Machine) -> None:
    until(lambda: plays(board), "music")
    before = board.unit()
    board.run("systemctl", "kill", "--signal=KILL", "playbach")
    until(lambda: board.unit().restarts > before.restarts, "restart")
    until(lambda: plays(board), "music after the restart")
    assert board.unit().pid != before.pid


def test_frozen_it_is_ended_by_the_watchdog_and_started_again(board: Machine) -> None:
    until(lambda: plays(board), "music")
    before = board.unit()
    board.run("systemctl", "kill", "--signal=STOP", "playbach")
    until(lambda: board.unit().restarts > before.restarts, "restart")
    until(lambda: plays(board), "music after the restart")
    assert "watchdog" in board.run("journalctl", "--no-pager", "--unit=playbach").lower()


def test_a_reload_changes_the_music_and_nothing_stops(board: Machine) -> None:
    until(lambda: plays(board), "music")
    before = board.unit()
    (board.root / CONFIG).write_text(FIRST.replace("200", "90"))
    board.run("systemctl", "reload", "playbach")
    until(lambda: "configuration read again" in board.journal(), "word of the reload")
    until(lambda: notes(board.unit().status) > notes(before.status), "further note")
    after = board.unit()
    assert (after.pid, after.restarts) == (before.pid, before.restarts)


def test_a_mistake_in_the_configuration_is_said_and_the_music_goes_on(board: Machine) -> None:
    until(lambda: plays(board), "music")
    before = board.unit()
    (board.root / CONFIG).write_text(FIRST + "volumme = 3\n")
    board.run("systemctl", "reload", "playbach")
    line = "/etc/playbach/config.toml:5: [music] has no key 'volumme'"
    until(lambda: line in board.journal(), "word of the mistake")
    until(lambda: notes(board.unit().status) > notes(before.status), "further note")
    assert board.unit().pid == before.pid
    (board.root / CONFIG).write_text(FIRST)


def test_stopped_it_stops_at_once_and_in_order(board: Machine) -> None:
    until(lambda: plays(board), "music")
    taken = until(lambda: "inactive" in stopped(board), "end")
    unit = board.unit()
    assert (unit.state, unit.pid, unit.result) == ("inactive", 0, "success")
    assert taken < 10
    board.run("systemctl", "start", "playbach")
    until(lambda: plays(board), "music")


def stopped(board: Machine) -> str:
    board.run("systemctl", "stop", "playbach")
    return board.run("systemctl", "is-active", "playbach", check=False)


def test_what_it_says_names_no_secrets_and_no_traceback(board: Machine) -> None:
    assert "Traceback" not in board.journal()


def test_installed_again_it_goes_on_with_its_own_configuration(board: Machine) -> None:
    until(lambda: plays(board), "music")
    before = board.unit()
    said = install(board.root)
    assert f"kept {board.root}/etc/playbach/config.toml" in said
    assert (board.root / CONFIG).read_text() == FIRST
    assert board.unit().pid == before.pid
    board.run("systemctl", "restart", "playbach")
    until(lambda: plays(board), "music of the new version")
    assert (board.root / "opt/playbach/current").readlink() == Path("versions/2")


def test_it_goes_back_to_the_version_before(board: Machine) -> None:
    install(board.root, "back")
    assert (board.root / "opt/playbach/current").readlink() == Path("versions/1")
    board.run("systemctl", "restart", "playbach")
    until(lambda: plays(board), "music of the version before")
    command = board.run("cat", f"/proc/{board.unit().pid}/cmdline")
    assert command.startswith("/opt/playbach/versions/1/bin/python")


def test_nothing_installed_remembers_where_it_was_made(board: Machine) -> None:
    assert board.run("playbach", "--version").startswith("playbach ")
    found = run("grep", "-rlF", str(board.root), str(board.root / "opt/playbach"), check=False)
    assert found == ""


def test_taken_away_it_leaves_configuration_and_state(board: Machine) -> None:
    board.run("systemctl", "stop", "playbach")
    said = install(board.root, "uninstall")
    assert "left in place: the configuration" in said
    assert not (board.root / "opt/playbach").exists()
    assert (board.root / CONFIG).read_text() == FIRST
    assert (board.root / "var/lib/private/playbach").is_dir()
    board.run("systemctl", "daemon-reload")
    assert board.run("systemctl", "is-active", "playbach", check=False).strip() == "inactive"
