"""The first page of the site, opened as a file: it sounds, with no server behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.browser.conftest import Browser

pytest.importorskip("jinja2", reason="the documentation's tools are not installed")
pytest.importorskip("sphinx", reason="the documentation's tools are not installed")

import jinja2
from docs.site.home import ROOT, fill

LISTEN = """
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...rest) {
  if (target instanceof AudioDestinationNode) {
    window.meter = target.context.createAnalyser();
    connect.call(this, window.meter);
  }
  return connect.call(this, target, ...rest);
};
"""
LOUD = """
const samples = new Float32Array(window.meter.fftSize);
window.meter.getFloatTimeDomainData(samples);
return samples.some((x) => Math.abs(x) > 0.001);
"""


def test_the_first_page_of_the_site_sounds_without_a_server(
    browser: Browser, tmp_path: Path
) -> None:
    context: dict[str, Any] = {}
    fill(None, "index", "home.html", context, None)  # type: ignore[arg-type]  # it asks no Sphinx
    template = (ROOT / "docs" / "site" / "templates" / "home.html").read_text(encoding="utf-8")
    page = tmp_path / "index.html"
    page.write_text(jinja2.Template(template).render(context), encoding="utf-8")
    browser.open(page.as_uri())
    run = browser.driver.execute_script
    run(LISTEN)
    browser.one("#listen").click()
    browser.until(lambda: run(LOUD), "sound")
    assert browser.text("#listen") == "Stop"
    browser.one("#listen").click()
    assert browser.text("#listen") == "Hear a gigue"
