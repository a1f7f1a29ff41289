"""The page as a component of the service: music plays without it."""

from __future__ import annotations

from pathlib import Path

from playbach.address import Address
from playbach.daemon.patient import Patient
from playbach.errors import OutputError
from playbach.session.session import Session
from playbach.web.access import new_token
from playbach.web.link import kept_token, link
from playbach.web.server import Site, WebServer


def page_component(session: Session, site: Site) -> Patient[WebServer]:
    """The page's server; where its address is taken, the service goes on without and retries."""

    def announced(server: WebServer) -> str:
        # Its token is a secret, and the log none.
        where = link(site.address, server.port, None, secure=site.certificate is not None)
        return f"page at {where}; 'playbach page' prints its link"

    return Patient(session, lambda: WebServer(session, site), "there is no page", announced)


def token_of(address: Address, state: Path, session: Session) -> str | None:
    """The token that the page requires; ``None`` on loopback, where none is needed.

    If it cannot be kept in the folder ``state``, the token is of this run alone, and a problem is
    reported.
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
