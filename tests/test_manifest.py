"""Manifests as people write them: what is read, what is refused, and with which row."""

import csv
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.config import CurateConfig, config_from
from pipelines.manifest import read_manifest
from schemas.consent import GRANTED, read_consent, refusal
from schemas.outcomes import BadInputError
from schemas.records.source import Source, Terms

DEFAULTS = CurateConfig()
IGNORING = config_from({"manifest": {"extra_columns": "ignore"}}, "the tests")


def read(
    tmp_path: Path, data: str | bytes, config: CurateConfig = DEFAULTS, name: str = "m.csv"
) -> list[Source]:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_manifest(str(path), config)[0]


def read_one(tmp_path: Path, data: str | bytes, config: CurateConfig = DEFAULTS) -> Source:
    (source,) = read(tmp_path, data, config)
    return source


def message(tmp_path: Path, data: str | bytes, config: CurateConfig = DEFAULTS, name: str = "m.csv") -> str:
    with pytest.raises(BadInputError) as caught:
        read(tmp_path, data, config, name)
    told = str(caught.value)
    assert name in told and "\n" not in told
    return told


def parquet(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "header",
    [
        "uri,consent",
        "uri, consent",
        "URI,Consent",
        " uri , CONSENT ",
        "uri,con sent",
        "\ufeffuri,consent",
        "uri;consent",
        "uri\tconsent",
        '"uri","consent"',
        'uri, "consent"',
        "uri,consent\xa0",
        "Uri,CON-SENT",
    ],
)
def test_columns_are_found_without_case_and_blanks(tmp_path: Path, header: str) -> None:
    separator = next(c for c in ",;\t" if c in header)
    source = read_one(tmp_path, f"{header}\ntalker.mp4{separator} denied\n")
    assert (source.name, source.consent, refusal(source)[0]) == ("talker.mp4", "refused", "consent_refused")
    assert refusal(source)[1] == "line 2 of the manifest"


def test_separators_of_words_make_no_difference(tmp_path: Path) -> None:
    text = (
        "uri,Speaker ID,consent-reference,License,Attribute Gender,attribute-Skin tone\na.mp4,p,r,CC0,f,x\n"
    )
    source = read_one(tmp_path, text)
    assert (source.speaker_id, source.consent_reference, source.licence) == ("p", "r", "CC0")
    assert source.attributes == (("gender", "f"), ("skin_tone", "x"))


@pytest.mark.parametrize("config", [DEFAULTS, IGNORING])
@pytest.mark.parametrize(
    ("column", "nearest"),
    [
        ("consnet", "consent"),
        ("concent", "consent"),
        ("consents", "consent"),
        ("Consent given", "consent"),
        ("has_consent", "consent"),
        ("attribute_consent", "consent"),
        ("speaker", "speaker_id"),
        ("lisence", "licence"),
        ("titel", "title"),
        ("transcripts", "transcript"),
        ("langauge", "language"),
        ("atribute_gender", "attribute_..."),
        ("consent_expiry", "consent_expires"),
        ("consent-scopes", "consent_scope"),
        ("withdrawn", "consent_withdrawn"),
        ("Opt out", "consent_withdrawn"),
        ("valid_until", "consent_expires"),
        ("legal basis", "consent_basis"),
        ("rights_owner", "rights_holder"),
    ],
)
def test_a_misspelt_column_is_always_refused(
    tmp_path: Path, config: CurateConfig, column: str, nearest: str
) -> None:
    told = message(tmp_path, f"uri,{column}\na.mp4,no\n", config)
    assert repr(column) in told and repr(nearest) in told


def test_unknown_columns_are_refused_unless_they_are_to_be_ignored(tmp_path: Path) -> None:
    text = "uri,note,title_en,license_url,\na.mp4,n,t,u,\n"
    told = message(tmp_path, text)
    assert "'note', 'title_en', 'license_url', without a name" in told and "manifest.extra_columns" in told
    assert read_one(tmp_path, text, IGNORING).title is None


@pytest.mark.parametrize(
    "header", ["uri,consent,consent", "uri,consent,Con sent", "uri,licence,license", "uri,URI"]
)
def test_a_column_that_is_there_twice_is_refused(tmp_path: Path, header: str) -> None:
    told = message(tmp_path, f"{header}\n{','.join('x' * (header.count(',') + 1))}\n", IGNORING)
    assert "are both" in told


def test_a_table_without_uri_says_what_there_is(tmp_path: Path) -> None:
    assert "no column 'uri'; there are 'path', 'title'" not in message(tmp_path, "path,title\na,b\n")
    assert "no column 'uri'; there are 'path'" in message(tmp_path, "path,title\na,b\n", IGNORING)
    assert "did you mean 'uri'" in message(tmp_path, "uris,title\na,b\n")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "uri,title,consent\na.mp4,x,yes\ntalker.mp4,Hello, world,denied\n",
            "line 3 has 4 cells, the header 3",
        ),
        ("uri,title\ntalker.mp4,a,b,c,d\n", "line 2 has 5 cells, the header 2"),
        ("uri,title,consent\n\ntalker.mp4,denied\n", "line 3 has 2 cells"),
        ('uri,title\na.mp4,"two\nlines"\nb.mp4\n', "line 4 has 1 cells"),
        ('uri,title\na.mp4,"never ends\nb.mp4,x\n', "line 2: unexpected end"),
        ('uri,title\na.mp4,"x"y\n', "line 2: "),
        ("uri,title\n ,y\n", "line 2 has no value in its 'uri' column"),
        ("uri,title\na.mp4,\0\n", "line 2 holds a NUL byte"),
    ],
)
def test_a_row_that_is_not_whole_is_named(tmp_path: Path, text: str, line: str) -> None:
    assert line in message(tmp_path, text)


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    assert len(read(tmp_path, "\nuri,title\r\n\r\na.mp4,x\r\n   \r\n")) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings_with_a_mark_are_read(tmp_path: Path, encoding: str) -> None:
    assert read_one(tmp_path, "uri;title\nü.mp4;café 说话\n".encode(encoding)).title == "café 说话"


def test_what_is_no_text_is_refused_with_its_line(tmp_path: Path) -> None:
    told = message(tmp_path, "uri,title\na.mp4,x\ntalker.mp4,café\n".encode("latin-1"))
    assert "line 3 is not UTF-8 (byte 0xe9); save the manifest as UTF-8" in told
    assert "NUL" in message(tmp_path, "uri,title\na.mp4,x\n".encode("utf-16-le"))


def test_a_long_cell_is_read_whole(tmp_path: Path) -> None:
    words = "word " * 60_000
    assert read_one(tmp_path, f"uri,transcript\na.mp4,{words}\n").transcript == words.strip()


def test_a_manifest_that_is_refused_leaves_the_csv_module_as_it_was(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    with pytest.raises(BadInputError, match="line 2 has 2 cells"):  # its traceback holds on to the reader
        read_one(tmp_path, "uri\na.mp4,x\nb.mp4\n")
    assert csv.field_size_limit() == before


def test_a_table_is_no_larger_than_allowed(tmp_path: Path) -> None:
    small = config_from({"manifest": {"max_size_bytes": 100}}, "the tests")
    assert "max_size_bytes" in message(tmp_path, "uri\n" + "a.mp4\n" * 50, small)
    assert "max_size_bytes" in message(tmp_path, parquet(uri=["a.mp4"] * 90), small, "m.parquet")


YES = ("granted", "Granted ", "YES", "y", "true", "1", "given", "consented", "agreed", "1.0")
NO = ("no", "N", "false", "0", "denied", "declined", "not granted", "no consent", "opt-out", "expired", "0.0")
UNCLEAR = (
    "revoked on 2025",
    "nein",
    "grated",
    "yes?",
    "granted until 2020",
    "unknown",
    "n/a",
    "2",
    "-",
    "b'yes'",
)


@pytest.mark.parametrize("word", [*YES, *NO, *UNCLEAR])
def test_what_is_not_surely_a_yes_is_a_no(tmp_path: Path, word: str) -> None:
    says = "granted" if word in YES else "refused" if word in NO else "unclear"
    source = read_one(tmp_path, f"uri,consent\na.mp4,{word}\n")
    assert read_consent(word) == source.consent == says
    assert refusal(source)[:1] == (() if says == GRANTED else (f"consent_{says}",))
    assert bool(refusal(Source(uri="a", name="a", consent=word))) == (says != GRANTED), "however it came in"


def test_words_that_say_nothing_clear_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("uri,consent\na.mp4,revoked on 2025\nb.mp4,yes\nc.mp4,\nd.mp4,\x1b[31mno\n")
    _, remarks = read_manifest(str(path), DEFAULTS)
    assert "line 2: consent says 'revoked on 2025'; line 5: consent says '\\\\x1b[31mno'" in remarks[0]
    assert "no consent where it is asked for" in remarks[1] and "line 4" in remarks[1]


@pytest.mark.parametrize(
    ("require", "with_column", "without"),
    [(None, True, False), (True, True, True), (False, False, False)],
)
def test_what_an_empty_consent_means_is_a_setting(
    tmp_path: Path, require: bool | None, with_column: bool, without: bool
) -> None:
    config = config_from({"consent": {"require": require}}, "the tests")
    for text, refused in (("uri,consent\na.mp4,  \n", with_column), ("uri\na.mp4\n", without)):
        source = read_one(tmp_path, text, config)
        assert refusal(source)[:1] == (("consent_missing",) if refused else ())


def test_what_is_declared_of_terms_goes_on_the_record_and_what_is_not_clear_is_named(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(
        "uri,consent,consent_scope,consent_expires,license,rights holder,jurisdiction\n"
        'a.mp4,yes,"train, publish",2027-01-31,cc by 4.0,Ann Author,it\n'
        "b.mp4,yes,train publish,31.1.2027,MIT,,IT\n"
        "c.mp4,maybe,training,,,,IT\n"
        "d.mp4,yes,,,,,\n"
    )
    (whole, late, odd, empty), remarks = read_manifest(str(path), DEFAULTS)
    assert refusal(whole) == () and (whole.licence, whole.rights_holder) == ("cc by 4.0", "Ann Author")
    assert whole.terms == Terms(
        scope="train publish", expires_on="2027-01-31", licence_id="CC-BY-4.0", jurisdiction="IT"
    )
    assert refusal(late) == ("expiry_unclear", "line 3 of the manifest, column consent_expires")
    assert refusal(odd) == ("consent_unclear", "line 4 of the manifest", "scope_unclear")
    assert refusal(empty) == ("scope_missing", "line 5 of the manifest, column consent_scope")
    assert remarks == (
        "not clear, so never opened: line 3: consent_expires says '31.1.2027'; line 4: consent says 'maybe'; "
        "line 4: consent_scope says 'training'",
        "no consent_scope where it is asked for, so never opened: line 5",
    )


def test_parquet_holds_days_in_any_of_its_types(tmp_path: Path) -> None:
    days = np.array(["2027-01-31", "NaT"], "datetime64[D]")
    for values in (days, days.astype("datetime64[ns]"), days.astype("datetime64[s]"), ["2027-01-31", None]):
        data = parquet(uri=["a.mp4", "b.mp4"], consent_expires=values)
        found = read(tmp_path, data, name="m.parquet")
        assert [s.terms.expires_on for s in found] == ["2027-01-31", None]
        assert not any(map(refusal, found))
    noon = np.array(["2027-01-31T12:00"], "datetime64[s]")
    (found,) = read(tmp_path, parquet(uri=["a.mp4"], consent_expires=noon), name="m.parquet")
    assert refusal(found)[0] == "expiry_unclear"


NAN = math.nan


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([True, False, None], ["granted", "refused", None]),
        ([1, 0, None], ["granted", "refused", None]),
        ([1.0, 0.0, NAN], ["granted", "refused", None]),
        ([0.5, 2.0, -1.0], ["unclear", "unclear", "unclear"]),
        ([b"denied", b"granted", b""], ["refused", "granted", None]),
        (pa.array(["no", "yes", None]).dictionary_encode(), ["refused", "granted", None]),
        (pa.array(["no", "yes", None], pa.large_string()), ["refused", "granted", None]),
        (pa.nulls(3), [None, None, None]),
        (np.array(["2025-01-01"] * 3, "datetime64[D]"), ["unclear"] * 3),
    ],
)
def test_parquet_says_the_same_in_every_type(tmp_path: Path, values: Any, said: list[str | None]) -> None:
    found = read(tmp_path, parquet(uri=["a.mp4", "b.mp4", "c.mp4"], Consent=values), name="m.parquet")
    assert [s.consent for s in found] == said
    assert [bool(refusal(s)) for s in found] == [word != "granted" for word in said]
    assert refusal(found[0])[1:] in ((), ("row 1 of the manifest",))


@pytest.mark.parametrize("values", [[["denied"]], [{"is": "denied"}], [[1, 2]]])
def test_nested_cells_are_refused(tmp_path: Path, values: Any) -> None:
    assert "'consent' holds" in message(tmp_path, parquet(uri=["a.mp4"], consent=values), name="m.parquet")
    found = read(tmp_path, parquet(uri=["a.mp4"], more=values), IGNORING, "m.parquet")
    assert len(found) == 1, "what is ignored may be anything"


def test_damaged_parquet_is_refused_in_one_line(tmp_path: Path) -> None:
    whole = parquet(uri=[f"{i}.mp4" for i in range(50)], consent=["no"] * 50)
    for damaged in (
        b"PAR1" + bytes(100) + b"PAR1",
        whole[:-20],
        whole[:40],
        b"",
    ):
        assert "Parquet" in message(tmp_path, damaged, name="m.parquet")
    strings = pa.array([b"a.mp4", b"\xff.mp4"])
    assert "row 2" in message(tmp_path, parquet(uri=strings), name="m.parquet")
    assert "row 1" in message(tmp_path, parquet(uri=["a\0.mp4"]), name="m.parquet")


def test_an_index_of_pandas_is_no_column_of_anybody(tmp_path: Path) -> None:
    assert read(tmp_path, parquet(uri=["a.mp4"], __index_level_0__=[7]), name="m.parquet")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("English", "en"),
        ("EN", "en"),
        ("en-US", "en"),
        ("en_GB.UTF-8", "en"),
        ("hi-IN", "hi"),
        ("eng", "en"),
        ("German", "de"),
        ("ger", "de"),
        ("deu", "de"),
        ("zh-Hans-CN", "zh"),
        ("cmn", "zh"),
        ("Mandarin", "zh"),
        ("nb-NO", "no"),
        ("fil", "tl"),
        ("iw", "he"),
        ("Portuguese (Brazil)", "pt"),
        ("und", None),
        ("", None),
    ],
)
def test_languages_are_codes_of_the_recogniser(tmp_path: Path, text: str, code: str | None) -> None:
    assert read_one(tmp_path, f"uri,language\na.mp4,{text}\n").language == code


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Englsh", "'Englsh' is unknown; did you mean English (en)?"),
        ("qq", "'qq' is unknown; write its English"),
        ("yue", "(yue) is none that the recogniser base knows"),
        ("\x1b[31m", "'\\\\x1b[31m' is unknown"),
    ],
)
def test_an_unknown_language_is_refused_with_its_row(tmp_path: Path, text: str, told: str) -> None:
    found = message(tmp_path, f"uri,language\na.mp4,en\nb.mp4,{text}\n")
    assert "line 3: language" in found and told in found


def test_what_the_models_cannot_do_is_said_at_once(tmp_path: Path) -> None:
    english = config_from({"transcribe": {"model": "tiny.en"}}, "the tests")
    assert "tiny.en" in message(tmp_path, "uri,language\na.mp4,de\n", english)
    assert read_one(tmp_path, "uri,language\na.mp4,en-GB\n", english).language == "en"
    path = tmp_path / "m.csv"
    _, remarks = read_manifest(str(path), english)
    assert remarks == ()
    path.write_text("uri,language\na.mp4,de\nb.mp4,fr\nc.mp4,en\n")
    _, remarks = read_manifest(str(path), DEFAULTS)
    assert remarks == ("pocketsphinx does not align de, fr: words keep the recogniser's times (align.model)",)
