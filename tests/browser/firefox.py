"""Firefox without a driver, which Debian has not: selenium speaks its own protocol, Marionette.

A message is ``[0, number, name, parameters]`` in JSON after its length and a colon, an answer ``[1,
number, error, result]`` (Mozilla, "Marionette Protocol").
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.remote.command import Command

PROGRAM = shutil.which("firefox-esr") or shutil.which("firefox")
_PATIENCE = 60.0
_NARROWEST = 500
"""Pixels."""
_NAMES = {
    Command.NEW_SESSION: "NewSession",
    Command.GET: "Navigate",
    Command.GET_CURRENT_URL: "GetCurrentURL",
    Command.FIND_ELEMENT: "FindElement",
    Command.FIND_ELEMENTS: "FindElements",
    Command.GET_ELEMENT_TEXT: "GetElementText",
    Command.CLICK_ELEMENT: "ElementClick",
    Command.CLEAR_ELEMENT: "ElementClear",
    Command.SEND_KEYS_TO_ELEMENT: "ElementSendKeys",
    Command.IS_ELEMENT_ENABLED: "IsElementEnabled",
    Command.IS_ELEMENT_SELECTED: "IsElementSelected",
    Command.GET_ELEMENT_TAG_NAME: "GetElementTagName",
    Command.W3C_GET_ACTIVE_ELEMENT: "GetActiveElement",
    Command.W3C_EXECUTE_SCRIPT: "ExecuteScript",
    Command.W3C_EXECUTE_SCRIPT_ASYNC: "ExecuteAsyncScript",
    Command.W3C_ACTIONS: "PerformActions",
    Command.SET_TIMEOUTS: "SetTimeouts",
    Command.DELETE_ALL_COOKIES: "DeleteAllCookies",
    Command.SCREENSHOT: "TakeScreenshot",
}
"""Of selenium's commands, those that tests use."""
_MEDIA = {
    "prefers_color_scheme": ("layout.css.prefers-color-scheme.content-override", ("dark", "light")),
    "prefers_reduced_motion": ("ui.prefersReducedMotion", ("no-preference", "reduce")),
}
_COMPLAINTS = """
const all = Services.console.getMessageArray().filter(one => one instanceof Ci.nsIScriptError)
    .filter(one => !(one.flags & one.warningFlag) && /^http/.test(one.sourceName))
    .map(one => one.errorMessage);
Services.console.reset();
return all;
"""


class Firefox:
    """A Firefox of its own, headless; ``driver`` steers it as any other browser."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(
            prefix="playbach-firefox-", ignore_cleanup_errors=True
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        Path(self._folder.name, "user.js").write_text(f'user_pref("marionette.port", {port});\n')
        self._process = subprocess.Popen(
            [
                str(PROGRAM), "--headless", "--no-remote", "--marionette",
                "--remote-allow-system-access", "--profile", self._folder.name, "about:blank",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._socket = _connected(port)
        self._socket.settimeout(2 * _PATIENCE)
        self._stream = self._socket.makefile("rwb")
        self._read()
        self._number = 0
        self.driver = webdriver.Remote(self, options=webdriver.FirefoxOptions())  # type: ignore[arg-type]

    def set_media(self, media: dict[str, str]) -> None:
        """Prefer what ``media`` says, and nothing else."""
        for name, (preference, words) in _MEDIA.items():
            wanted = words.index(media[name]) if name in media else None
            change = "clearUserPref(arguments[0])" if wanted is None else "setIntPref(...arguments)"
            self._inside(f"Services.prefs.{change}", preference, wanted)

    def set_size(self, width: int, height: int) -> None:
        """Size of the window."""
        if width < _NARROWEST:
            pytest.skip("no window of Firefox is as narrow")
        self._ask("WebDriver:SetWindowRect", width=width, height=height)

    def complaints(self) -> list[str]:
        """What pages did wrong since it was asked last."""
        found: list[str] = self._inside(_COMPLAINTS)
        return found

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(_PATIENCE)
        self._stream.close()
        self._socket.close()
        self._folder.cleanup()

    def execute(self, command: str, params: dict[str, Any]) -> dict[str, Any]:
        """What selenium asks."""
        if command == Command.QUIT:
            self.close()
            return {"value": None}
        asked = {name: value for name, value in params.items() if name != "sessionId"}
        return {"value": self._ask(f"WebDriver:{_NAMES[command]}", **asked)}

    def _inside(self, script: str, *values: object) -> Any:
        self._ask("Marionette:SetContext", value="chrome")
        try:
            return self._ask("WebDriver:ExecuteScript", script=script, args=values)
        finally:
            self._ask("Marionette:SetContext", value="content")

    def _ask(self, name: str, **parameters: object) -> Any:
        self._number += 1
        text = json.dumps([0, self._number, name, parameters]).encode()
        self._stream.write(b"%d:%s" % (len(text), text))
        self._stream.flush()
        _, _, error, result = self._read()
        if error:
            raise WebDriverException(f"{error['error']}: {error['message']}")
        is_value = isinstance(result, dict) and result.keys() == {"value"}
        return result["value"] if is_value else result

    def _read(self) -> Any:
        length = b""
        while (digit := self._stream.read(1)) != b":":
            length += digit
        return json.loads(self._stream.read(int(length)))


def _connected(port: int) -> socket.socket:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
