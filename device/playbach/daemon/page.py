"""The page as a part of the service: the music does not depend on it."""

from __future__ import annotations

import logging

from playbach.errors import PortError
from playbach.web.link import link
from playbach.web.server import WebServer

_LOG = logging.getLogger(__name__)


class Page(WebServer):
    """A server that is missing rather than in the way if its address cannot be had."""

    def start(self) -> None:
        """Serve, or say in the log why not."""
        try:
            super().start()
        except PortError as error:
            _LOG.error("%s; the music goes on without a page", error)
        else:
            where = link(self.site.address, self.port, None)
            _LOG.info("page at %s; 'playbach page' prints its link", where)
