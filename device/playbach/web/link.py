"""The link by which a page is opened, and the token in it, kept over a restart."""

from __future__ import annotations

import io
import os
import re
import socket
from pathlib import Path

from playbach.address import Address
from playbach.errors import OutputError
from playbach.files import write_atomically
from playbach.web.access import new_token

NAME = "page-token"
"""The file of the state folder that holds the token."""
_TOKEN = re.compile(r"[\w-]{20,60}", re.ASCII)
_MOST_BYTES = 100
_AVAHI = Path("/run/avahi-daemon/socket")
_ELSEWHERE = ("192.0.2.1", 9)
"""An address for documentation (RFC 5737): nothing is sent to it."""


def kept_token(folder: Path) -> str:
    """The token of the state folder; a new one if there is none, or none that can be used.

    Raises:
        OutputError: it cannot be read or written.
    """
    path = folder / NAME
    try:
        if path.is_file() and path.stat().st_size <= _MOST_BYTES:
            text = path.read_bytes().decode("ascii", "replace").strip()
            if _TOKEN.fullmatch(text):
                return text
        folder.mkdir(parents=True, exist_ok=True)
        token = new_token()
        write_atomically(path, f"{token}\n".encode(), force=True)
        path.chmod(0o600)
        if os.geteuid() == 0:
            # The service's own, whoever asks first: its user is the folder's.
            os.chown(path, folder.stat().st_uid, folder.stat().st_gid)
    except OSError as error:
        raise OutputError(
            f"{path}: the page's token cannot be kept here: {error.strerror}; check who may use it"
        ) from error
    return token


def link(
    address: Address,
    port: int,
    token: str | None,
    name: str | None = None,
    *,
    secure: bool = False,
) -> str:
    """The URL of the page. The token is in the fragment, which browsers do not send.

    Args:
        address: as configured; all addresses become the one that others reach this machine by.
        port: where the page is served.
        token: ``None`` where none is needed.
        name: a host to be used instead of the one found out.
        secure: whether it is served over HTTPS.
    """
    host = name or (_own_address(address.host) if address.is_any else address.host)
    if ":" in host:
        host = f"[{host}]"
    return f"http{'s' if secure else ''}://{host}:{port}/" + (f"#{token}" if token else "")


def qr_code(text: str) -> str:
    """``text`` as a QR code of half blocks, for a terminal with a dark or light background."""
    import segno  # noqa: PLC0415 only who shows a code needs it

    out = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(out, border=2, compact=True)
    return out.getvalue()


def local_name() -> str | None:
    """The name by which mDNS knows this machine, ``None`` where nothing answers for it."""
    return f"{socket.gethostname()}.local" if _AVAHI.exists() else None


def _own_address(any_address: str) -> str:
    """The address of the interface by which this machine reaches others."""
    family = socket.AF_INET6 if ":" in any_address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            target = ("2001:db8::1", 9) if family == socket.AF_INET6 else _ELSEWHERE
            probe.connect(target)
            return str(probe.getsockname()[0])
    except OSError:
        return f"{socket.gethostname()}.local"
