"""The page as a part of the service: the music does not depend on it."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

from playbach.errors import OutputError, PortError
from playbach.page_address import Address
from playbach.session.session import Session
from playbach.web.access import new_token
from playbach.web.link import kept_token, link
from playbach.web.server import Site, WebServer

_LOG = logging.getLogger(__name__)


class Page:
    """A page that is missing rather than in the way while its address cannot be had."""

    name = "page"

    def __init__(self, session: Session, site: Site) -> None:
        """Prepare; nothing is opened yet."""
        self._session = session
        self._site = site
        self._server = WebServer(session, site)
        self._is_served = False

    @property
    def error(self) -> BaseException | None:
        """What ended its thread, ``None`` as long as all is well."""
        return self._server.error

    @property
    def port(self) -> int:
        """Where it is served, if it is."""
        return self._server.port

    def start(self) -> None:
        """Serve, or say in the log and the status why not."""
        try:
            self._serve()
        except PortError as error:
            self._session.report("page", f"there is no page: {error}")

    def stop(self) -> None:
        """End; may be called again."""
        self._server.stop()

    def retry(self) -> bool:
        """Serve it if that was not possible before; whether it is served."""
        if not self._is_served:
            # A server is started once.
            self._server = WebServer(self._session, self._site)
            with suppress(PortError):
                self._serve()
        return self._is_served

    def _serve(self) -> None:
        self._server.start()
        self._is_served = True
        self._session.report("page", "")
        where = link(self._site.address, self.port, None)
        _LOG.info("page at %s; 'playbach page' prints its link", where)


def token_of(address: Address, state: Path, session: Session) -> str | None:
    """The token without which the page is not to be read; ``None`` where none is needed.

    Where it cannot be kept in the folder ``state``, it is one for this run alone, which is said.
    """
    if address.is_loopback:
        return None
    try:
        return kept_token(state)
    except OutputError as error:
        session.report(
            "token", f"{error}; until the next start the page has a token that nobody can be told"
        )
        return new_token()
