"""A virtual machine with a real ALSA sequencer, a sound card whose output is kept, and systemd.

    python -m tests.system.machines.vm [--sound vm.wav] SCRIPT [WORD ...]

runs a Python script of this checkout in it, as root, and powers off. ``playbach`` can be imported
there, this checkout is ``/share/project``, and what the script writes to ``/share/out`` comes back.
Only software emulation is used, so it runs wherever qemu does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.system.machines.debian import Debian, arm_programs
from tests.system.machines.disk import disk_of, installed_disk
from tests.system.machines.needs import NeedError, ended, need
from tests.system.machines.wheels import ROOT, Target, board_wheels

PATIENCE = 5400
MARK = "playbach-test: "
CHECKOUT = "/share/site:/share/project/device:/share/project"
PACKAGES = (
    "systemd-sysv", "udev", "kmod", "dbus", "python3", "python3-venv", "make", "libasound2t64",
    "alsa-utils", "fluidsynth", "timgm6mb-soundfont",
)  # fmt: skip
RUN = """\
export PYTHONPATH={path} PYTHONPYCACHEPREFIX=/var/tmp/pycache PYTHONUNBUFFERED=1
cd /share/project
{python} {words} 2>&1 | sed -u 's/^/{mark}/'
systemctl --no-block poweroff
"""


@dataclass(frozen=True)
class Machine:
    """A kind of virtual machine.

    Attributes:
        emulator: the program that emulates it.
        board: the emulator's words for the board and its processor.
        console: the kernel's name of its serial port.
        debian: what is on its disk.
        target: what wheels are for it.
    """

    emulator: str
    board: tuple[str, ...]
    console: str
    debian: Debian
    target: Target


MACHINES = {
    "x86_64": Machine(
        "qemu-system-x86_64",
        ("-machine", "q35", "-cpu", "max"),
        "ttyS0",
        Debian("trixie", "amd64", ("linux-image-amd64", *PACKAGES)),
        Target("3.13", "x86_64", 41),
    ),
    "aarch64": Machine(
        "qemu-system-aarch64",
        ("-machine", "virt", "-cpu", "cortex-a72"),
        "ttyAMA0",
        Debian("trixie", "arm64", ("linux-image-arm64", *PACKAGES)),
        Target("3.13", "aarch64", 41),
    ),
}


@dataclass(frozen=True)
class Ended:
    """What a machine left behind.

    Attributes:
        out: the folder the script wrote to.
        console: what the script said.
        sound: what its sound card played, a WAV file.
    """

    out: Path
    console: str
    sound: Path


@contextlib.contextmanager
def share_of(machine: Machine, words: Sequence[str], *, installed: bool) -> Iterator[Path]:
    """A folder that the machine sees as ``/share``: this checkout, wheels, and what to run.

    Args:
        machine: which.
        words: what Python is to run there.
        installed: by the Python of the installed service, not with this checkout.
    """
    with tempfile.TemporaryDirectory(prefix="playbach-vm-") as name:
        share = Path(name)
        (share / "out").mkdir()
        (share / "wheels").mkdir()
        board_wheels(share / "wheels", machine.target)
        for wheel in (share / "wheels").glob("*.whl"):
            with zipfile.ZipFile(wheel) as packed:
                packed.extractall(share / "site")
        copy_checkout(share / "project")
        run = RUN.format(
            path="/share/project" if installed else CHECKOUT,
            python="/opt/playbach/current/bin/python" if installed else "python3",
            words=shlex.join(words),
            mark=MARK,
        )
        (share / "run.sh").write_text(run, encoding="utf-8")
        yield share


def copy_checkout(folder: Path) -> None:
    """Copy the files of this checkout, without what git ignores."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def boot(machine: Machine, disk: Path, share: Path) -> Ended:
    """Boot, let the unit in the machine run, and wait until it has powered off.

    Raises:
        NeedError: it does not power off in time; the line says where its console was kept.
    """
    kernels = machine.debian.folder / "boot"
    (kernel,), (initrd,) = kernels.glob("vmlinuz-*"), kernels.glob("initrd.img-*")
    sound, console = share / "sound.wav", share / "console.txt"
    words = [
        machine.emulator, *machine.board, "-accel", "tcg", "-smp", "1", "-m", "1024",
        # Its clock counts instructions, 2 ns each, so what else runs here disturbs no timing. That
        # takes a single processor: several would run in turn, each late to its interrupts.
        "-icount", "shift=1,sleep=off",
        "-display", "none", "-monitor", "none", "-serial", f"file:{console}", "-no-reboot",
        "-kernel", kernel, "-initrd", initrd,
        "-append", f"root=/dev/vda rw console={machine.console} quiet",
        "-drive", f"file={disk},if=virtio,format=raw,snapshot=on",
        "-virtfs", f"local,path={share},mount_tag=share,security_model=none",
        "-audiodev", f"wav,id=sound,path={sound}",
        "-device", "intel-hda", "-device", "hda-output,audiodev=sound", "-nic", "none",
    ]  # fmt: skip
    try:
        # Whatever becomes of this process, the machine goes with it.
        subprocess.run(
            ["setpriv", "--pdeathsig", "KILL", "nice", "-n", "5", *map(str, words)],
            stdin=subprocess.DEVNULL, timeout=PATIENCE, capture_output=True, check=True,
        )  # fmt: skip
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        kept = shutil.copy(console, Path(tempfile.gettempdir()) / "playbach-vm-console.txt")
        raise NeedError(f"the machine did not end well ({error}); its console: {kept}") from error
    said = re.findall(rf"{MARK}(.*)", console.read_text(errors="replace").replace("\r", ""))
    return Ended(share / "out", "\n".join(said), sound)


@contextlib.contextmanager
def ran(machine: Machine, words: Sequence[str], *, installed: bool = False) -> Iterator[Ended]:
    """What running ``words`` by Python in the machine left behind, for as long as this lasts.

    Args:
        machine: which.
        words: a script, relative to the checkout, and its words.
        installed: with the service installed in the machine; it starts at boot, as ever.
    """
    need("debootstrap", "unshare", "mke2fs", machine.emulator)
    with contextlib.ExitStack() as stack:
        if machine.debian.arch == "arm64":
            need("qemu-aarch64-static")
            stack.enter_context(arm_programs())
        share = stack.enter_context(share_of(machine, words, installed=installed))
        debian = machine.debian
        disk = installed_disk(debian, share) if installed else disk_of(debian)
        yield boot(machine, disk, share)


def run(kind: str, words: list[str], sound: Path | None) -> int:
    """Run a script and print what it said and wrote."""
    with ran(MACHINES[kind], words) as left:
        print(left.console)
        for path in sorted(left.out.iterdir()):
            print(f"{path.name}: {json.dumps(path.read_text(errors='replace'))[:400]}")
        if sound is not None:
            shutil.copy(left.sound, sound)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--machine", choices=MACHINES, default="x86_64")
    parser.add_argument("--sound", type=Path, help="keep here what the sound card played")
    parser.add_argument(
        "words", nargs="+", help="the script, relative to the checkout, and its words"
    )
    options = parser.parse_args()
    return ended(lambda: run(options.machine, options.words, options.sound), "vm")


if __name__ == "__main__":
    sys.exit(main())
