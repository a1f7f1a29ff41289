"""What tests of several packages of the device share."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture
def unsettled() -> Iterator[None]:
    """Undoes ``settle_process`` for the tests that follow."""
    before = sys.getswitchinterval()
    yield
    gc.unfreeze()
    sys.setswitchinterval(before)
