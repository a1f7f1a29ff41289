"""Runs in the machine, in which the service was installed and has started: sees what it does.

python3 service.py OUT.json
"""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.system.machines.guest.listener import Hearing, Keyboard, Listener, percentile
from tests.system.machines.guest.programs import (
    STEP,
    all_cores_loaded,
    child_of,
    done,
    until,
)

from playbach.midi.messages import control_change, note_off, note_on

PLAYER, SYNTH = "playbach.service", "playbach-synth.service"
CONFIG = Path("/etc/playbach/config.toml")
REMEMBERED = Path("/var/lib/playbach/settings.json")
TEMPO = 160
MEASURED = 20.0
AWHILE = 8.0
SILENCE = 4.0
STARTING = 5.0
"""Seconds in which a Python program starts in an emulated machine."""
SETTLED = 0.5
FEW = 10
"""Notes after which there is music."""
THEME = (62, 65, 64, 69, 67, 70, 69)
"""Pitches that are played to it, a beat each."""
ANSWER = 2
"""Bars of the answer."""
KNOB, FOOT = 20, 64
"""Control changes: a tempo, and a pause."""
LONGEST_GAP = 2.5
"""Seconds between two messages, at most: longer than any note at this tempo."""
MOST_ERROR = 0.1
"""Milliseconds of onset error that 99 in 100 notes may have."""
MOST_MEMORY = 80
"""Megabytes resident."""


@dataclass
class Report:
    """What was seen: a row for each claim."""

    rows: list[dict[str, object]] = field(default_factory=list)

    def add(self, claim: str, seen: str, *, right: bool) -> None:
        row = {"claim": claim, "seen": seen, "right": right}
        print(row)
        self.rows.append(row)


@dataclass(frozen=True)
class State:
    """What the service manager knows of the service."""

    active: str
    status: str
    pid: int
    restarts: int


def state() -> State:
    names = ("ActiveState", "StatusText", "MainPID", "NRestarts")
    shown = done("systemctl", "show", PLAYER, *(f"--property={name}" for name in names))
    found = dict(line.split("=", 1) for line in shown.splitlines())
    return State(
        active=found["ActiveState"],
        status=found["StatusText"],
        pid=int(found["MainPID"]),
        restarts=int(found["NRestarts"]),
    )


def resident(pid: int) -> float:
    """Megabytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    (kilobytes,) = re.findall(r"VmRSS:\s+(\d+) kB", status)
    return int(kilobytes) / 1024


def configure(control: dict[str, str] | None = None, **sound: str | int) -> None:
    """Write the configuration of the service."""
    lines = ["[music]", f"tempo = {TEMPO}", "[sound]", 'sink = "alsa"']
    lines += [f"{name} = {json.dumps(value)}" for name, value in sound.items()]
    if control:
        lines += ["[control]", *(f"{name} = {json.dumps(word)}" for name, word in control.items())]
    CONFIG.write_text("\n".join(lines) + "\n", encoding="utf-8")


def hanging(hearing: Hearing) -> int:
    return len(hearing.sounding.notes)


def boots(report: Report, listener: Listener) -> None:
    """It plays without anybody having done anything."""
    until(lambda: len(listener.queued.onsets) > FEW, "music after booting")
    found = state()
    right = found.active == "active" and found.restarts == 0 and is_sounding()
    report.add("it plays after booting", f"{found.active}: {found.status}", right=right)


def keeps_time(report: Report, listener: Listener, load: str) -> None:
    """The onset error at the client."""
    time.sleep(AWHILE)
    listener.clear()
    time.sleep(MEASURED)
    errors = [1000 * error for error in listener.errors()]
    p50, p99 = (percentile(errors, share) for share in (0.5, 0.99))
    seen = f"p50 {p50:.3f}, p99 {p99:.3f}, max {max(errors):.3f} ms; {len(errors)} notes"
    report.add(f"onset error, {load}", seen, right=p99 < MOST_ERROR)


def fits(report: Report) -> None:
    size = resident(state().pid)
    report.add("resident memory", f"{size:.0f} MB", right=size < MOST_MEMORY)


def reloads(report: Report, listener: Listener) -> None:
    """SIGHUP is no gap."""
    before = state().pid
    listener.clear()
    time.sleep(AWHILE / 2)
    done("systemctl", "reload", PLAYER)
    time.sleep(AWHILE)
    times = [when for _, when in listener.queued.onsets]
    gap = max(later - earlier for earlier, later in itertools.pairwise(times))
    right = gap < LONGEST_GAP and state().pid == before
    report.add("SIGHUP: no gap", f"longest {gap:.2f} s between onsets", right=right)


def loses_its_synth(report: Report, listener: Listener) -> None:
    """The synth goes and comes back; the music goes on."""
    before = state()
    done("systemctl", "stop", SYNTH)
    time.sleep(AWHILE)
    without = state()
    report.add(
        "the synth is stopped: it waits", f"{without.active}: {without.status}",
        right=without.active == "active" and without.pid == before.pid,
    )  # fmt: skip
    listener.clear()
    done("systemctl", "start", SYNTH)
    took = until(lambda: len(listener.queued.onsets) > 0, "music after the synth is back")
    time.sleep(AWHILE)
    after = state()
    seen = f"{took:.1f} s later; {len(listener.queued.onsets)} notes since"
    right = after.pid == before.pid and len(listener.queued.onsets) > 1
    report.add("the synth is started: music resumes", seen, right=right)


def is_sounding() -> bool:
    """Whether a sound card plays what it is sent."""
    streams = Path("/proc/asound").glob("card*/pcm*p/sub*/status")
    return any("RUNNING" in stream.read_text(encoding="utf-8") for stream in streams)


def loses_its_card(report: Report, listener: Listener) -> None:
    """The sound card is pulled out and put back, as one on USB may be."""
    before = state()
    card = next(Path("/sys/class/sound").glob("card*/device")).resolve()
    # The kernel waits until nobody holds the card any more.
    pulling = subprocess.Popen(["sh", "-c", f"echo 1 > {card}/remove"])
    until(lambda: pulling.poll() is not None, "nobody holds the card that was pulled out")
    until(lambda: "waiting for the synth" in state().status, "no synth without a card")
    time.sleep(AWHILE)
    without = state()
    report.add(
        "the sound card is pulled out: it waits", f"{without.active}: {without.status}",
        right=without.active == "active" and without.pid == before.pid and not is_sounding(),
    )  # fmt: skip
    listener.clear()
    Path("/sys/bus/pci/rescan").write_text("1", encoding="utf-8")
    took = until(lambda: len(listener.queued.onsets) > FEW, "music after the card is back")
    after = state()
    seen = f"{took:.1f} s later {len(listener.queued.onsets)} notes"
    right = after.pid == before.pid and is_sounding()
    report.add("the sound card is put back: music resumes", seen, right=right)


def stops(report: Report, listener: Listener) -> None:
    """The unit is stopped: nothing sounds, and the sound card is silent to its end."""
    done("systemctl", "stop", PLAYER)
    seen = f"{hanging(listener.queued)} notes hanging"
    report.add("the unit is stopped: silence", seen, right=hanging(listener.queued) == 0)
    time.sleep(SILENCE)
    done("systemctl", "stop", SYNTH)


def is_killed(report: Report, listener: Listener) -> None:
    """Killed while notes sound, or the process that sends for it: what sounds ends at once."""
    configure(port="listener:direct")
    listener.offer()
    listener.clear()
    done("systemctl", "start", PLAYER)
    heard = listener.direct
    until(lambda: len(heard.onsets) > FEW, "music for the listener")
    until(lambda: state().pid != 0, "the service")
    ends_what_sounds(report, heard, "the service", state().pid, SETTLED)
    until(lambda: state().pid != 0, "the service again")
    # Another process that sends has to start before it can end what the first one left.
    sender = child_of(state().pid)
    ends_what_sounds(report, heard, "the process that sends", sender, STARTING)
    done("systemctl", "stop", PLAYER)
    time.sleep(1)
    seen = f"{hanging(heard)} notes hanging"
    report.add("SIGTERM: silence", seen, right=hanging(heard) == 0)


def answers(report: Report, listener: Listener) -> None:
    """Played to, it falls silent; a bar of silence later it answers, and waits again."""
    keys = Keyboard()
    configure(port="listener:direct", listen="keyboard:keys", answer=ANSWER)
    listener.clear()
    done("systemctl", "start", PLAYER)
    heard = listener.direct
    until(lambda: len(heard.onsets) > FEW, "music for the listener")
    began = time.monotonic()
    keys.play(note_on(0, THEME[0], 80))
    silent = until(lambda: hanging(heard) == 0, "silence for who plays")
    beat = 60 / TEMPO
    time.sleep(max(0.0, began + beat - time.monotonic()))
    onsets = len(heard.onsets)
    keys.play(note_off(0, THEME[0]))
    for pitch in THEME[1:]:
        keys.play(note_on(0, pitch, 80))
        time.sleep(beat)
        keys.play(note_off(0, pitch))
    meanwhile = len(heard.onsets) - onsets
    seen = f"silence {silent:.2f} s after the first note, {meanwhile} notes of its own meanwhile"
    report.add("it listens to who plays", seen, right=silent < STARTING and meanwhile == 0)
    took = until(lambda: len(heard.onsets) > onsets, "an answer")
    until(lambda: "listening" in state().status, "the end of the answer")
    time.sleep(AWHILE)
    answer = heard.onsets[onsets:]
    seen = f"{took:.2f} s after the last note, {len(answer)} notes; {hanging(heard)} hanging"
    report.add("it answers, and waits", seen, right=len(answer) > 1 and hanging(heard) == 0)
    done("systemctl", "stop", PLAYER)
    keys.close()


def is_controlled(report: Report, listener: Listener) -> None:
    """A knob changes the tempo, and a foot switch pauses and plays on."""
    keys = Keyboard()
    control = {"control_in": "keyboard:keys", "controls": f"tempo=cc {KNOB}, pause=cc {FOOT}"}
    configure(control, port="listener:direct")
    listener.clear()
    done("systemctl", "start", PLAYER)
    heard = listener.direct
    until(lambda: len(heard.onsets) > FEW, "music for the listener")
    keys.play(control_change(0, FOOT, 127))
    keys.play(control_change(0, FOOT, 0))
    silent = until(lambda: "paused" in state().status and hanging(heard) == 0, "a pause")
    report.add("a foot switch pauses", f"silence {silent:.1f} s later", right=silent < STARTING)
    # A knob that was elsewhere is taken once it passes where the setting is.
    for value in range(0, 101, 4):
        keys.play(control_change(0, KNOB, value))
        time.sleep(STEP)
    keys.play(control_change(0, FOOT, 127))
    keys.play(control_change(0, FOOT, 0))
    onsets = len(heard.onsets)
    music = until(lambda: len(heard.onsets) > onsets + FEW, "music after the pause")
    report.add("it plays on", f"music {music:.1f} s later", right=True)
    done("systemctl", "stop", PLAYER)
    tempo = json.loads(REMEMBERED.read_text(encoding="utf-8"))["settings"].get("tempo")
    report.add("a knob sets the tempo", f"{tempo}", right=tempo not in {None, TEMPO})
    keys.close()


def ends_what_sounds(report: Report, heard: Hearing, victim: str, pid: int, most: float) -> None:
    """Kill process ``pid`` while a note sounds: within ``most`` seconds there is silence."""
    until(lambda: hanging(heard) > 0, "a note that sounds")
    onsets = len(heard.onsets)
    os.kill(pid, signal.SIGKILL)
    silent = until(lambda: hanging(heard) == 0, "silence")
    music = until(lambda: len(heard.onsets) > onsets + FEW, "music after the kill")
    seen = f"silence {silent:.2f} s later, music again {silent + music:.1f} s later"
    report.add(f"kill -9 of {victim}: what sounds ends", seen, right=silent < most)


def scenario(report: Report) -> None:
    """All of it, in an order in which each part finds what it needs."""
    done("modprobe", "snd-seq")
    listener = Listener()
    boots(report, listener)
    configure()
    done("systemctl", "reload", PLAYER)
    keeps_time(report, listener, "idle")
    with all_cores_loaded():
        keeps_time(report, listener, "processor busy")
    fits(report)
    reloads(report, listener)
    loses_its_synth(report, listener)
    loses_its_card(report, listener)
    stops(report, listener)
    is_killed(report, listener)
    answers(report, listener)
    is_controlled(report, listener)


def main(out: Path) -> None:
    report = Report()
    try:
        scenario(report)
    except SystemExit as error:
        print(done("journalctl", "--unit=playbach", "--unit=playbach-synth", "--no-pager"))
        report.add("the scenario broke off", str(error), right=False)
    out.write_text(json.dumps(report.rows), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
