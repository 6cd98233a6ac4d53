"""Tables that people made by mistake or on purpose, each with what must become of it.

Two files lie beside each: `talker.mp4`, and `copy_of_talker.mp4` with the same bytes.
"""

import datetime
import io
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from media import MediaLimits
from pipelines.artefacts import ArtefactStore
from pipelines.config import CurateConfig
from pipelines.discover import Inputs, discover
from pipelines.settle_consent import settle_consent
from schemas.consent import refusal
from schemas.outcomes import BadInputError
from schemas.visible import is_unseen
from transforms.judge_consent import ConsentConfig

HOSTILE = (
    "uri,title,licence,consent,consent_reference,speaker_id,language,transcript,attribute_gender,"
    "attribute_<script>alert(4)</script>\r\n"
    'talker.mp4,"<script>document.title=""PWNED""</script>[red]r[/red][/nope]\x1b[31mESC\x1b]0;owned\x07\u202egnp",'
    "<b>CC</b> javascript:alert(1),granted,SECRETREF-signed-by-jane@example.org,jane,en,bin blue,"
    '"<svg onload=alert(1)>",</style>{{ config }}\r\n'
    "missing\x1b[31m[/x]<script>alert(7)</script>.mp4,x,,yes,,,,,,\r\n"
    "../../../../etc/passwd,x,,yes,,,,,,\r\n"
    "hdfs://127.0.0.1:18766/x.mp4,x,,yes,,,,,,\r\n"
    "copy_of_talker.mp4,x,, Denied ,ref,denied,,,,\r\n"
    "./copy_of_talker.mp4,x,,granted,ref,denied,,,,\r\n"
)
NUL = HOSTILE.replace("missing", "missing\0")

# What each gives: what is said of the table, or of each source in order whether it may be opened.
OPENED, NEVER = "opened", "never opened"
CASES: dict[str, tuple[str, str | tuple[str, ...]]] = {
    "consent_declined": ("uri,consent\ntalker.mp4,declined\n", (NEVER,)),
    "consent_space_after_comma": ("uri, consent\ntalker.mp4, denied\n", (NEVER,)),
    "space_in_header": ("uri, consent\ntalker.mp4,denied\n", (NEVER,)),
    "copy": ("uri,consent\ntalker.mp4,withdrawn\ncopy_of_talker.mp4,granted\n", (NEVER, NEVER)),
    "dup_columns": ("uri,consent,consent\ntalker.mp4,denied,granted\n", "'consent' and 'consent' are both"),
    "extra_cells": ("uri,title\ntalker.mp4,a,b,c,d\n", "line 2 has 5 cells, the header 2"),
    "unquoted_comma": ("uri,title,consent\ntalker.mp4,Hello, world,denied\n", "line 2 has 4 cells"),
    "file_uri": ("uri\nfile://FOLDER/talker.mp4\n", (OPENED,)),
    "formula": ("uri,title\ntalker.mp4,=cmd|' /C calc'!A0\n", (OPENED,)),
    "language_name": ("uri,language\ntalker.mp4,English\n", (OPENED,)),
    "semicolon": ("uri;consent\ntalker.mp4;denied\n", (NEVER,)),
    "mix": ("uri, consent, language\ntalker.mp4, denied, en\nother.mkv, granted, en\n", (NEVER, OPENED)),
    "hostile": (HOSTILE, (NEVER, OPENED, OPENED, OPENED, NEVER, NEVER)),
    "hostile_with_nul": (NUL, "line 3 holds a NUL byte"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("talker.mp4", "copy_of_talker.mp4"):
        (tmp_path / name).write_bytes(b"the same bytes")
    return tmp_path


def settled(inputs: Inputs, folder: Path) -> tuple[str, ...]:
    store = ArtefactStore(str(folder / "out"))
    found = settle_consent(
        inputs.sources, ConsentConfig(), {}, store, MediaLimits(), datetime.date(2026, 11, 27)
    )
    return tuple(NEVER if refusal(source) else OPENED for source in found.sources)


@pytest.mark.parametrize("name", CASES)
def test_each_table_gives_what_it_must(folder: Path, name: str) -> None:
    text, expected = CASES[name]
    path = folder / f"{name}.csv"
    path.write_text(text.replace("FOLDER", str(folder)), encoding="utf-8", newline="")
    if isinstance(expected, str):
        with pytest.raises(BadInputError, match=re.escape(expected)):
            discover(str(path), CurateConfig())
        return
    inputs = discover(str(path), CurateConfig())
    assert settled(inputs, folder) == expected
    if expected[0] == OPENED:
        assert Path(inputs.sources[0].uri).is_file()
    assert all(not any(map(is_unseen, source.name)) for source in inputs.sources)


def test_tables_that_are_none(folder: Path) -> None:
    (folder / "fake.parquet").write_bytes(b"PAR1" + b" " * 100 + b"PAR1")
    (folder / "latin1.csv").write_bytes("uri,title\ntalker.mp4,café\n".encode("latin-1"))
    for name, said in (("fake.parquet", "not a Parquet file"), ("latin1.csv", "line 2 is not UTF-8")):
        with pytest.raises(BadInputError, match=said) as caught:
            discover(str(folder / name), CurateConfig())
        assert "\n" not in str(caught.value)


def test_a_boolean_is_a_word(folder: Path) -> None:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"uri": ["talker.mp4"], "consent": [False]}), buffer)
    (folder / "bool_consent.parquet").write_bytes(buffer.getvalue())
    assert settled(discover(str(folder / "bool_consent.parquet"), CurateConfig()), folder) == (NEVER,)


def test_a_named_language_is_its_code(folder: Path) -> None:
    (folder / "m.csv").write_text(CASES["language_name"][0])
    assert discover(str(folder / "m.csv"), CurateConfig()).sources[0].language == "en"
