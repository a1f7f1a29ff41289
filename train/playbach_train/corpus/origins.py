"""Where the files of a repository are read from: a local copy of it, or the network."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from playbach.errors import InputError
from playbach_train.corpus.manifest import Manifest

RAW_HOST = "https://raw.githubusercontent.com"
MAX_SOURCE_BYTES = 1024 * 1024
"""The largest LilyPond file of the corpora has 60 kB."""
TIMEOUT = 30.0
"""Seconds for each file."""
_CHUNK = 64 * 1024


class MissingSourceError(InputError):
    """A local copy of the repository lacks a file."""


class Origin(Protocol):
    """Gives the content of files by their path below the repository's base."""

    def read(self, path: str) -> bytes:
        """The content of a file, at most ``MAX_SOURCE_BYTES``.

        Raises:
            InputError: it is not there, too large, or does not arrive; one line that says where.
        """


class FolderOrigin:
    """A local copy of the repository, complete or in part."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._base = folder / manifest.base
        if not self._base.is_dir():
            raise InputError(
                f"{folder}: no copy of {manifest.repository} (it has no folder {manifest.base}); "
                "--from takes the folder the repository was cloned or unpacked into"
            )

    def read(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            MissingSourceError: the copy lacks it.
            InputError: it is too large or cannot be read.
        """
        file = self._base / path
        try:
            with file.open("rb") as opened:
                content = opened.read(MAX_SOURCE_BYTES + 1)
        except FileNotFoundError as error:
            raise MissingSourceError(f"{file}: missing from this copy of the repository") from error
        except OSError as error:
            raise InputError(f"{file}: cannot be read: {error.strerror}") from error
        return _within_limit(content, str(file))


class HttpOrigin:
    """The repository's files over HTTPS, at the manifest's commit."""

    def __init__(self, manifest: Manifest, host: str = RAW_HOST, timeout: float = TIMEOUT) -> None:
        """``timeout`` seconds are allowed for each file."""
        self._base = f"{host}/{manifest.repository}/{manifest.commit}/{manifest.base}"
        self._timeout = timeout

    def read(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            InputError: it cannot be fetched within the time allowed, or is too large.
        """
        url = f"{self._base}/{quote(path)}"
        try:
            return _within_limit(self._download(url), url)
        except urllib.error.HTTPError as error:
            error.close()
            reason = f"the server answers {error.code} {error.reason}"
        except urllib.error.URLError as error:
            reason = str(error.reason)
        except (HTTPException, OSError) as error:
            reason = str(error) or type(error).__name__
        raise InputError(
            f"{url}: cannot be fetched: {reason}; check the network, or give a local copy of the "
            "repository with --from DIR"
        )

    def _download(self, url: str) -> bytes:
        deadline = time.monotonic() + self._timeout
        chunks: list[bytes] = []
        size = 0
        with urllib.request.urlopen(url, timeout=self._timeout) as response:  # noqa: S310 the host is ours to choose, never a file's
            while size <= MAX_SOURCE_BYTES and (chunk := response.read1(_CHUNK)):
                chunks.append(chunk)
                size += len(chunk)
                if time.monotonic() > deadline:
                    raise TimeoutError(f"not complete after {self._timeout:g} seconds")
            promised = response.headers.get("Content-Length", "")
        if promised.isdecimal() and size < min(int(promised), MAX_SOURCE_BYTES):
            raise HTTPException(f"the connection ended after {size:,} of {promised} bytes")
        return b"".join(chunks)


def _within_limit(content: bytes, where: str) -> bytes:
    if len(content) > MAX_SOURCE_BYTES:
        raise InputError(f"{where}: larger than {MAX_SOURCE_BYTES:,} bytes, the most that is read")
    return content
