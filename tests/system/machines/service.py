"""Does the service do on a machine what it promises? A virtual one tells.

    python -m tests.system.machines.service [--machine aarch64] [--sound vm.wav]

Play Bach is installed in it by ``make install``, and it boots. Then the service plays through ALSA
into the software synth, whose sound is recorded, while this and that happens to both.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
import time
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tests.system.machines.needs import NeedError, ended
from tests.system.machines.table import Row, table
from tests.system.machines.vm import MACHINES, ran

SCRIPT = ("tests/system/machines/guest/service.py", "/share/out/service.json")
HEADS = ("claim", "seen")
AUDIBLE = 100.0
SILENT = 5.0
TAIL = 2.0
"""Seconds at the end of the recording that lie after the music was stopped."""


@dataclass(frozen=True)
class Loudness:
    """Root mean square of a recording's samples of 16 bits: of all, and of its last seconds."""

    whole: float
    tail: float


def loudness(path: Path) -> Loudness:
    """Of a recording; nothing at all was recorded if the sound card was never used."""
    if path.stat().st_size == 0:
        return Loudness(0.0, math.nan)
    with wave.open(str(path)) as file:
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
        tail = frames[-int(TAIL * file.getframerate()) * file.getnchannels() :]
    return Loudness(*(float(np.sqrt((part**2).mean())) for part in (frames, tail)))


def sound_rows(path: Path) -> list[Row]:
    """Whether the sound card played, and whether it fell silent."""
    heard = loudness(path)
    return [
        Row(("the sound card plays", f"loudness {heard.whole:.0f}"), heard.whole > AUDIBLE),
        Row(("and is silent in the end", f"loudness {heard.tail:.1f}"), heard.tail < SILENT),
    ]


def run(kind: str, sound: Path | None) -> int:
    """Print the table; 1 if a row is wrong.

    Raises:
        NeedError: something is missing, or the scenario broke off.
    """
    began = time.monotonic()
    with ran(MACHINES[kind], SCRIPT, installed=True) as left:
        if sound is not None:
            shutil.copy(left.sound, sound)
        seen = left.out / "service.json"
        if not seen.exists():
            raise NeedError(f"the scenario broke off:\n{left.console}")
        rows = [
            Row((row["claim"], row["seen"]), row["right"])
            for row in json.loads(seen.read_text(encoding="utf-8"))
        ]
        rows += sound_rows(left.sound)
        print("" if all(row.right for row in rows) else left.console)
    minutes = (time.monotonic() - began) / 60
    print(table(f"The service in a virtual machine ({kind}); {minutes:.1f} minutes", HEADS, rows))
    return int(not all(row.right for row in rows))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--machine", choices=MACHINES, default="x86_64")
    parser.add_argument("--sound", type=Path, help="keep here what the sound card played")
    options = parser.parse_args()
    return ended(lambda: run(options.machine, options.sound), "test-vm")


if __name__ == "__main__":
    sys.exit(main())
