"""The units are as systemd wants them, and leave a service little it could do harm with."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from playbach.config import load_config
from playbach.session.trial import DEADLINE

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "systemd"
UNITS = ("playbach.service", "playbach-synth.service")
MOST_EXPOSED = 1.5
UNKNOWN = re.compile(r"Unknown key '?(RestartSteps|RestartMaxDelaySec)")


@pytest.fixture
def analyze() -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed (apt install systemd)")
    return program


def settings(unit: str) -> dict[str, str]:
    """The last value of each key, continued lines joined."""
    text = (FOLDER / unit).read_text(encoding="utf-8").replace("\\\n", " ")
    return dict(re.findall(r"^([A-Z]\w+)=(.*)$", text, re.MULTILINE))


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as `make install` puts them, every program they start being there."""
    for name in ("playbach", "synth"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    for unit in UNITS:
        text = (FOLDER / unit).read_text(encoding="utf-8")
        text = re.sub(r"^(ExecStart=)/\S+/(\S+)", rf"\1{tmp_path}/\2", text, flags=re.MULTILINE)
        (tmp_path / unit).write_text(text, encoding="utf-8")
        folder = tmp_path / f"{unit}.d"
        folder.mkdir()
        shutil.copy(FOLDER / "back-off.conf", folder)
    return tmp_path


def complaints(analyze: str, unit: Path) -> list[str]:
    """What systemd has to say about a unit."""
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(unit)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    # The drop-in is installed only where its keys are known, from systemd 254 on.
    return [
        line for line in done.stderr.splitlines() if unit.name in line and not UNKNOWN.search(line)
    ]


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_finds_nothing_wrong(analyze: str, installed: Path, unit: str) -> None:
    assert complaints(analyze, installed / unit) == []


def test_systemd_would_find_what_is_wrong(analyze: str, installed: Path) -> None:
    unit = installed / UNITS[0]
    unit.write_text(unit.read_text(encoding="utf-8").replace("Restart=", "Restrat="))
    (line,) = complaints(analyze, unit)
    assert "Restrat" in line


@pytest.mark.parametrize("unit", UNITS)
def test_a_service_has_little_it_could_do_harm_with(analyze: str, unit: str) -> None:
    done = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", str(FOLDER / unit)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze cannot look at a unit that is not installed (before 250)")
    found = re.search(r"Overall exposure level for \S+: (\d+\.\d)", done.stdout)
    assert found, done
    assert float(found[1]) <= MOST_EXPOSED


@pytest.mark.parametrize("unit", UNITS)
def test_a_service_is_started_again_whatever_ends_it(unit: str) -> None:
    values = settings(unit)
    assert values["Restart"] == "always"
    assert values["StartLimitIntervalSec"] == "0"


def test_what_the_synth_is_started_with_is_what_it_takes() -> None:
    program, *words = settings("playbach-synth.service")["ExecStart"].split()
    taken = re.search(
        r"^device=\$1 gain=\$2 font=\$3$", (FOLDER / "synth").read_text(), re.MULTILINE
    )
    assert taken
    assert words == ["${AUDIO_DEVICE}", "${GAIN}", "${SOUNDFONT}"]
    assert program == "/opt/playbach/current/libexec/synth"
    assert (FOLDER / "synth").stat().st_mode & 0o111


def test_the_player_may_use_sound_and_real_time_and_is_watched() -> None:
    values = settings("playbach.service")
    assert "audio" in values["SupplementaryGroups"].split()
    assert int(values["LimitRTPRIO"]) > 0
    assert values["Type"] == "notify"
    assert 0 < int(values["WatchdogSec"]) <= 30
    assert values["IPAddressDeny"] == "any"
    assert values["IPAddressAllow"] == "localhost"


def test_a_model_that_does_harm_when_it_is_tried_does_not_end_the_service() -> None:
    values = settings("playbach.service")
    assert int(values["TimeoutStartSec"]) >= 2 * DEADLINE
    assert values["OOMPolicy"] == "continue"
    assert values["CacheDirectory"] == "playbach"


def test_the_configuration_that_is_installed_is_right() -> None:
    loaded = load_config(FOLDER / "config.toml")
    assert loaded.config.settings.sink == "alsa"


def test_every_example_in_the_configuration_that_is_installed_is_right(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    text = (FOLDER / "config.toml").read_text(encoding="utf-8")
    path.write_text(re.sub(r"^#(\w+ =)", r"\1", text, flags=re.MULTILINE), encoding="utf-8")
    loaded = load_config(path)
    assert loaded.config.settings.port
    assert len(loaded.origins) == 4


def test_every_key_of_the_synths_environment_is_used_by_its_unit() -> None:
    named = re.findall(r"^#([A-Z_]+)=", (FOLDER / "synth.env").read_text(), re.MULTILINE)
    assert named
    values = settings("playbach-synth.service")
    for name in named:
        assert f"${{{name}}}" in values["ExecStart"]
        assert f"{name}=" in values["Environment"]
