"""Files are written whole or not at all."""

import os
import resource
import signal
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from playbach.errors import OutputError
from playbach.files import at_home, check_writable, write_atomically

OLD, NEW = b"old", b"new" * 1000


def write(path: Path, force: bool) -> None:
    write_atomically(path, NEW, force=force)


def check(path: Path, force: bool) -> None:
    check_writable(path, force=force)


both = pytest.mark.parametrize("attempt", [write, check])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_user_without_a_home_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert at_home("~/.config") == Path("/home/me/.config")
    assert at_home("~nobody-of-that-name/x") == Path("~nobody-of-that-name/x")


def test_a_new_file_holds_the_content_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_atomically(tmp_path / "suite.mid", NEW, force=False)
    assert (tmp_path / "suite.mid").read_bytes() == NEW
    assert names(tmp_path) == ["suite.mid"]


def test_a_new_file_has_the_access_rights_of_any_other(tmp_path: Path) -> None:
    write_atomically(tmp_path / "ours.mid", NEW, force=False)
    (tmp_path / "any.mid").touch()
    ours, other = ((tmp_path / name).stat().st_mode for name in ("ours.mid", "any.mid"))
    assert stat.S_IMODE(ours) == stat.S_IMODE(other)


@both
def test_an_existing_file_is_kept(attempt: Callable[[Path, bool], None], tmp_path: Path) -> None:
    path = tmp_path / "suite.mid"
    path.write_bytes(OLD)
    with pytest.raises(OutputError) as error:
        attempt(path, False)
    assert str(error.value) == (
        f"{path}: exists; give --force to replace it or choose another name"
    )
    assert path.read_bytes() == OLD


def test_force_replaces_an_existing_file(tmp_path: Path) -> None:
    path = tmp_path / "suite.mid"
    path.write_bytes(OLD)
    write_atomically(path, NEW, force=True)
    assert path.read_bytes() == NEW
    assert names(tmp_path) == ["suite.mid"]


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.mid").write_bytes(OLD)
    (tmp_path / "link.mid").symlink_to("real.mid")
    write_atomically(tmp_path / "link.mid", NEW, force=True)
    assert (tmp_path / "link.mid").is_symlink()
    assert (tmp_path / "real.mid").read_bytes() == NEW


def test_checking_leaves_no_trace(tmp_path: Path) -> None:
    check_writable(tmp_path / "suite.mid", force=False)
    assert names(tmp_path) == []


@both
def test_a_missing_folder_is_named(attempt: Callable[[Path, bool], None], tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"there is no folder .*/gone; make it first"):
        attempt(tmp_path / "gone" / "suite.mid", True)


@both
def test_a_folder_is_no_file(attempt: Callable[[Path, bool], None], tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="this is a folder; give the name of a file in it"):
        attempt(tmp_path, True)


@both
def test_a_device_is_no_file(attempt: Callable[[Path, bool], None]) -> None:
    with pytest.raises(OutputError, match="this is a device or pipe"):
        attempt(Path(os.devnull), True)


@both
def test_a_folder_that_takes_no_files_is_said_to(attempt: Callable[[Path, bool], None]) -> None:
    # The process folder takes no new file from anyone, not even from root.
    with pytest.raises(OutputError, match=r"suite\.mid: cannot be written: .*choose another place"):
        attempt(Path("/proc/suite.mid"), False)


@both
def test_a_name_that_is_too_long_is_said_to_be(
    attempt: Callable[[Path, bool], None], tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match="too long"):
        attempt(tmp_path / ("x" * 300), False)


@both
def test_links_in_a_circle_are_no_place(
    attempt: Callable[[Path, bool], None], tmp_path: Path
) -> None:
    (tmp_path / "a.mid").symlink_to("b.mid")
    (tmp_path / "b.mid").symlink_to("a.mid")
    with pytest.raises(OutputError, match=r"a\.mid: cannot be written"):
        attempt(tmp_path / "a.mid", True)


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file can grow beyond ``size`` bytes, as on a disk that is nearly full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_disk_without_room_leaves_everything_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "suite.mid"
    path.write_bytes(OLD)
    with room_for(1000), pytest.raises(OutputError, match=r"suite\.mid: cannot be written"):
        write_atomically(path, NEW, force=True)
    assert path.read_bytes() == OLD
    assert names(tmp_path) == ["suite.mid"]
