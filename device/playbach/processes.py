"""Work spread over processes, a core each; what comes out is the same with any number of them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Annotated, Any, Generic, Self, TypeAlias, TypeVar

from playbach.errors import PlaybachError
from playbach.schema import Setting

Tool = TypeVar("Tool")
Task = TypeVar("Task")
Result = TypeVar("Result")

MOST_JOBS = 64
Jobs: TypeAlias = Annotated[
    int | None,
    Setting(
        "processes that compose; the music is the same with any number", low=1, high=MOST_JOBS,
        none_means="one for each core",
    ),
]  # fmt: skip


class ProcessesLostError(PlaybachError):
    """A process ended that should not have."""


def cores() -> int:
    """Cores that this process may use, at most ``MOST_JOBS``."""
    try:
        found = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        found = os.cpu_count() or 1
    return min(found, MOST_JOBS)


class Workers(Generic[Tool]):
    """This process and others that each load a tool once and work with it.

    The others are started afresh and not forked: a runtime with threads does not survive that.
    """

    def __init__(self, load: Callable[[], Tool], jobs: int, tool: Tool) -> None:
        """Before the first task.

        Args:
            load: makes the tool in each other process; it can be pickled.
            jobs: processes, this one included.
            tool: that of this process.
        """
        self._load, self._others, self._tool = load, jobs - 1, tool
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        if self._others:
            self._pool = ProcessPoolExecutor(
                self._others, multiprocessing.get_context("spawn"), _prepare, (self._load,)
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def map(self, work: Callable[[Tool, Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """What ``work`` gives of each task, in the order of the tasks, which may be endless.

        Args:
            work: given the tool and a task; a function of a module.
            tasks: what can be pickled, as their results; asked for when one can be begun.

        Raises:
            ProcessesLostError: a process was killed, or could not be started.
        """
        ahead: deque[Future[Result]] = deque()
        try:
            for task in tasks:
                ahead.append(self._begun(work, task, ahead))
                while ahead and (ahead[0].done() or len(ahead) > _MOST_AHEAD * self._others):
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        except BrokenProcessPool as error:
            raise ProcessesLostError(
                "a process was ended from outside; give --jobs 1, or close other programs if "
                "memory is short"
            ) from error
        finally:
            for future in ahead:
                future.cancel()

    def _begun(
        self, work: Callable[[Tool, Task], Result], task: Task, ahead: Iterable[Future[Result]]
    ) -> Future[Result]:
        """The task handed to another process if one waits or will soon, else done here."""
        # One more for each, so that it need not wait for us, who may be busy.
        if self._pool and sum(not one.done() for one in ahead) < 2 * self._others:
            # It may start a process, which Ctrl-C must not end before it can say so.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                return self._pool.submit(_work, work, task)
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        done: Future[Result] = Future()
        done.set_result(work(self._tool, task))
        return done


_MOST_AHEAD = 16
"""Results that may wait for an earlier one, for each other process."""

_tools: list[Any] = []
"""That of this process, if it is one of ``Workers``."""


def _prepare(load: Callable[[], Any]) -> None:
    # Ctrl-C is for who started us. Should that be killed, nothing would tell us to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _tools.append(load())


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101 for the type checker
    parent.join()
    os._exit(1)


def _work(work: Callable[[Any, Task], Result], task: Task) -> Result:
    return work(_tools[0], task)
