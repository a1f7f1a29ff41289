"""The movement that is heard can be had in writing, bar by bar, before it is heard."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from tests.device.web.conftest import Serve, Served, talk, until

from playbach.music.form import FORMS
from playbach.music.key import parse_key
from playbach.music.meter import parse_meter
from playbach.music.note import Note, Pitch, Ticks
from playbach.session.written import present
from playbach.stream import Movement, MovementEnd, Seconds

FIRST, SECOND = (
    Movement(1, place, FORMS[0], parse_key("D minor"), parse_meter("4/4"), 60.0) for place in (1, 2)
)
BAR = FIRST.meter.bar_ticks
NOTES = [Note(Ticks(BAR // 2 * i), Pitch(50 + i), Ticks(BAR // 2)) for i in range(6)]


@pytest.mark.parametrize(
    ("heard", "passed", "items", "notes", "bars"),
    [
        # What has passed, what is handed over, and what is composed; the last bar may go on.
        (FIRST, (FIRST, NOTES[:2]), NOTES[2:], 6, 2),
        # A note that passes meanwhile is told of twice.
        (FIRST, (FIRST, NOTES[:4]), [*NOTES[2:], MovementEnd(Ticks(3 * BAR), Seconds(1))], 6, 3),
        # The next movement is composed already.
        (FIRST, (FIRST, NOTES[:5]), [NOTES[5], SECOND, *NOTES], 6, 2),
        # It begins just now: the one before has passed, or its beginning has meanwhile.
        (SECOND, (FIRST, NOTES), [SECOND, *NOTES[:3]], 3, 1),
        (SECOND, (SECOND, NOTES[:1]), [NOTES[5], SECOND, *NOTES[:3]], 3, 1),
    ],
)
def test_what_is_composed_of_a_movement_is_found(
    heard: Movement, passed: Any, items: Any, notes: int, bars: int
) -> None:
    found = present(heard, passed, items)
    assert found is not None
    assert (found.movement, len(found.notes), found.bars) == (heard, notes, bars)


def test_nothing_is_found_of_a_movement_that_is_not_composed() -> None:
    assert present(None, (None, []), []) is None
    assert present(SECOND, (FIRST, NOTES), []) is None


def _last(served: Served) -> int:
    found = served.session.bars(range(3), 600)
    return found.numbers[-1] if found and found.numbers else 0


def test_bars_are_engraved_before_they_are_heard(serve: Serve) -> None:
    pytest.importorskip("verovio")

    async def ask(client: aiohttp.ClientSession) -> list[Any]:
        said = []
        for query in ("first=0&bars=3&width=600", "first=900&bars=8&width=600", "first=1"):
            async with client.get(f"/api/v1/bars?{query}") as answer:
                said.append(await answer.json())
        return said

    # So slow that the first bars are still to be heard.
    with serve(settings={"tempo": 10, "form": "gigue"}) as served:
        until(lambda: _last(served) >= 2, "bars ahead")
        assert served.session.status().playing.bar < 2
        first, none, refused = talk(served, ask)
    assert first["movement"].endswith("Gigue")
    assert first["numbers"][-1] >= 2
    assert first["svg"].count('class="measure"') == len(first["numbers"])
    assert (none["numbers"], none["svg"]) == ([], "")
    assert "bars ''" in refused["error"]
