"""A session on networks that say symbols: heard, steered, and changed for another."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.device.session.conftest import Play, until
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.session.session import Session


def form_and_key(session: Session) -> tuple[str, str] | None:
    movement = session.status().playing.movement
    return None if movement is None else (movement.form.name, str(movement.key))


@pytest.mark.parametrize("name", ["melody", "timed", "phrases"])
def test_form_and_key_can_be_changed_while_it_plays(
    play: Play, symbol_bundles: Path, name: str
) -> None:
    bundle = str(symbol_bundles / f"{name}.bundle")
    with play({"bundle": bundle, "form": "allemande"}) as (session, listener):
        until(lambda: len(listener.notes) > 3, "notes")
        status = session.status()
        assert (status.model, status.variant) == (name, "float32")
        session.change({"form": "gigue", "key": "f minor", "temperature": 0.7})
        until(lambda: form_and_key(session) == ("gigue", "F minor"), "a gigue in F minor")
        count = len(listener.notes)
        until(lambda: len(listener.notes) > count + 3, "its notes")


def test_a_network_takes_over_from_one_of_another_kind(play: Play, symbol_bundles: Path) -> None:
    with play({"tempo": 400}) as (session, listener):
        until(lambda: listener.notes, "a note")
        for path in (symbol_bundles / "phrases.bundle", symbol_bundles / "timed.bundle"):
            session.change({"bundle": str(path)})
            assert session.status().model == path.stem
            count = len(listener.notes)
            until(lambda count=count: len(listener.notes) > count + 5, "notes")  # type: ignore[misc]
        session.change({"bundle": str(TINY_BUNDLE)})
        assert session.status().model == "tiny"
