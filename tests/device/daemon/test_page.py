"""The music of the service does not depend on its page."""

from __future__ import annotations

import logging
import socket

import pytest
from tests.device.session.conftest import Play, play, until

from playbach.daemon.page import Page
from playbach.page_address import Address
from playbach.web.server import Site

__all__ = ["play"]


def test_an_address_that_is_taken_is_said_and_the_music_goes_on(
    play: Play,
    caplog: pytest.LogCaptureFixture,
) -> None:
    logging.getLogger("playbach.daemon.page").disabled = False
    with socket.create_server(("127.0.0.1", 0)) as taken, play() as (session, listener):
        page = Page(session, Site(Address("127.0.0.1", taken.getsockname()[1])))
        page.start()
        assert page.error is None
        until(lambda: listener.notes, "music")
        page.stop()
    assert "cannot be opened: Address already in use" in caplog.text
    assert "goes on without a page" in caplog.text


def test_where_it_is_served_is_said_without_its_token(
    play: Play,
    caplog: pytest.LogCaptureFixture,
) -> None:
    logging.getLogger("playbach.daemon.page").disabled = False
    caplog.set_level(logging.INFO)
    with play() as (session, _):
        page = Page(session, Site(Address("0.0.0.0", 0), token="a secret of tests"))  # noqa: S104, S106
        page.start()
        page.stop()
    assert f":{page.port}/" in caplog.text
    assert "secret" not in caplog.text
