"""Everything of a release but the upload: ``python -m release VERSION [--tag]``, ``make release``.

Without ``--tag`` it is a rehearsal: the files are made for that version, and nothing is committed.
With it, CHANGELOG.md and pyproject.toml name the version, that is committed, and the tag set, of
which the build takes the version.

Into ``dist``: sdist, wheel, a list of what an environment with it holds (CycloneDX), SHA-256 sums.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from release.smoke import installed, smoke, suitable

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
CHANGELOG = ROOT / "CHANGELOG.md"
PROJECT = ROOT / "pyproject.toml"
UNRELEASED = "## [Unreleased]\n"
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)((a|b|rc)\d+)?")


def main() -> int:
    """Make the release; 2 and a line for what must be mended first."""
    asker = argparse.ArgumentParser(prog="release", description="Make a release, but not upload.")
    asker.add_argument("version", help="such as 0.2.0")
    asker.add_argument("--tag", action="store_true", help="commit CHANGELOG.md and set the tag")
    options = asker.parse_args()
    wrong = mistakes(options.version, tag=options.tag)
    if wrong:
        sys.stderr.writelines(f"release: {line}\n" for line in wrong)
        return 2
    if options.tag:
        commit_and_tag(options.version)
    files = build(options.version)
    for python in suitable():
        print(f"{python}: {smoke(files[-1], python)}")
    finish(options.version, files)
    return 0


def mistakes(version: str, *, tag: bool) -> list[str]:
    """What stands in the way of releasing ``version``, a line each."""
    last = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["tool"]["hatch"]["version"][
        "raw-options"]["fallback_version"]  # fmt: skip
    found = []
    if not VERSION.fullmatch(version):
        found.append(f"{version}: a version is three numbers, such as 0.2.0 or 0.2.0rc1")
    elif _order(version) <= _order(last):
        found.append(f"{version}: it must come after {last}, the last one")
    if not changes(CHANGELOG.read_text(encoding="utf-8")):
        found.append(f"{CHANGELOG.name}: nothing under [Unreleased]; there is nothing to release")
    if tag and _said("git", "status", "--porcelain"):
        found.append("there are changes that are not committed; commit or stash them")
    if tag and _said("git", "tag", "--list", f"v{version}"):
        found.append(f"tag v{version} exists; a version is released once")
    return found


def _order(version: str) -> tuple[int, int, int, int, str]:
    # A candidate comes before the version it is a candidate of.
    match = VERSION.fullmatch(version)
    assert match is not None, version  # noqa: S101 it was looked at
    major, minor, patch, candidate, _ = match.groups()
    return int(major), int(minor), int(patch), int(candidate is None), candidate or ""


def changes(changelog: str) -> str:
    """What stands under ``[Unreleased]``."""
    after = changelog.partition(UNRELEASED)[2]
    return re.split(r"^## ", after, maxsplit=1, flags=re.MULTILINE)[0].strip()


def released(changelog: str, version: str) -> str:
    """The changelog in which what was unreleased is that version's."""
    return changelog.replace(UNRELEASED, f"{UNRELEASED}\n## [{version}]\n", 1)


def commit_and_tag(version: str) -> None:
    """Name the version where it stands, commit that, and tag it."""
    CHANGELOG.write_text(released(CHANGELOG.read_text(encoding="utf-8"), version), encoding="utf-8")
    text = PROJECT.read_text(encoding="utf-8")
    named = re.sub(r'^(fallback_version = )".*"$', rf'\1"{version}"', text, flags=re.MULTILINE)
    PROJECT.write_text(named, encoding="utf-8")
    _run("git", "commit", "--quiet", "--message", f"Release {version}", CHANGELOG, PROJECT)
    _run("git", "tag", "--annotate", "--message", f"Play Bach {version}", f"v{version}")


def build(version: str) -> list[Path]:
    """The sdist, and the wheel made from it, checked as an index would."""
    shutil.rmtree(DIST, ignore_errors=True)
    # A rehearsal has no tag to take the version from.
    _run(
        sys.executable, "-m", "build", "--no-isolation", "--outdir", DIST, ROOT,
        SETUPTOOLS_SCM_PRETEND_VERSION=version,
    )  # fmt: skip
    files = [*DIST.glob("*.tar.gz"), *DIST.glob("*.whl")]
    _run(sys.executable, "-m", "twine", "check", "--strict", *files)
    return files


def finish(version: str, files: list[Path]) -> None:
    """Write the list of contents and the sums, and say what is left to do."""
    contents = DIST / f"playbach-{version}.cdx.json"
    with tempfile.TemporaryDirectory() as folder:
        python = installed(files[-1], Path(sys.executable), Path(folder) / "venv")
        _run(
            sys.executable, "-m", "cyclonedx_py", "environment", python, "--output-reproducible",
            "--output-file", contents,
        )  # fmt: skip
    sums = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n"
        for file in (*files, contents)
    ]
    (DIST / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    for file in sorted(DIST.iterdir()):
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1e6:.2f} MB")
    print("left to do: git push --follow-tags; twine upload dist/*.tar.gz dist/*.whl")


def _run(*words: str | Path, **environment: str) -> None:
    print("+", *words, flush=True)
    subprocess.run([*words], cwd=ROOT, check=True, env={**os.environ, **environment})


def _said(*words: str) -> str:
    return subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
