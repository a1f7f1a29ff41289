"""What a release says of itself, and what travels in the wheel beside the code."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from release.__main__ import CHANGELOG, PROJECT, changes, mistakes, released

pytest.importorskip("markdown_it", reason="the documentation's tools are not installed")
pytest.importorskip("shtab", reason="the documentation's tools are not installed")

from docs.site.reference.commands import parsers
from release.share import completions, manual_page, manual_pages, roff

LAST = tomllib.loads(PROJECT.read_text())["tool"]["hatch"]["version"]["raw-options"][
    "fallback_version"
]


@pytest.mark.parametrize(
    ("version", "wrong"),
    [("99.0.0", ""), ("99.0.0rc1", ""), (LAST, "must come after"), ("v2", "three numbers")],
)
def test_a_version_that_cannot_be_released_is_said(version: str, wrong: str) -> None:
    found = " ".join(mistakes(version, tag=False))
    assert wrong in found
    assert bool(wrong) == bool(found)


def test_a_release_gets_what_was_unreleased() -> None:
    before = CHANGELOG.read_text(encoding="utf-8")
    after = released(before, "99.0.0")
    assert changes(before)
    assert changes(after) == ""
    assert after.index("## [Unreleased]") < after.index("## [99.0.0]") < after.index(f"## [{LAST}]")


def test_every_command_has_a_manual_page_with_its_options() -> None:
    pages = dict(manual_pages())
    assert len(pages) == len(parsers()) >= 20
    save = pages["man/man1/playbach-save.1"]
    assert r"\fB\-\-suite\fR" in save
    assert ".mid" in save
    known = re.compile(r"\.(TH|SH|TP|nf|fi)\b|[^.']|$")
    for name, page in pages.items():
        assert all(known.match(line) for line in page.splitlines()), name


def test_a_line_of_text_is_no_request_of_troff() -> None:
    assert roff(".mid: a\\b\n'x") == "\\&.mid: a\\eb\n\\&'x"
    parser = next(iter(parsers().values()))
    assert manual_page("playbach", parser).startswith('.TH "PLAYBACH" 1')


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_commands_and_options(tmp_path: Path) -> None:
    script = tmp_path / "completion"
    script.write_text(dict(completions())["bash-completion/completions/playbach"])
    asked = (
        f". {script}; COMP_WORDS=(playbach save --su); COMP_CWORD=2; _shtab_playbach; "
        'echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "--suite\n"
