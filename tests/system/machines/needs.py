"""What a system test needs of this machine; what is missing is said in one line."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from types import FrameType

from playbach.errors import PlaybachError

PACKAGES = {
    "debootstrap": "debootstrap",
    "unshare": "util-linux",
    "mke2fs": "e2fsprogs",
    "qemu-aarch64-static": "qemu-user-static",
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-system-aarch64": "qemu-system-arm",
}
"""Program -> the Debian package that has it."""
PATH = os.pathsep.join(("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin"))
"""Also where Debian keeps programs of the administrator, which a user's PATH leaves out."""


class NeedError(PlaybachError):
    """This machine lacks something, or one of its programs failed."""


def need(*programs: str) -> None:
    """Make sure of being root on a machine that has ``programs``, all of them in ``PACKAGES``.

    Raises:
        NeedError: something is missing; the line says what to do.
    """
    missing = [name for name in programs if shutil.which(name, path=PATH) is None]
    if missing:
        packages = " ".join(dict.fromkeys(PACKAGES[name] for name in missing))
        raise NeedError(f"{', '.join(missing)} is missing; on Debian: apt install {packages}")
    if os.geteuid() != 0:
        raise NeedError("making a Debian and entering it takes root; run this again as root")


def ended(test: Callable[[], int], name: str) -> int:
    """The exit status of ``test``: its own, or 2 with one line on stderr if it cannot be run.

    A signal that ends it is an exception, so that whatever it began is undone on the way out.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        return test()
    except PlaybachError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 2


def _leave(number: int, frame: FrameType | None) -> None:
    del frame
    sys.exit(128 + number)
