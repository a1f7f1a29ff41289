"""Work spread over processes."""

from __future__ import annotations

import operator
import os
import signal
from functools import partial
from itertools import count, islice

import pytest

from playbach.processes import ProcessesLostError, Workers


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_tasks_without_end(jobs: int) -> None:
    with Workers(partial(int, 3), jobs, 3) as workers:
        assert list(islice(workers.map(operator.mul, count()), 20)) == list(range(0, 60, 3))
        assert list(workers.map(operator.add, [4])) == [7]


def test_a_process_that_is_killed_is_said_in_a_line() -> None:
    with (
        Workers(os.getpid, 2, 0) as workers,
        pytest.raises(ProcessesLostError, match="--jobs 1"),
    ):
        list(workers.map(os.kill, [signal.SIGKILL]))
