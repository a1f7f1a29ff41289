"""``playbach play`` as a program of its own: it ends when asked, by time, signal or terminal."""

from __future__ import annotations

import contextlib
import gc
import http.client
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.device.cli.conftest import Command
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE
from tests.read_back import read_back

from playbach.address import Address
from playbach.cli import play, served
from playbach.midi.active_notes import ActiveNotes
from playbach.session.session import Session

PATIENCE = 30
# On a free port: the usual one is for the commands of the documents, tested at the same time.
PLAY = (
    sys.executable, "-m", "playbach", "play", "--bundle", str(TINY_BUNDLE), "--seed", "1",
    "--web", "127.0.0.1:0",
)  # fmt: skip

# As a shell does it: a job of its own in the foreground, then in the background, and back.
SHELL = """
import os, signal, sys, termios, time
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if not job:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
is_line_mode = lambda: bool(termios.tcgetattr(0)[3] & termios.ICANON)
while not os.WIFSTOPPED(os.waitpid(job, os.WUNTRACED)[1]):
    pass
os.tcsetpgrp(0, os.getpgrp())
print("suspended", "line mode" if is_line_mode() else "single keys", flush=True)
os.kill(job, signal.SIGCONT)
sys.stdin.readline()
assert is_line_mode()
os.tcsetpgrp(0, job)
os.kill(job, signal.SIGCONT)
while is_line_mode():
    time.sleep(0.01)
print("in front", flush=True)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(job, 0)[1]))
"""


@contextmanager
def playing(*words: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A player that has begun to play; killed if it is still there at the end."""
    with subprocess.Popen(
        [*PLAY, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("Suite 1 in "):
                    break
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def hanging(path: Path) -> Sequence[tuple[int, int]]:
    sounding = ActiveNotes()
    for _, message in read_back(path).messages:
        sounding.hear(message)
    return sounding.notes


def test_it_plays_for_as_long_as_asked_and_says_what(
    playbach: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # leave the test's own handlers alone
    said = playbach("play", "--sink", "none", "--seconds", "1.2", "--tempo", "400")
    assert (said.status, said.error) == (0, "")
    lines = said.out.splitlines()
    assert lines[0] == "playing to: nowhere (time is kept, nothing sounds), as asked"
    assert lines[1].startswith("seed ")
    assert any(line.startswith("Suite 1 in ") for line in lines[2:])
    assert lines[-1].startswith("played ")
    assert int(lines[-1].split()[1]) > 0


def test_nothing_holds_up_the_thread_that_plays(
    playbach: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert playbach("play", "--sink", "none", "--seconds", "0.1", "--no-web").status == 0
    assert sys.getswitchinterval() < 0.001
    assert gc.get_freeze_count() > 1000


def test_the_page_waits_for_the_first_note(
    playbach: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []

    @contextmanager
    def served(session: Session, *_: object) -> Iterator[None]:
        heard.append(session.status().playing.notes)
        yield

    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(play, "served", served)
    monkeypatch.setattr(play, "_HEAD_START", 60.0)
    words = ("play", "--sink", "none", "--seconds", "1.2", "--tempo", "400")
    assert playbach(*words).status == 0
    assert heard[0] > 0
    # Nor does it wait for ever.
    monkeypatch.setattr(play, "_HEAD_START", 0.0)
    assert playbach(*words).status == 0
    assert heard[1:] == [0]


def test_a_midi_file_can_be_played_to(playbach: Command, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    path = tmp_path / "out.mid"
    words = ("--sink", "file", "--port", path, "--seconds", "60", "--seed", "3")
    assert playbach("play", *words).status == 0
    first = path.read_bytes()
    assert hanging(path) == ()
    assert "out.mid: exists" in playbach("play", *words).mistake
    path.unlink()
    assert playbach("play", *words).status == 0
    assert path.read_bytes() == first


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGXCPU"])
def test_a_signal_ends_the_music_at_once_and_in_order(name: str) -> None:
    with playing("--sink", "none") as process:
        process.send_signal(getattr(signal, name))
        out, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, error) == (0, "")
    assert out.startswith("played ")


def test_several_signals_at_once_are_one() -> None:
    with playing("--sink", "none") as process:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            process.send_signal(number)
        _, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, error) == (0, "")


def test_signals_from_the_very_beginning_never_leave_a_traceback() -> None:
    for delay in (0.0, 0.15, 0.3, 0.45):
        with subprocess.Popen(
            [*PLAY, "--sink", "none"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            time.sleep(delay)
            process.terminate()
            _, error = process.communicate(timeout=PATIENCE)
        assert error == ""
        assert process.returncode in {0, -signal.SIGTERM}


def test_whoever_reads_along_may_go() -> None:
    with playing("--sink", "none", "--seconds", "1.5") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        process.wait(PATIENCE)
    assert process.returncode == 0


def test_a_terminal_shows_a_live_line_and_may_be_closed(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    pid, terminal = pty.fork()
    if not pid:  # the child, its terminal the other end
        os.dup2(os.open(errors, os.O_CREAT | os.O_WRONLY), 2)
        os.execv(PLAY[0], [*PLAY, "--sink", "none"])  # noqa: S606 the program under test
    shown = b""
    while b"notes" not in shown:
        shown += os.read(terminal, 1000)
    os.close(terminal)  # the kernel sends SIGHUP
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert errors.read_bytes() == b""
    assert b"\r\x1b[KSuite 1 in " in shown
    assert b", bar " in shown


def test_keys_pause_go_on_change_the_tempo_and_end(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    pid, terminal = pty.fork()
    if not pid:  # the child, its terminal the other end
        os.dup2(os.open(errors, os.O_CREAT | os.O_WRONLY), 2)
        words = ("--sink", "none", "--form", "gigue", "--tempo", "100")
        os.execv(PLAY[0], [*PLAY, *words])  # noqa: S606 the program under test
    shown = b""

    def read_until(text: bytes) -> None:
        nonlocal shown
        while text not in shown:
            shown += os.read(terminal, 1000)
        shown = b""

    read_until(b"100 bpm")
    for key, answer in ((b" ", b"(paused)"), (b"+", b"105 bpm"), (b" n", b"II Gigue")):
        os.write(terminal, key)
        read_until(answer)
    os.write(terminal, b"q")
    read_until(b"played ")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert errors.read_bytes() == b""


def test_a_program_that_is_suspended_is_silent_and_goes_on() -> None:
    with playing("--sink", "none", "--tempo", "400") as process:
        process.send_signal(signal.SIGTSTP)
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, error) == (0, "")


def test_in_the_background_it_plays_on_and_leaves_the_terminal_to_the_shell(
    tmp_path: Path,
) -> None:
    """As after Ctrl-Z and ``bg``, until it is in the foreground again."""
    errors = tmp_path / "errors"
    shell, terminal = pty.fork()
    if not shell:  # the session's leader, whose terminal is the other end
        os.dup2(os.open(errors, os.O_CREAT | os.O_WRONLY), 2)
        os.execv(sys.executable, [sys.executable, "-c", SHELL, *PLAY, "--sink", "none"])  # noqa: S606
    shown = b""

    def read_until(text: bytes) -> None:
        nonlocal shown
        while text not in shown:
            shown += os.read(terminal, 1000)
        shown = b""

    read_until(b" notes")
    os.write(terminal, b"\x1a")
    for word in (b"suspended line mode", b" notes"):
        read_until(word)
    os.write(terminal, b"\n")  # for the shell, which brings it back
    for word in (b"in front", b" notes"):
        read_until(word)
    os.write(terminal, b"q")
    read_until(b"played ")
    _, status = os.waitpid(shell, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert errors.read_bytes() == b""


def test_the_page_is_served_while_it_plays() -> None:
    words = ("--sink", "none", "--web", "127.0.0.1:0", "--tempo", "200")
    with subprocess.Popen([*PLAY, *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            page = next(line for line in process.stdout if line.startswith("page: http://"))
            connection = http.client.HTTPConnection(page.split("/")[2], timeout=PATIENCE)
            connection.request("GET", "/api/v1/status")
            assert json.load(connection.getresponse())["transport"] == "playing"
            connection.close()
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()


def test_a_second_player_has_its_page_at_the_next_free_port(
    playbach: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with two_taken_and_one_free() as port:
        monkeypatch.setattr(served, "Address", lambda: Address(port=port))
        said = playbach("play", "--sink", "none", "--seconds", "2.5", "--tempo", "400", web=None)
    assert (said.status, said.error) == (0, "")
    lines = said.out.splitlines()
    found = lines.index(f"page: http://127.0.0.1:{port + 2}/")
    assert lines[found - 1] == f"port {port} is another program's, perhaps another Play Bach's"
    assert lines[found + 1] == "to hear it now: open this page and tap 'Listen here'"


def test_without_any_port_it_plays_without_a_page_and_invites_nobody_to_it(
    playbach: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(served, "_MOST_PORTS", 2)
    with two_taken_and_one_free() as port:
        monkeypatch.setattr(served, "Address", lambda: Address(port=port))
        said = playbach("play", "--sink", "none", "--seconds", "2.5", "--tempo", "400", web=None)
    assert (said.status, said.error) == (0, "")
    assert f"no page: page address 127.0.0.1:{port}: cannot be opened" in said.out
    assert "Listen here" not in said.out


@contextmanager
def two_taken_and_one_free() -> Iterator[int]:
    """The first of three ports in a row, of which the third is free."""
    while True:
        with contextlib.ExitStack() as taken:
            first = taken.enter_context(socket.create_server(("127.0.0.1", 0)))
            port = first.getsockname()[1]
            try:
                taken.enter_context(socket.create_server(("127.0.0.1", port + 1)))
                socket.create_server(("127.0.0.1", port + 2)).close()
            except OSError:
                continue
            yield port
            return


def test_an_address_that_is_taken_ends_it_only_where_it_was_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        asked = subprocess.run(
            [*PLAY, "--sink", "none", "--web", address], capture_output=True, text=True, check=False
        )
    assert asked.returncode == 2
    assert asked.stderr.startswith(f"playbach play: page address {address}: cannot be opened")
    assert asked.stderr.count("\n") == 1
