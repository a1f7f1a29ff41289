"""The link opens the page; its token survives a restart and goes to nobody else."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from playbach.address import Address
from playbach.errors import OutputError
from playbach.web.link import NAME, kept_token, link, qr_code


def test_a_token_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    token = kept_token(folder)
    assert kept_token(folder) == token
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 30, b"a" * 5_000, b"a b" * 10])
def test_a_damaged_token_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    token = kept_token(tmp_path)
    assert token.encode() != content
    assert kept_token(tmp_path) == token


def test_a_state_folder_that_cannot_be_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="page's token"):
        kept_token(tmp_path / "file" / "state")


def test_links() -> None:
    assert link(Address("127.0.0.1", 0), 8420, None) == "http://127.0.0.1:8420/"
    assert link(Address("::1", 0), 80, "secret") == "http://[::1]:80/#secret"
    everybody = link(Address("0.0.0.0", 0), 8420, "secret")  # noqa: S104 only its name
    assert re.fullmatch(r"http://[^0/:][^/:]*:8420/#secret", everybody)
    assert "0.0.0.0" not in everybody  # noqa: S104 as above


def test_a_link_fits_a_small_terminal_as_a_code() -> None:
    lines = qr_code("http://192.168.100.200:8420/#" + 22 * "x").splitlines()
    assert 10 < len(lines) < 24
    assert max(map(len, lines)) < 80
