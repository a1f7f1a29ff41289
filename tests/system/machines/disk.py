"""Disks of virtual machines: a Debian that runs ``/share/run.sh``, the service in it or not."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.system.machines.debian import Debian, digest, locked, root_of
from tests.system.machines.needs import PATH, NeedError

PATIENCE = 1200
SIZE = "3G"
UNIT = """\
[Unit]
Description=What the system test runs
RequiresMountsFor=/share
Wants=modprobe@snd_seq.service modprobe@snd_hda_intel.service
After=modprobe@snd_seq.service modprobe@snd_hda_intel.service

[Service]
Type=oneshot
ExecStart=/bin/sh /share/run.sh
StandardOutput=journal+console
StandardError=journal+console

[Install]
WantedBy=multi-user.target
"""
UNIT_PATH = "etc/systemd/system/playbach-test.service"
FILES = {
    UNIT_PATH: UNIT,
    "etc/fstab": "share /share 9p trans=virtio,version=9p2000.L,msize=262144 0 0\n",
    "etc/hostname": "playbach-test\n",
    "share/.mounted-here": "",
}
LINKS = {"etc/systemd/system/multi-user.target.wants/playbach-test.service": f"/{UNIT_PATH}"}

# Over the root file system $1 lies a layer in $2 that takes all changes; $3 is the share, $4 the
# disk to be made, $5 its size.
INSTALL = """\
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/merged"
mount --bind "$3" "$2/merged/share"
mount -t proc proc "$2/merged/proc"
export PIP_NO_INDEX=1 PIP_FIND_LINKS=/share/wheels
chroot "$2/merged" make -C /share/project install
chroot "$2/merged" systemctl enable playbach playbach-synth
umount "$2/merged/proc" "$2/merged/share"
mke2fs -q -F -t ext4 -d "$2/merged" "$4" "$5"
"""


def disk_of(debian: Debian) -> Path:
    """A disk with ``debian`` and ``FILES`` on it, made now if it is not in the cache.

    Raises:
        NeedError: it cannot be made.
    """
    root = root_of(debian)
    disk = root.with_name(f"{root.name}-{digest(repr((FILES, LINKS)))}.img")
    with locked(disk):
        if not disk.exists():
            _add_files(root)
            partial = disk.with_name(f"{disk.name}.partial")
            _run("mke2fs", "-q", "-F", "-t", "ext4", "-d", root, partial, SIZE)
            partial.rename(disk)
    return disk


def installed_disk(debian: Debian, share: Path) -> Path:
    """A disk as ``disk_of``'s, with the service installed and enabled as a user would do it.

    Args:
        debian: what it is installed on.
        share: holds this project in ``project`` and what it needs in ``wheels``; the disk is left
            there.

    Raises:
        NeedError: ``make install`` fails; its last line is in it.
    """
    root = root_of(debian)
    _add_files(root)
    layer, disk = share / "layer", share / "disk.img"
    for name in ("upper", "work", "merged"):
        (layer / name).mkdir(parents=True)
    # What is mounted is gone with the namespace, however this ends.
    apart = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--fork", "--kill-child")
    _run(*apart, "sh", "-euc", INSTALL, "sh", root, layer, share, disk, SIZE)
    return disk


def _add_files(root: Path) -> None:
    for name in (*FILES, *LINKS):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).unlink(missing_ok=True)
    for name, content in FILES.items():
        (root / name).write_text(content, encoding="utf-8")
    for name, target in LINKS.items():
        (root / name).symlink_to(target)


def _run(*words: str | Path) -> None:
    done = subprocess.run(
        [str(word) for word in words],
        capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL, check=False,
        env={"PATH": PATH, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["failed"]
        raise NeedError(f"{words[-2] if words[0] == 'mke2fs' else 'make install'}: {lines[-1]}")
