"""A small repository of LilyPond files with its manifest, on disk and over HTTP."""

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.train.corpus.scores import ONE_LILYPOND_SCORE, TWO_LILYPOND_SCORES, write

from playbach_train.corpus.engraving import Manifest, parse_manifest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "Suite/suite.ly": '\\include "parts/both.ily"\n',
    "Suite/parts/both.ily": TWO_LILYPOND_SCORES,
    "Single/single.ly": ONE_LILYPOND_SCORE,
}


def manifest_fields() -> dict[str, Any]:
    def digests(*paths: str) -> dict[str, str]:
        return {path: hashlib.sha256(FILES[path].encode()).hexdigest() for path in paths}

    return {
        "repository": "someone/scores",
        "commit": COMMIT,
        "base": "ftp",
        "corpora": {
            "small": [
                {
                    "main": "Suite/suite.ly",
                    "license": "public domain",
                    "movements": ["suite-1-courante", "suite-2-gigue"],
                    "files": digests("Suite/suite.ly", "Suite/parts/both.ily"),
                },
                {
                    "main": "Single/single.ly",
                    "license": "CC BY-SA 3.0",
                    "movements": ["single-menuet"],
                    "files": digests("Single/single.ly"),
                },
            ]
        },
    }


def manifest() -> Manifest:
    return parse_manifest(json.dumps(manifest_fields()).encode())


def clone(folder: Path) -> Path:
    """The repository as a local copy."""
    for path, text in FILES.items():
        write(folder / "ftp", path, text)
    return folder


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 its name in the base
        pass


@contextlib.contextmanager
def serving(handler: Any) -> Iterator[str]:
    """The address of a server on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def serving_folder(folder: Path) -> contextlib.AbstractContextManager[str]:
    return serving(partial(_Quiet, directory=str(folder)))


class Answer(BaseHTTPRequestHandler):
    """Promises a length, then sends chunks: a pause after each, and a wait before the last."""

    promised: int
    chunks: tuple[bytes, ...]
    pause: float
    hold: threading.Event | None

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(self.promised))
        self.end_headers()
        with contextlib.suppress(OSError):
            for number, chunk in enumerate(self.chunks, start=1):
                if self.hold and number == len(self.chunks):
                    self.hold.wait(10)
                self.wfile.write(chunk)
                time.sleep(self.pause)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 its name in the base
        pass


def answering(
    promised: int, *chunks: bytes, pause: float = 0, hold: threading.Event | None = None
) -> contextlib.AbstractContextManager[str]:
    fields = {"promised": promised, "chunks": chunks, "pause": pause, "hold": hold}
    return serving(type("Answering", (Answer,), fields))
