"""Runs in the machine: the board's own sound through an effect, on its sound card, for minutes.

python3 sound.py OUT.json [--minutes 10] [--no-effect]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.system.machines.guest.programs import child_of, done, until

ADDRESS = "127.0.0.1:8420"
LOOK = 2.0
DEVICE = "plughw:0"


def status() -> dict[str, Any] | None:
    """What the page says; ``None`` as long as there is none."""
    try:
        with urllib.request.urlopen(f"http://{ADDRESS}/api/v1/status") as answer:
            found: dict[str, Any] = json.loads(answer.read())
    except OSError:
        return None
    return found


def looks(seconds: float) -> Iterator[dict[str, Any]]:
    """What the page says again and again, for so long."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        time.sleep(LOOK)
        yield status() or {}


def ticks(pid: int) -> float:
    """Seconds of the processor that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / 100


def played(minutes: float, *, effect: bool) -> dict[str, Any]:
    """Play for so long; what was said meanwhile."""
    words = ["--sink", "sound", "--port", DEVICE, "--web", ADDRESS, "--seed", "1"]
    words += ["--effect", "pedal"] if effect else []
    player = subprocess.Popen(
        [sys.executable, "-m", "playbach", "play", *words], stdin=subprocess.DEVNULL
    )
    until(lambda: (status() or {}).get("notes", 0) > 0, "music")
    processes = [player.pid, child_of(player.pid)]
    begun, spent = time.monotonic(), [ticks(pid) for pid in processes]
    seen = list(looks(60 * minutes))
    took = time.monotonic() - begun
    shares = [(ticks(pid) - one) / took for pid, one in zip(processes, spent, strict=True)]
    player.terminate()
    player.wait()
    return {
        "effect": effect,
        "minutes": minutes,
        "notes": seen[-1].get("notes"),
        "sinks": sorted({str(one.get("sink")) for one in seen}),
        "timing": [str(seen[0].get("timing")), str(seen[-1].get("timing"))],
        "resting": sorted({str(one.get("resting")) for one in seen}),
        "lateness": seen[-1].get("lateness"),
        "share of the processor: player, sound": shares,
        "left out": sum("left out" in str(one.get("sink")) for one in seen) / len(seen),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--no-effect", action="store_true")
    options = parser.parse_args()
    done("modprobe", "snd-seq")
    until(lambda: any(Path("/dev/snd").glob("pcmC0D*p")), "the sound card")
    found = played(options.minutes, effect=not options.no_effect)
    print(json.dumps(found))
    options.out.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
