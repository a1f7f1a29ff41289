"""Runs in the machine: how exactly does the ALSA sink play, idle and with all cores loaded?

python3 onset.py OUT.json [--seconds 20] [--tempo 200]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from tests.system.machines.guest.listener import Listener, percentile
from tests.system.machines.guest.programs import SYNTH, all_cores_loaded, done, running, until

SETTLED = 0.5


def measure(listener: Listener, load: str, words: list[str]) -> dict[str, object]:
    """Play for a while; onset errors in milliseconds, and what still sounds."""
    listener.clear()
    play = [sys.executable, "-m", "playbach", "play", "--sink", "alsa", "--port", "FLUID"]
    subprocess.run([*play, "--seed", "1685", *words], check=True)
    time.sleep(SETTLED)
    errors = [1000 * error for error in listener.errors()]
    row = {
        "load": load,
        "notes": len(errors),
        "hanging": len(listener.stamped.sounding.notes),
        "p50": percentile(errors, 0.5),
        "p99": percentile(errors, 0.99),
        "max": max(errors),
        "min": min(errors),
    }
    print(row)
    return row | {"errors": errors}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", default="20")
    parser.add_argument("--tempo", default="200")
    options = parser.parse_args()
    words = ["--seconds", options.seconds, "--tempo", options.tempo]
    done("modprobe", "snd-seq")
    listener = Listener()
    with running(SYNTH):
        ports = listener.client.list_ports
        until(lambda: any("FLUID" in port.client_name for port in ports()), "the synth")
        rows = [measure(listener, "idle", words)]
        with all_cores_loaded():
            rows.append(measure(listener, "all cores loaded", words))
    options.out.write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
