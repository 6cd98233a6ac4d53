"""A person is made to speak with a sure yes alone."""

import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from commands import command_line
from commands.settle_likeness import consent_template, settle_likeness, sha256_of
from schemas.outcomes import BadInputError

TODAY = datetime.date(2026, 6, 15)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"a photo")
    return path


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    path = tmp_path / "voice.wav"
    path.write_bytes(b"a voice")
    return path


def says(picture: Path, voice: Path, **changes: Any) -> dict[str, Any]:
    plain = {
        "person": "Ada Example",
        "consent": "granted",
        "purpose": "a greeting on the firm's page",
        "uses": ["generate"],
        "given_on": datetime.date(2026, 1, 1),
        "until": datetime.date(2026, 12, 31),
        "pictures": [sha256_of(picture)],
        "voices": [sha256_of(voice)],
        "adult": True,
    }
    return {name: value for name, value in {**plain, **changes}.items() if value is not ...}


def settled(picture: Path, voice: Path, plain: Any, use: Any = "generate"):
    path = picture.with_name("consent.yaml")
    path.write_text(plain if isinstance(plain, str) else yaml.safe_dump(plain), encoding="utf-8")
    return settle_likeness(path, None, use, picture, voice, TODAY)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"consent": True},
        {"consent": "Yes"},
        {"pictures": "any", "voices": "any"},
        {"until": TODAY, "given_on": TODAY},
        {"adult": False, "guardian": "Mother of Ada"},
        {"uses": ["edit", "generate"], "reference": "folder 7"},
    ],
)
def test_a_sure_yes_is_written_down(picture: Path, voice: Path, changes: dict[str, Any]) -> None:
    basis = settled(picture, voice, says(picture, voice, **changes))
    assert (basis.kind, basis.person, basis.use) == ("file", "Ada Example", "generate")
    assert basis.picture_sha256 == sha256_of(picture) and basis.voice_sha256 == sha256_of(voice)
    assert basis.consent_sha256 == sha256_of(picture.with_name("consent.yaml"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"until": datetime.date(2026, 6, 14)}, "held until 2026-06-14"),
        ({"given_on": datetime.date(2026, 6, 16)}, "after today"),
        ({"withdrawn_on": datetime.date(2026, 7, 1)}, "withdrawn on 2026-07-01"),
        ({"uses": ["dub"]}, "uses is dub, not generate"),
        ({"uses": []}, "uses is nothing"),
        ({"uses": ["anything"]}, "uses.0: should be 'generate', 'dub' or 'edit'"),
        ({"pictures": ["0" * 64]}, "add its SHA-256"),
        ({"pictures": ["photo.jpg"]}, "is no SHA-256"),
        ({"pictures": []}, "not among pictures"),
        ({"voices": ["0" * 64]}, "this voice is not among voices"),
        ({"consent": "no"}, "not 'granted'"),
        ({"consent": False}, "not 'granted'"),
        ({"consent": "granted for research"}, "not 'granted'"),
        ({"consent": ""}, "not 'granted'"),
        ({"consent": ...}, "consent: must be given"),
        ({"person": " "}, "person is empty"),
        ({"purpose": ""}, "purpose is empty"),
        ({"adult": False}, "guardian"),
        ({"adult": ...}, "adult: must be given"),
        ({"adult": "yes"}, "adult: should be"),
        ({"until": "soon"}, "until: should be"),
        ({"until": ...}, "until: must be given"),
        ({"until": 4102444800}, "until: should be"),
        ({"untill": TODAY}, "untill: no such"),
    ],
)
def test_whatever_is_not_surely_a_yes_is_refused(
    picture: Path, voice: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInputError, match=r"--consent .*consent\.yaml") as refused:
        settled(picture, voice, says(picture, voice, **changes))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("consent: no\nconsent: granted\n", "given twice"),
        ("- granted\n", "top level"),
        ("", "must be given"),
        ("consent: [", "not valid YAML"),
        ("a: &a [x]\nb: !!python/object/apply:os.system [ls]\n", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_consent_is_refused(picture: Path, voice: Path, text: str, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        settled(picture, voice, text)


def test_all_that_is_lacking_is_said_at_once(picture: Path, voice: Path) -> None:
    plain = says(picture, voice, uses=["dub"], until=datetime.date(2020, 1, 1), pictures=[])
    with pytest.raises(BadInputError, match=r"(?s)held until.*uses is dub.*not among pictures"):
        settled(picture, voice, plain)


def test_nothing_given_is_refused_and_told_what_to_do(picture: Path, voice: Path) -> None:
    with pytest.raises(BadInputError, match=r"--consent FILE.*--i-have-consent"):
        settle_likeness(None, None, "generate", picture, voice, TODAY)


def test_a_statement_is_written_down(picture: Path, voice: Path) -> None:
    basis = settle_likeness(None, " my own\nphoto ", "generate", picture, voice, TODAY)
    assert (basis.kind, basis.statement, basis.person) == ("statement", "my own photo", None)
    assert (basis.adult, basis.guardian) == (False, None)
    adult = settle_likeness(None, "my own photo", "generate", picture, voice, TODAY, adult=True)
    assert adult == replace(basis, adult=True)
    for empty in ("", "  ", "x" * 501, "\x00"):
        with pytest.raises(BadInputError, match="by what right"):
            settle_likeness(None, empty, "generate", picture, voice, TODAY)


def test_whether_somebody_is_an_adult_is_said_by_the_file(picture: Path, voice: Path) -> None:
    basis = settled(picture, voice, says(picture, voice))
    assert (basis.adult, basis.guardian, basis.perceived_years) == (True, None, None)
    child = settled(picture, voice, says(picture, voice, adult=False, guardian=" a mother "))
    assert (child.adult, child.guardian) == (False, "a mother")
    consent = picture.with_name("consent.yaml")
    with pytest.raises(BadInputError, match=r"--person-is-adult.*consent\.yaml"):
        settle_likeness(consent, None, "generate", picture, voice, TODAY, adult=True)


def test_files_that_are_not_there_are_named(picture: Path, voice: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"none\.yaml: no such file"):
        settle_likeness(tmp_path / "none.yaml", None, "generate", picture, voice, TODAY)
    with pytest.raises(BadInputError, match=r"none\.jpg: cannot be read"):
        settle_likeness(None, "mine", "generate", tmp_path / "none.jpg", voice, TODAY)


def test_the_template_says_no_until_it_is_filled_in(
    picture: Path, voice: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template = consent_template(picture, voice, TODAY)
    with pytest.raises(BadInputError, match=r"(?s)not 'granted'.*person is empty.*guardian"):
        settled(picture, voice, template)
    filled = template.replace('consent: ""', "consent: granted").replace('person: ""', "person: Ada")
    filled = filled.replace('purpose: ""', "purpose: a greeting").replace("adult: false", "adult: true")
    assert settled(picture, voice, filled).person == "Ada"
    assert command_line.main(["consent", "--picture", str(picture)]) == 0
    assert sha256_of(picture) in capsys.readouterr().out
    assert command_line.main(["consent", "--picture", str(picture.with_name("none"))]) == 2
