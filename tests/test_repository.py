"""What is committed holds together, and says nothing about the machine it came from."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# With letters in brackets, so that this file does not contain what it looks for.
REGISTRIES = re.compile(rb"p[y]pi\.org|python[h]osted|pi[w]heels\.org|registry\.npm[j]s")
PIP_SETTINGS = re.compile(r"--(extra-)?index[-]url|--find[-]links|--trusted[-]host|file[:]//")
REQUIREMENTS = ("board.txt", "build.txt", "dev.txt", "release.txt")


def tracked_files() -> list[Path]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so there is no telling what is committed")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def documents() -> list[Path]:
    return [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


def test_no_file_names_a_package_registry() -> None:
    for path in tracked_files():
        assert REGISTRIES.search(path.read_bytes()) is None, path


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_required_packages_have_exact_versions_and_hashes_and_no_origin(name: str) -> None:
    content = read(f"requirements/{name}")
    assert PIP_SETTINGS.search(content) is None
    entries = re.findall(r"^\S.*(?:\n +.*)*", content, re.MULTILINE)
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==\S+ ", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_the_board_needs_no_compiler_no_training_and_no_mido() -> None:
    names = set(re.findall(r"^([a-z0-9-]+)==", read("requirements/board.txt"), re.MULTILINE))
    assert {"numpy", "ai-edge-litert", "alsa-midi", "python-rtmidi"} < names
    assert not names & {"tensorflow", "keras", "music21", "matplotlib", "mido", "scikit-learn"}


def test_the_changelog_begins_with_the_last_release() -> None:
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", read("CHANGELOG.md"), re.MULTILINE)
    settings = tomllib.loads(read("pyproject.toml"))["tool"]["hatch"]["version"]
    assert versions[0] == settings["raw-options"]["fallback_version"]


def test_every_make_target_that_the_documents_name_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    assert {"play", "test"} <= targets
    for document in documents():
        text = document.read_text(encoding="utf-8")
        named = re.findall(r"(?:`|^ {4})make ([a-z-]+)", text, re.MULTILINE)
        assert set(named) <= targets, document


def test_every_link_of_the_documents_leads_somewhere() -> None:
    for document in documents():
        for link in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
            assert "://" in link or (document.parent / link).exists(), f"{document}: {link}"
