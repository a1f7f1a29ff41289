"""Passes what the session announces on to every open page; waits for none of them.

One task takes the session's events and puts each message, written once, into a short queue per
page. A page that does not read loses its connection, not the others their messages.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from playbach.session.events import Subscription
from playbach.session.session import Session
from playbach.session.status import Event, NoteAhead, Withdrawn
from playbach.web.views import StatusView, notes_view, status_view

MOST_PAGES = 64
"""Pages open at a time."""
MOST_WAITING = 128
"""Messages kept for a page that does not read."""
_KEPT = 400
"""Notes that a newly opened page is told of at most, so that it has something to draw."""
_REMEMBERED = 20.0
"""Seconds after which a note is too old for that."""
_TOGETHER = 0.02
"""Seconds for which events are gathered into one message."""
_STATUS_EVERY = 0.5
"""Seconds between looks at the status while nothing is announced."""


class Page:
    """What one open page has not been sent yet."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self.is_slow = False
        """Whether it has not read for so long that messages are lost."""
        self.is_over = asyncio.Event()
        """Set when nothing more will come."""

    def put(self, message: str) -> None:
        """Queue a message."""
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            self.is_slow = True
            self.is_over.set()

    async def next(self) -> str:
        """The next message to be sent."""
        return await self._waiting.get()


class Hub:
    """All open pages. To be used from its event loop only."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._pages: set[Page] = set()
        self._notes: deque[NoteAhead] = deque(maxlen=_KEPT)
        self._changed = asyncio.Event()
        self._last_status: Mapping[str, Any] = {}
        self._refused = 0

    @property
    def pages(self) -> int:
        """How many are open."""
        return len(self._pages)

    def status(self) -> StatusView:
        """How things are."""
        return status_view(self._session.status(), self._session.now(), self.pages, self._refused)

    def refused(self) -> None:
        """A request was refused."""
        self._refused += 1

    def now(self) -> float:
        """Seconds on the session's clock, to which all times here refer."""
        return self._session.now()

    def join(self) -> Page | None:
        """A page was opened; ``None`` if there are too many."""
        if len(self._pages) >= MOST_PAGES:
            return None
        page = Page()
        self._pages.add(page)
        page.put(_message("status", self.status()))
        since = self.now() - _REMEMBERED
        page.put(_message("notes", {"notes": notes_view([n for n in self._notes if n.at > since])}))
        return page

    def leave(self, page: Page) -> None:
        """A page was closed."""
        self._pages.discard(page)

    def close(self) -> None:
        """The server ends: so do all pages."""
        for page in self._pages:
            page.is_over.set()

    async def run(self) -> None:
        """Pass on events until cancelled."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._changed.set)

        with self._session.subscribe(wake) as subscription:
            while True:
                await self._pass_on(subscription)

    async def _pass_on(self, subscription: Subscription) -> None:
        try:
            async with asyncio.timeout(_STATUS_EVERY):
                await self._changed.wait()
            await asyncio.sleep(_TOGETHER)
        except TimeoutError:
            pass
        self._changed.clear()
        for message in self._messages(subscription.take()):
            self._send(message)
        status = self.status()
        if self._is_news(status):
            self._last_status = status
            self._send(_message("status", status))

    def _messages(self, events: Sequence[Event]) -> list[str]:
        """Notes and withdrawals in the order they came; notes that follow one another together."""
        messages = []
        notes: list[NoteAhead] = []
        for event in events:
            if isinstance(event, NoteAhead):
                notes.append(event)
                self._notes.append(event)
            elif isinstance(event, Withdrawn):
                messages += _of_notes(notes)
                notes = []
                messages.append(_message("withdrawn", {"after": event.after}))
                kept = [note for note in self._notes if note.at < event.after]
                self._notes = deque(kept, maxlen=_KEPT)
        return messages + _of_notes(notes)

    def _is_news(self, status: Mapping[str, Any]) -> bool:
        moving = ("now", "uptime", "lateness", "refused")
        before = self._last_status
        return any(status[key] != before.get(key) for key in status if key not in moving) or (
            status["now"] - before["now"] > 2  # noqa: PLR2004 seconds, so that a page sees life
        )

    def _send(self, message: str) -> None:
        for page in self._pages:
            page.put(message)


def _of_notes(notes: Sequence[NoteAhead]) -> list[str]:
    return [_message("notes", {"notes": notes_view(notes)})] if notes else []


def _message(kind: str, content: Mapping[str, object]) -> str:
    return json.dumps({"type": kind, **content}, separators=(",", ":"), allow_nan=False)
