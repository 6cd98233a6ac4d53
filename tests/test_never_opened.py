"""A run that asks for consent opens no file that is not surely granted: seen from outside, file by file."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks.killed_runs import Command
from tests.resume_runs import rows

COLUMNS = "uri,consent,consent_scope,consent_basis,consent_expires,consent_withdrawn,licence,jurisdiction"
GOOD = {
    "consent": "granted", "consent_scope": "train publish", "consent_basis": "consent",
    "consent_expires": "2999-12-31", "consent_withdrawn": "no", "licence": "CC-BY-4.0", "jurisdiction": "DE",
}  # fmt: skip
MALFORMED = {
    "consent": ("", "denied", " Denied ", "granted until 2020", "n/a", "ja", "0", "yes?", "\u202egranted"),
    "consent_scope": ("", "all", "publish", "train+publish", "=train", "<b>train</b>"),
    "consent_basis": ("", "verbal", "6(1)(a)", "text_and_data_mining", "consent\x1b[31m"),
    "consent_expires": ("", "31.12.2999", "2999", "29991231", "2020-01-01", "2999-02-30", "forever"),
    "consent_withdrawn": ("yes", "1", "2020-01-01", "perhaps", "31.12.2999"),
    "licence": ("", "CC BY", "CC-BY-NC-4.0", "all rights reserved", "CC-BY-4.0 (no AI)"),
    "jurisdiction": ("", "Germany", "XX", "US", "DE, FR"),
}
POLICY = """
consent:
  require: true
  columns: [consent_expires]
  scopes: [train]
  bases: [consent]
  licences: [CC-BY]
  jurisdictions: [DE]
isolation: {num_processes: 1, pin_to_cores: false}
"""
# Runs in every process of Python that the command starts, workers included.
WATCH = """
import os, sys
def watch(event, arguments):
    if event in ("open", "os.open") and isinstance(arguments[0], (str, bytes)):
        name = os.path.basename(os.fsdecode(arguments[0]))
        if name.endswith(".mp4"):
            log = os.open(os.environ["SEEN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(log, (name + "\\n").encode())
            os.close(log)
sys.addaudithook(watch)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="files are told by their last part")
def test_no_malformed_value_opens_a_file(tmp_path: Path) -> None:
    lines, (watch, videos) = [COLUMNS], (tmp_path / "watch", tmp_path / "videos")
    for folder in (watch, videos):
        folder.mkdir()
    (watch / "sitecustomize.py").write_text(WATCH)
    cells = [{}] + [{column: value} for column, values in MALFORMED.items() for value in values]
    for number, changes in enumerate(cells):
        name = f"{number:03}.mp4"
        (videos / name).write_bytes(b"no video" * (2 if changes else 3))
        row = {"uri": name, **GOOD, **changes}
        lines.append(",".join(f'"{row[column]}"' for column in COLUMNS.split(",")))
    (videos / "m.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(POLICY)
    named = ("--input", str(videos / "m.csv"), "--output", str(tmp_path / "out"))
    seen = tmp_path / "seen"
    command = Command(
        arguments=("curate", *named, "--config", str(tmp_path / "policy.yaml")),
        log=tmp_path / "log",
        environment={"PYTHONPATH": str(watch), "SEEN": str(seen)},
    )
    command.run()
    assert set(seen.read_text().split()) == {"000.mp4"}, "the one that is granted, and no other"
    told = (tmp_path / "log").read_text(encoding="utf-8")
    assert "line 13: consent_scope says 'all'" in told and "Never opened: " in told
    lost = [row["source_name"] for row in rows(tmp_path / "out", "rejections")]
    assert sorted(lost) == [f"{number:03}.mp4" for number in range(1, len(cells))]
    reasons = json.loads((tmp_path / "out" / "run.json").read_text())["rejected_by_reason"]
    assert len(reasons) > 15 and reasons["consent_withdrawn"] == 3
