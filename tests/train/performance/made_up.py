"""A folder of performances that nobody played, in the form of the Bach Violin Dataset."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

BARS = 12


def mxl(folder: Path, name: str, *, bars: int = BARS, repeats: bool = False) -> None:
    """A score in 3/4 of quavers; with ``repeats`` its two halves are repeated."""
    measures = []
    for number in range(1, bars + 1):
        notes = "".join(
            "<note><pitch><step>C</step><octave>4</octave></pitch><duration>1</duration></note>"
            for _ in range(6)
        )
        attributes = (
            "<attributes><divisions>2</divisions>"
            "<time><beats>3</beats><beat-type>4</beat-type></time></attributes>"
        )
        ends = repeats and number in {bars // 2, bars}
        repeat = "<barline location='right'><repeat direction='backward'/></barline>"
        measures.append(
            f"<measure number='{number}'>{attributes if number == 1 else ''}{notes}"
            f"{repeat if ends else ''}</measure>"
        )
    content = f"<score-partwise><part id='P1'>{''.join(measures)}</part></score-partwise>"
    (folder / "scores").mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "scores" / f"{name}.mxl", "w") as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
        archive.writestr(f"{name}.xml", content)


def performance(folder: Path, name: str, player: str, movement: int, *, freedom: float) -> None:
    """Quavers that become slower towards the end, by more or less, and wave a little."""
    total = BARS * 6
    rows, times, now = [], [], 1.0
    for index in range(total):
        to_end = (total - index) / 6
        slow = freedom * math.exp(-to_end) + 0.03 * math.sin(index * movement)
        length = 0.3 * math.exp(slow)
        pitch = 60 + (index * movement) % 7
        rows.append(f"{12 * index},{12 * index + 12},{pitch},64")
        times.append(f"{now:.3f},{now + length - 0.03:.3f}")
        now += length
    for kind, head, lines in (
        ("notes", "onset,offset,pitch,velocity", rows),
        ("alignments", "start,end", times),
    ):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        (folder / kind / f"{name}.csv").write_text("\n".join([head, *lines]) + "\n")
    index_file = folder / "performances.csv"
    if not index_file.exists():
        index_file.write_text("name,violinist,work,movement,score\n")
    with index_file.open("a") as file:
        file.write(f"{name},{player},BWV0,{movement},score{movement}\n")


def folder_of_performances(folder: Path) -> Path:
    """Three movements, each by three players."""
    for movement in (1, 2, 3):
        mxl(folder, f"score{movement}")
        for number, player in enumerate(("Anna", "Bea", "Carl"), start=1):
            name = f"{player.lower()}_{movement}"
            performance(folder, name, player, movement, freedom=0.15 * number)
    return folder
