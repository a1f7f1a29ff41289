"""Opening the service's page to the local network, and closing it: ``playbach page --open``.

Two doors are opened, so that neither is open by accident: the address that the service listens at,
in its configuration, and the addresses that systemd lets through, in a drop-in of the unit.
"""

from __future__ import annotations

import shutil
import subprocess
import time
import tomllib
from pathlib import Path

from playbach.address import DEFAULT_PORT, Address, parse_address
from playbach.config.reader import line_numbers, load_config
from playbach.errors import InputError, OutputError
from playbach.files import read_toml, write_atomically
from playbach.web.link import NAME

SERVICE_CONFIG = Path("/etc/playbach/config.toml")
SERVICE_STATE = Path("/var/lib/playbach")
DROP_IN = Path("/etc/systemd/system/playbach.service.d/page.conf")
PRIVATE = "192.168.0.0/16 172.16.0.0/12 10.0.0.0/8 169.254.0.0/16 fc00::/7 fe80::/10"
"""Networks that are not the internet: RFC 1918, 3927 and 4193, and link-local addresses."""
_ANY = "0.0.0.0"  # noqa: S104 asked for, and then with a token
_UNIT = "playbach.service"
_PATIENCE = 15.0
"""Seconds in which the service, started again, has written its token down."""


def open_page(config: Path) -> None:
    """Let the local network in, and start the service again if it runs.

    Raises:
        InputError: the configuration is not as it must be, or is written in a way of its own.
        OutputError: something cannot be written; mostly for want of ``sudo``.
    """
    port = _port(config)
    _set_address(config, str(Address(_ANY, port)))
    _write(DROP_IN, f"# Made by 'playbach page --open'.\n[Service]\nIPAddressAllow={PRIVATE}\n")
    _apply()


def close_page(config: Path) -> None:
    """Let only this machine in, as before ``open_page``; errors as there."""
    port = _port(config)
    _set_address(config, str(Address(port=port)))
    try:
        DROP_IN.unlink(missing_ok=True)
    except OSError as error:
        raise _refused(DROP_IN, error) from error
    _apply()


def with_address(text: str, address: str) -> str:
    """A configuration with ``address`` in its section ``[page]``, and otherwise as it was."""
    line = f'address = "{address}"'
    lines, places = text.splitlines(), line_numbers(text)
    if ("page", "address") in places:
        lines[places["page", "address"] - 1] = line
    elif ("page",) in places:
        lines.insert(places["page",], line)
    else:
        lines += ["", "[page]", line]
    return "\n".join(lines) + "\n"


def wait_for_token(state: Path) -> None:
    """Give a service that was just started the time to make its token."""
    deadline = time.monotonic() + _PATIENCE
    while _is_active() and not (state / NAME).exists() and time.monotonic() < deadline:
        time.sleep(0.1)


def _port(config: Path) -> int:
    address = load_config(config).config.page.address
    try:
        return parse_address(address).port
    except InputError:
        return DEFAULT_PORT  # it was off


def _set_address(config: Path, address: str) -> None:
    text = with_address(read_toml(config)[0], address)
    if tomllib.loads(text).get("page", {}).get("address") != address:
        raise InputError(f'{config}: write address = "{address}" under [page] by hand')
    _write(config, text)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode(), force=True)
        path.chmod(0o644)
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> OutputError:
    help_ = "try again with sudo" if isinstance(error, PermissionError) else "look at the disk"
    return OutputError(f"{path}: cannot be written: {error.strerror}; {help_}")


def _apply() -> None:
    if Path("/run/systemd/system").is_dir():
        for words in (["daemon-reload"], ["try-restart", _UNIT]):
            subprocess.run([_systemctl(), *words], check=False)  # noqa: S603 constant words


def _is_active() -> bool:
    asked = [_systemctl(), "is-active", "--quiet", _UNIT]
    if not Path("/run/systemd/system").is_dir():
        return False
    return subprocess.run(asked, check=False).returncode == 0  # noqa: S603 constant words


def _systemctl() -> str:
    return shutil.which("systemctl") or "/usr/bin/systemctl"
