"""Make demo/media from recordings whose licences allow it: files, manifest and attribution.

demo/recordings.toml says what is made of which recording. The folder of recordings holds a manifest.csv with
the columns file, source, licence, evidence, identity, gender, age, skin_or_declared; what it says is declared
("(declared)") goes into the demo's manifest, what somebody saw does not.

    python -m tools.make_demo_media --data FOLDER
"""

import argparse
import csv
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg

DEMO = Path(__file__).resolve().parent.parent / "demo"
COLUMNS: tuple[str, ...] = (
    "uri", "title", "licence", "rights_holder", "consent", "consent_reference", "speaker_id", "language",
    "transcript", "attribute_gender", "attribute_age", "attribute_race", "attribute_ethnicity", "notes",
)  # fmt: skip
# As the recordings' table has them, without whom to credit, and by SPDX; that has no name for the DbCL.
LICENCES: Mapping[str, str] = {
    "CC BY 4.0": "CC-BY-4.0",
    "ODbL 1.0 (database) + DbCL 1.0 (contents)": "ODbL-1.0 AND LicenseRef-DbCL-1.0",
}
# Whom these licences ask to be named, by how the recordings' folders begin (demo/media/ATTRIBUTION.md).
CREDITS: Mapping[str, str] = {
    "grid": "Martin Cooke, Jon Barker, Stuart Cunningham, Xu Shao (GRID corpus, 2006)",
    "crema_d": "Houwei Cao, David G. Cooper, Michael K. Keutmann, Ruben C. Gur, Ani Nenkova, Ragini Verma "
    "(CREMA-D, 2014)",
    "signing": "Intel IoT DevKit",
}
# GRID's sentences are spelt by their files' names (Cooke, Barker, Cunningham and Shao 2006, table I).
GRID = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {letter: letter for letter in "abcdefghijklmnopqrstuvxyz"},
    {"z": "zero", "1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "6": "six", "7": "seven",
     "8": "eight", "9": "nine"},
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)  # fmt: skip
# "Ages ranged from 18 to 49 years" (the same, section II).
GRID_AGES = "18-49"
CREMA_DFA = "Don't forget a jacket."
ENCODED = "encoded as H.264 (crf {}) and AAC"

Row = Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """One file of the demo; demo/recordings.toml explains the fields."""

    name: str
    sources: tuple[Row, ...]
    title: str | None = None
    transcript: str | None = None
    speaker: bool = True
    consent: str = "granted"
    picture: str = "null"
    sound: str = "anull"
    pattern: str | None = None
    crf: int = 18
    as_found: bool = False
    copy_of: str | None = None
    made: str = ""
    notes: str = ""

    @property
    def spoken(self) -> str:
        """What is said, as far as it is known."""
        if self.transcript is not None:
            return self.transcript
        return " ".join(sentence_of(row["file"]) or "" for row in self.sources).strip()

    @property
    def changes(self) -> str:
        """What was changed, in words."""
        if self.copy_of:
            return f"the same file as {self.copy_of}"
        encoded = "none" if self.as_found else ENCODED.format(self.crf)
        return "; ".join(filter(None, [self.made, encoded]))


def sentence_of(file: str) -> str | None:
    """Return what is said in a file of GRID or CREMA-D, or None if its name does not tell.

    >>> sentence_of("grid/s1/bbaf2n.mpg")
    'bin blue at f two now'
    """
    if "_DFA_" in file:
        return CREMA_DFA
    code = re.search(r"(?:^|[/_])([blps][bgrw][abiw][a-z][z1-9][anps])(?:_hq)?\.", file)
    return " ".join(words[letter] for words, letter in zip(GRID, code[1], strict=True)) if code else None


def load_recordings(data: Path) -> list[Recording]:
    """Read what is to be made, and of each source what the folder's manifest says.

    Raises:
        SystemExit: naming a source that the manifest does not have, or that is not free.
    """
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as handle:
        known = {row["file"]: row for row in csv.DictReader(handle)}
    recordings: list[Recording] = []
    for table in tomllib.loads((DEMO / "recordings.toml").read_text(encoding="utf-8"))["recording"]:
        files: list[str] = table.pop("from")
        for file in files:
            if file not in known or known[file]["verdict"] != "free":
                raise SystemExit(f"{table['name']}: {data / 'manifest.csv'} does not say that {file} is free")
        recordings.append(Recording(sources=tuple(known[file] for file in files), **table))
    return recordings


def encode(recording: Recording, data: Path, target: Path) -> None:
    """Write a recording's file: its sources one after the other, filtered."""
    files = [row["file"] for row in recording.sources]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y"]
    for file in files:
        command += ["-i", str(data / file)]
    parts = "".join(f"[{i}:v:0][{i}:a:0]" for i in range(len(files)))
    graph = f"{parts}concat=n={len(files)}:v=1:a=1[v][a];[a]{recording.sound}[sound]"
    graph += f";[v]{recording.picture}[picture]"
    if recording.pattern:
        graph = f"[0:a:0]{recording.sound}[sound];{recording.pattern}[picture]"
    command += ["-filter_complex", graph, "-map", "[picture]", "-map", "[sound]", "-map_metadata", "-1"]
    command += ["-c:v", "libx264", "-preset", "slow", "-crf", str(recording.crf), "-pix_fmt", "yuv420p"]
    command += ["-threads", "1", "-c:a", "aac", "-b:a", "96k", "-flags", "+bitexact", "-fflags", "+bitexact"]
    subprocess.run([*command, "-movflags", "+faststart", str(target)], check=True)


def make_file(recording: Recording, data: Path, media: Path) -> None:
    """Write a recording's file, whatever way it is made."""
    target = media / recording.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if recording.copy_of:
        shutil.copyfile(media / recording.copy_of, target)
    elif recording.as_found:
        shutil.copyfile(data / recording.sources[0]["file"], target)
    else:
        encode(recording, data, target)


def declared(row: Row, column: str) -> str:
    """Return what a source declares, without what somebody saw."""
    return row[column].removesuffix(" (declared)") if row[column].endswith(" (declared)") else ""


def licence_of(row: Row) -> str:
    """Return a recording's licence by SPDX."""
    return LICENCES.get(row["licence"]) or LICENCES[row["licence"].partition(" (")[0]]


def manifest_row(recording: Recording) -> dict[str, str]:
    """Return a recording's row of the demo's manifest."""
    row = recording.sources[0]
    race, _, ethnicity = declared(row, "skin_or_declared").partition(", ")
    folder, licence = row["file"].partition("/")[0], licence_of(row)
    signing = folder == "signing"
    speaker = row["identity"].replace("_", " ")
    title = recording.title or f"{speaker}: {recording.spoken or 'not written down'}"
    return {
        "uri": recording.name,
        "title": title,
        "licence": licence,
        "rights_holder": next(credit for name, credit in CREDITS.items() if folder.startswith(name)),
        "consent": recording.consent,
        "consent_reference": f"released under {licence}",
        "speaker_id": row["identity"] if recording.speaker and not signing else "",
        "language": "" if signing else "en",
        "transcript": recording.spoken,
        "attribute_gender": declared(row, "gender"),
        "attribute_age": declared(row, "age") or (GRID_AGES if row["identity"].startswith("grid_") else ""),
        "attribute_race": race,
        "attribute_ethnicity": ethnicity,
        "notes": recording.notes,
    }


def write_manifest(recordings: Sequence[Recording], target: Path) -> None:
    """Write the demo's manifest."""
    with target.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(manifest_row, recordings))


def attribution(recordings: Sequence[Recording]) -> str:
    """Return the page that says of every file where it is from, under which licence, and what was changed."""
    rows = [row for recording in recordings for row in recording.sources]
    evidence = dict.fromkeys((row["licence"], row["evidence"]) for row in rows)
    lines = [_HEAD, "## Licences and on what evidence\n"]
    lines += [f"- **{licence}**. {text}" for licence, text in evidence]
    lines += ["", "## Files\n", "| file | from | licence | what was changed |", "|---|---|---|---|"]
    for recording in recordings:
        sources = "; ".join(f"`{row['source']}`" for row in recording.sources)
        licence = recording.sources[0]["licence"].partition(" (")[0]
        lines.append(f"| {recording.name} | {sources} | {licence} | {recording.changes} |")
    return "\n".join(lines) + "\n"


_HEAD = """\
# Attribution

Made by `tools/make_demo_media.py` from `demo/recordings.toml`. Pass this page on with the files.

- **GRID**: Martin Cooke, Jon Barker, Stuart Cunningham and Xu Shao, "An audio-visual corpus for speech
  perception and automatic speech recognition", Journal of the Acoustical Society of America 120 (2006),
  University of Sheffield. Names of files keep the talker (s1 to s34) and the sentence. All 34 talkers were
  staff and students of that university, 18 to 49 years old (section II of the paper; not read at the source
  here), and so the manifest declares.
- **CREMA-D**: Houwei Cao, David G. Cooper, Michael K. Keutmann, Ruben C. Gur, Ani Nenkova and Ragini Verma,
  "CREMA-D: Crowd-sourced Emotional Multimodal Actors Dataset", IEEE Transactions on Affective Computing 5
  (2014). Actor 1001.
- **American Sign Language gestures**: sample videos of the Intel IoT DevKit. Their source says nothing of
  ages, so none is declared. They show people in a company's office, with its badges.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the files, the manifest and the attribution."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of recordings")
    options: Any = parser.parse_args(arguments)
    recordings, media = load_recordings(options.data), DEMO / "media"
    for recording in recordings:
        make_file(recording, options.data, media)
    write_manifest(recordings, media / "manifest.csv")
    (media / "ATTRIBUTION.md").write_text(attribution(recordings), encoding="utf-8")
    size = sum(path.stat().st_size for path in media.rglob("*") if path.is_file())
    print(f"{len(recordings)} files, {size / 1e6:.1f} MB in all, in {media}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
