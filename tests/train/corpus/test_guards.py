"""No score holds up the reading of a corpus for long."""

import signal
import threading
from pathlib import Path

import pytest
from tests.train.corpus.scores import write

from playbach.errors import InputError
from playbach_train.corpus import guards
from playbach_train.corpus.folder import read_score
from playbach_train.corpus.records import Skipped


def endless() -> None:
    while True:
        # A parser's own catch-all must not swallow the end of its time.
        try:
            sum(range(1000))
        except Exception:  # noqa: BLE001, S112 that is what is shown here
            continue


def test_work_that_never_ends_is_given_up() -> None:
    with pytest.raises(InputError, match="given up after 0 seconds of processor time"):
        guards.within(0.05, endless)


def test_work_that_ends_gives_its_result_and_leaves_no_timer() -> None:
    before = signal.getsignal(signal.SIGPROF)
    assert guards.within(5, lambda: 42) == 42
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
    assert signal.getsignal(signal.SIGPROF) == before


def test_waiting_for_a_busy_machine_is_not_counted() -> None:
    assert guards.within(0.1, lambda: threading.Event().wait(0.3)) is False


def test_outside_the_main_thread_there_is_no_limit() -> None:
    results: list[int] = []
    thread = threading.Thread(target=lambda: results.append(guards.within(0.01, lambda: 42)))
    thread.start()
    thread.join()
    assert results == [42]


def test_a_tune_with_an_absurd_length_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards, "BASE_SECONDS", 0.5)
    tune = "X:1\nM:4/4\nL:1/4\nK:C\nCDE9999999999|FG|\n"
    (outcome,) = read_score(write(tmp_path, "long.abc", tune), "long", "test")
    assert isinstance(outcome, Skipped)
    assert "long.abc: long: " in outcome.reason
