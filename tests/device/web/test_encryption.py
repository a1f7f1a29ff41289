"""The page over HTTPS, with a certificate of one's own."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import aiohttp
import pytest
from tests.device.session.conftest import Play

from playbach.address import Address
from playbach.errors import PortError
from playbach.web.link import link
from playbach.web.server import Site, WebServer

TOKEN = "a-token-of-enough-letters"  # noqa: S105 it opens nothing
HERE = Address("127.0.0.1", 0)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine, and its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    path = tmp_path_factory.mktemp("certificate") / "page.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x"
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    files: list[str | Path] = ["-keyout", path, "-out", path.with_suffix(".crt")]
    subprocess.run(["openssl", *words.split(), *names, *files], capture_output=True, check=True)
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


def test_the_page_is_served_over_https(play: Play, certificate: Path) -> None:
    async def talk(base: str) -> tuple[int, str, str]:
        trusted = ssl.create_default_context(cafile=str(certificate))
        async with aiohttp.ClientSession() as client:
            page = await client.get(base, ssl=trusted)
            login = await client.post(f"{base}api/v1/login", json={"token": TOKEN}, ssl=trusted)
            socket = await client.ws_connect(
                f"{base}api/v1/stream", ssl=trusted, headers={"Authorization": f"Bearer {TOKEN}"}
            )
            first = await socket.receive(10)
            await socket.close()
            answers = page.status, login.headers["Set-Cookie"], str(first.data)
        # As aiohttp's manual has it: TLS says goodbye after the session is closed.
        await asyncio.sleep(0.3)
        return answers

    with play(None) as (session, _):
        server = WebServer(session, Site(HERE, TOKEN, certificate=certificate))
        server.start()
        try:
            base = link(HERE, server.port, None, secure=True)
            assert base.startswith("https://")
            status, cookie, said = asyncio.run(talk(base))
        finally:
            server.stop()
    assert status == 200
    assert "; Secure" in cookie
    assert said.startswith("{")


def test_a_certificate_that_cannot_be_used_is_one_line(play: Play, tmp_path: Path) -> None:
    wrong = tmp_path / "page.pem"
    wrong.write_text("no certificate")
    with play(None) as (session, _):
        for path in (wrong, tmp_path / "missing.pem"):
            server = WebServer(session, Site(HERE, certificate=path))
            with pytest.raises(PortError, match=r"page certificate .*: cannot be used: .*PEM file"):
                server.start()
            server.stop()
