"""Help, versions, ports and checks; and how little is loaded to give them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.device.cli.conftest import Command

from playbach import __version__
from playbach.cli import COMMANDS
from playbach.sinks.table import SINKS


def test_help_names_every_command(playbach: Command) -> None:
    said = playbach("--help")
    assert said.status == 0
    for name, about in COMMANDS.items():
        assert name in said.out
        assert about in said.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_of_its_own(playbach: Command, command: str) -> None:
    said = playbach(command, "--help")
    assert said.status == 0
    assert said.out.startswith(f"usage: playbach {command}")
    # A sentence that keeps its capitals, as in MIDI and QR.
    assert f"{COMMANDS[command][1:]}." in " ".join(said.out.split())


def test_the_version_is_the_packages(playbach: Command) -> None:
    assert playbach("--version").out == f"playbach {__version__}\n"


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys, playbach.cli\n"
        "try: playbach.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'ai_edge_litert', 'rtmidi', 'alsa_midi', 'tensorflow', 'keras'}\n"
        "print('loaded:', sorted(heavy & sys.modules.keys()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.endswith("loaded: []\n")


def test_playing_needs_nothing_of_training() -> None:
    script = (
        "import sys, playbach.cli.play, playbach.cli.save, playbach.cli.check, playbach.cli.ports\n"
        "other = {'tensorflow', 'keras', 'music21', 'matplotlib', 'playbach_train'}\n"
        "print('loaded:', sorted(other & sys.modules.keys()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "loaded: []\n"


def test_ports_are_a_line_each_or_a_hint(playbach: Command) -> None:
    said = playbach("ports")
    assert said.status == 0
    for line in said.out.splitlines():
        assert line.count("\t") == 2 or line.startswith("no MIDI ports; 'playbach check' says")


def test_check_says_of_each_thing_whether_it_is_there(playbach: Command) -> None:
    said = playbach("check")
    lines = said.out.splitlines()
    assert lines[0].startswith("ok      model: lstm-copy from tiny, float32")
    for kind in SINKS:
        if kind.audible:
            assert any(f" sink {kind.name}: " in line for line in lines)
    assert all(line.startswith(("ok      ", "missing ")) for line in lines[:-1])
    heard = any(line.startswith("ok      sink") for line in lines)
    assert said.status == (0 if heard else 1)
    assert said.error == ""


def test_output_that_nobody_reads_is_no_failure() -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m playbach check | true"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stderr == ""
