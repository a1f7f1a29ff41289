"""Sources come from a local copy or over HTTP; what goes wrong is one line with what to do."""

import threading
from pathlib import Path

import pytest
from tests.train.corpus.repository import (
    COMMIT,
    FILES,
    answering,
    clone,
    manifest,
    serving_folder,
)

from playbach.errors import InputError
from playbach_train.corpus.engraving import (
    MAX_SOURCE_BYTES,
    MissingSourceError,
    read_from_folder,
    read_over_http,
)

PATH = "Suite/suite.ly"


def test_a_local_copy_gives_the_files_below_its_base(tmp_path: Path) -> None:
    read = read_from_folder(clone(tmp_path), manifest())
    assert read(PATH).decode() == FILES[PATH]


def test_a_folder_that_is_no_copy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no copy of someone/scores .*--from takes"):
        read_from_folder(tmp_path, manifest())


def test_a_file_missing_from_the_copy_is_named(tmp_path: Path) -> None:
    (clone(tmp_path) / "ftp" / PATH).unlink()
    with pytest.raises(MissingSourceError, match=r"Suite/suite\.ly: missing from this copy"):
        read_from_folder(tmp_path, manifest())(PATH)


def test_a_large_file_in_the_copy_is_refused(tmp_path: Path) -> None:
    with (clone(tmp_path) / "ftp" / PATH).open("wb") as file:
        file.truncate(MAX_SOURCE_BYTES + 1)
    with pytest.raises(InputError, match="larger than 1,048,576 bytes"):
        read_from_folder(tmp_path, manifest())(PATH)


def test_a_file_is_fetched_at_the_commit_of_the_manifest(tmp_path: Path) -> None:
    clone(tmp_path / "someone" / "scores" / COMMIT)
    with serving_folder(tmp_path) as host:
        assert read_over_http(manifest(), host)(PATH).decode() == FILES[PATH]


def test_a_file_that_the_server_lacks_is_one_line(tmp_path: Path) -> None:
    with serving_folder(tmp_path) as host, pytest.raises(InputError) as caught:
        read_over_http(manifest(), host)(PATH)
    assert str(caught.value) == (
        f"{host}/someone/scores/{COMMIT}/ftp/{PATH}: cannot be fetched: the server answers 404 "
        "File not found; check the network, or give a local copy of the repository with --from DIR"
    )


def test_no_server_at_all_is_one_line(tmp_path: Path) -> None:
    with serving_folder(tmp_path) as host:
        pass
    with pytest.raises(InputError, match=r"cannot be fetched: .*refused; .*--from DIR$"):
        read_over_http(manifest(), host)(PATH)


def test_a_large_answer_is_not_read_to_its_end() -> None:
    half = b" " * (MAX_SOURCE_BYTES // 2 + 1)
    with (
        answering(1 << 40, half, half, half) as host,
        pytest.raises(InputError, match="larger than 1,048,576 bytes"),
    ):
        read_over_http(manifest(), host)(PATH)


def test_an_answer_that_ends_early_is_noticed() -> None:
    with (
        answering(1000, b"short") as host,
        pytest.raises(InputError, match="ended after 5 of 1000 bytes"),
    ):
        read_over_http(manifest(), host)(PATH)


def test_a_server_that_stops_sending_is_given_up() -> None:
    stop = threading.Event()
    with answering(1000, b"start", b"rest", hold=stop) as host:
        try:
            with pytest.raises(InputError, match="cannot be fetched: timed out"):
                read_over_http(manifest(), host, timeout=0.1)(PATH)
        finally:
            stop.set()


def test_a_trickle_is_given_up() -> None:
    trickle = [b"."] * 100
    with (
        answering(1000, *trickle, pause=0.02) as host,
        pytest.raises(InputError, match=r"not complete after 0\.2 seconds|timed out"),
    ):
        read_over_http(manifest(), host, timeout=0.2)(PATH)
