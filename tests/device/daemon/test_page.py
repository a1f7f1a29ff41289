"""The music of the service does not depend on its page."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import pytest
from tests.device.session.conftest import Play, play, until

from playbach.address import Address
from playbach.daemon.page import page_component, token_of
from playbach.web.server import Site

__all__ = ["play"]


def test_an_address_that_is_taken_is_waited_for_and_the_music_goes_on(play: Play) -> None:
    with play() as (session, listener):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            page = page_component(session, Site(Address("127.0.0.1", taken.getsockname()[1])))
            page.start()
            assert page.error is None
            until(lambda: listener.notes, "music")
            assert not page.retry()
            (problem,) = session.status().problems
        assert problem.startswith(
            f"there is no page: page address 127.0.0.1:{page.component.port}: cannot"
        )
        assert page.retry()
        assert session.status().problems == ()
        socket.create_connection(("127.0.0.1", page.component.port)).close()
        assert page.retry()
        page.stop()


def test_a_token_that_cannot_be_kept_is_one_for_this_run_and_told_to_nobody(
    play: Play, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    everybody = Address("0.0.0.0", 0)  # noqa: S104 only its name
    with play() as (session, _):
        token = token_of(everybody, tmp_path / "file" / "state", session)
        other = token_of(everybody, tmp_path / "file" / "state", session)
        (problem,) = session.status().problems
    assert "page-token: the page's token cannot be kept here" in problem
    assert token is not None
    assert len(token) >= 20
    assert token != other
    assert token not in problem
    assert token not in caplog.text


def test_where_it_is_served_is_said_without_its_token(
    play: Play,
    caplog: pytest.LogCaptureFixture,
) -> None:
    logging.getLogger("playbach.daemon.patient").disabled = False
    caplog.set_level(logging.INFO)
    with play() as (session, _):
        page = page_component(session, Site(Address("0.0.0.0", 0), token="a secret of tests"))  # noqa: S104, S106
        page.start()
        page.stop()
    assert f":{page.component.port}/" in caplog.text
    assert "secret" not in caplog.text
