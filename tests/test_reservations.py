"""What a file, or its place, says against text and data mining is found, and honoured."""

import dataclasses
import datetime
import io
import json
import os
import struct
from pathlib import Path

import av
import pytest

from media import MediaLimits, probe_media
from media.reservations import c2pa_reservations, read_reservations, tag_reservations, xmp_reservations
from pipelines.artefacts import ArtefactStore
from pipelines.config import CurateConfig
from pipelines.curate import without_reserved
from pipelines.elements import VisitResult
from pipelines.recipes import artefact_for, recipes_of
from pipelines.reserved_places import fits, with_reserved_places
from pipelines.settle_consent import settle_consent
from pipelines.stages import VISITS
from schemas.consent import refusal
from schemas.records.source import Source, Terms
from schemas.records.video import Video
from tests.reserving_media import PLUS, XMP, avi_with, box, mining, packet, signed, store_of, with_xmp, write
from transforms.judge_consent import ConsentConfig
from transforms.probe import ProbeConfig, probe_source

TODAY = datetime.date(2026, 11, 27)
PROHIBITED = f'plus:DataMining="{PLUS}DMI-PROHIBITED"'


@pytest.fixture(scope="module")
def talk(demo: Path) -> bytes:
    return (demo / "s1_bbaf2n.mp4").read_bytes()


def reserved(data: bytes) -> tuple[str, ...]:
    return read_reservations(io.BytesIO(data))


@pytest.mark.parametrize(
    ("properties", "found"),
    [
        (PROHIBITED, ("xmp plus:DataMining DMI-PROHIBITED",)),
        (
            f'plus:DataMining="{PLUS}DMI-PROHIBITED-GENAIMLTRAINING"',
            ("xmp plus:DataMining DMI-PROHIBITED-GENAIMLTRAINING",),
        ),
        (f'plus:DataMining="{PLUS}DMI-ALLOWED"', ()),
        (f'plus:DataMining="{PLUS}DMI-UNSPECIFIED"', ()),
        ('plus:DataMining="DMI-PROHIBITED"', ("xmp plus:DataMining DMI-PROHIBITED",)),
        ('tdm:reservation="1"', ("xmp tdm:reservation",)),
        ('tdm:reservation="0"', ()),
        ('dc:title="nothing of it"', ()),
    ],
)
def test_xmp_is_found_wherever_it_may_lie(talk: bytes, properties: str, found: tuple[str, ...]) -> None:
    assert reserved(with_xmp(talk, properties)) == found
    assert reserved(with_xmp(talk, properties) + talk) == found, "another recording follows"
    assert xmp_reservations(packet(properties).decode().encode("utf-16")) == found
    assert xmp_reservations(packet(properties)[:-40]) == found, "not whole"
    assert reserved(avi_with(b"RIFF\0\0\0\0AVI ", b"_PMX", packet(properties))) == found
    quicktime = box(b"ftyp", b"qt  \0\0\0\0") + box(b"moov", box(b"udta", box(b"XMP_", packet(properties))))
    assert reserved(quicktime) == found


def test_elements_say_the_same_as_attributes() -> None:
    text = (
        f'<plus:DataMining rdf:resource="{PLUS}DMI-PROHIBITED"/>',
        "<plus:DataMining>DMI-PROHIBITED</plus:DataMining>",
    )
    for said in text:
        assert xmp_reservations(said.encode()) == ("xmp plus:DataMining DMI-PROHIBITED",)
    told = b'xmlns:t="http://www.w3.org/ns/tdmrep#"><t:reservation>1</t:reservation>'
    assert xmp_reservations(told) == ("xmp tdm:reservation",)


def test_assertions_of_content_credentials_are_found(talk: bytes) -> None:
    uses = {"cawg.ai_generative_training": "notAllowed", "cawg.data_mining": "allowed"}
    plain, forbidden = signed(talk), signed(talk, mining(uses))
    assert reserved(plain) == ()
    assert reserved(forbidden) == ("c2pa cawg.ai_generative_training notAllowed",)
    old = mining({"c2pa.ai_training": "constrained"}, "c2pa.training-mining")
    assert reserved(signed(talk, old)) == ("c2pa c2pa.ai_training constrained",)
    assert reserved(signed(talk, mining({"cawg.ai_training": "allowed"}))) == ()
    assert reserved(signed(talk, parent=forbidden)) == reserved(forbidden), "what it was made of reserves it"
    assert c2pa_reservations(store_of(forbidden)) == reserved(forbidden)
    changed = bytearray(forbidden)
    changed[-2000] ^= 1
    assert reserved(bytes(changed)) == reserved(forbidden), "the word stands, whatever became of the file"


def test_what_is_there_and_cannot_be_read_counts(talk: bytes) -> None:
    data = signed(talk)
    place = data.index(b"jumdc2pa")
    assert reserved(data[: place - 4] + b"\xff" * 64 + data[place + 60 :]) == ("c2pa cannot be read",)
    assert c2pa_reservations(b"") == c2pa_reservations(b"no store" * 99) == ("c2pa cannot be read",)
    huge = struct.pack(">I4s", 2**25, b"uuid") + XMP
    assert reserved(talk + huge + b"\0" * 2**25) == ("xmp cannot be read",)


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({"TDM-RESERVATION": "1"}, True),
        ({"tdm_reservation": "yes"}, True),
        ({"tdm-reservation": "0"}, False),
        ({"title": "tdm-reservation"}, False),
        ({}, False),
    ],
)
def test_tags_of_containers_count(tags: dict[str, str], found: bool) -> None:
    assert tag_reservations(tags) == (("tag tdm-reservation",) if found else ())


def test_damaged_files_end_the_search(talk: bytes) -> None:
    loop = box(b"ftyp", b"isom\0\0\0\0") + struct.pack(">I4s", 1, b"moov") + b"\0" * 7 + b"\x08" + b"\0" * 99
    nested = b""
    for _ in range(3000):
        nested = box(b"moov", nested)
    for data in (
        b"",
        b"RIFF",
        loop,
        box(b"ftyp", b"isom") + nested,
        talk[:5000],
        b"RIFF\xff\xff\xff\xffAVI " + b"\xff" * 99,
    ):
        assert reserved(data) == ()


def video(path: Path, **declared: object) -> Video:
    source = Source(uri=str(path), name=path.name, **declared)  # pyright: ignore[reportArgumentType]
    found = probe_source(source, ProbeConfig(), MediaLimits())
    assert isinstance(found, Video)
    return found


def test_a_video_that_reserves_mining_is_turned_down_unless_its_holder_allows_it(
    talk: bytes, tmp_path: Path
) -> None:
    forbidden = write(tmp_path / "a.mp4", with_xmp(talk, PROHIBITED))
    probed = video(forbidden)
    result = VisitResult(outputs=(probed,))
    (rejection,) = without_reserved(result, ConsentConfig()).rejections
    assert (rejection.reason, rejection.also) == ("rights_reserved", probed.reservations)
    assert without_reserved(result, ConsentConfig()).outputs == ()
    above = ConsentConfig(bases_above_reservations=("licence", "own_work"))
    assert without_reserved(result, above).outputs == (), "nothing of the kind is declared"
    for basis, used in (("licence", True), ("consent own_work", True), ("text_and_data_mining", False)):
        allowed = VisitResult(outputs=(video(forbidden, terms=Terms(basis=basis)),))
        assert bool(without_reserved(allowed, above).outputs) is used
    free = VisitResult(outputs=(video(write(tmp_path / "b.mp4", talk)),))
    assert without_reserved(free, ConsentConfig()) == free


def test_files_beside_a_video_speak_for_it_and_make_it_looked_at_anew(talk: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", talk)
    source, recipes = Source(uri=str(path), name="a.mp4"), recipes_of(CurateConfig())
    names = [artefact_for(source, VISITS["probe"], recipes)]
    assert video(path).reservations == ()
    for name, data, found in (
        ("a.xmp", packet('dc:title="x"'), ()),
        ("a.mp4.xmp", packet(PROHIBITED), ("xmp plus:DataMining DMI-PROHIBITED",)),
        ("a.c2pa", store_of(signed(talk, mining({"cawg.ai_training": "notAllowed"}))), None),
    ):
        write(tmp_path / name, data)
        names.append(artefact_for(source, VISITS["probe"], recipes))
        told = video(path).reservations
        assert told == found if found is not None else "c2pa cawg.ai_training notAllowed" in told
    assert len(set(names)) == 4


def test_tags_are_read_of_whatever_can_be_opened(talk: bytes, tmp_path: Path) -> None:
    plain = write(tmp_path / "a.mp4", talk)
    for name in ("b.mkv", "b.mp4"):
        with (
            av.open(str(plain)) as source,
            av.open(
                str(tmp_path / name),
                "w",
                options={"movflags": "use_metadata_tags"} if name == "b.mp4" else {},
            ) as made,
        ):
            made.metadata["tdm-reservation"] = "1"
            streams = {
                s.index: made.add_stream_from_template(s)
                for s in (*source.streams.video, *source.streams.audio)
            }
            for packet_ in source.demux(*streams):
                if packet_.dts is not None:
                    packet_.stream = streams[packet_.stream.index]
                    made.mux(packet_)
        assert probe_media(str(tmp_path / name), MediaLimits()).reservations == ("tag tdm-reservation",)


RULES = [
    {"location": "/", "tdm-reservation": 0},
    {"location": "/films/*/private/*.mp4$", "tdm-reservation": 1, "tdm-policy": "https://example.org/policy"},
    {"location": "/closed", "tdm-reservation": "1"},
]


def test_a_copy_of_a_site_keeps_what_the_site_reserves(tmp_path: Path) -> None:
    site = tmp_path / "mirror" / "example.org"
    names = (
        "films/a/private/x.mp4",
        "films/a/private/x.mp4.mkv",
        "films/a/x.mp4",
        "closed/x.mp4",
        "free.mp4",
    )
    sources = [Source(uri=str(site / name), name=name) for name in names]
    assert with_reserved_places(sources, ConsentConfig()) == sources
    (site / ".well-known").mkdir(parents=True)
    (site / ".well-known" / "tdmrep.json").write_text(json.dumps(RULES))
    told = with_reserved_places(sources, ConsentConfig())
    assert [bool(refusal(source)) for source in told] == [True, False, False, True, False]
    assert refusal(told[0]) == ("rights_reserved", "the tdmrep.json of a folder above it")
    licensed = [dataclasses.replace(source, terms=Terms(basis="licence")) for source in sources]
    above = ConsentConfig(bases_above_reservations=("licence",))
    assert with_reserved_places(licensed, above) == licensed
    for damaged in ("{", "[1]", '[{"tdm-reservation": 1}]', "[" * 10_000, json.dumps(RULES) + " " * 2**20):
        (site / ".well-known" / "tdmrep.json").write_text(damaged)
        assert all(map(refusal, with_reserved_places(sources, ConsentConfig())))


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("/", True),
        ("", True),
        ("/a/b.mp4", True),
        ("a/", True),
        ("/a/b", True),
        ("/a/b$", False),
        ("/*.mp4$", True),
        ("*/b*", True),
        ("/a/*/b", False),
        ("/*b.mp4*b.mp4$", False),
        ("/" + "*a" * 50_000 + "$", False),
    ],
)
def test_patterns_are_those_of_robots(pattern: str, named: bool) -> None:
    assert fits("/a/b.mp4", pattern) is named


def test_a_reservation_of_a_place_holds_for_copies_elsewhere(tmp_path: Path) -> None:
    site = tmp_path / "example.org"
    (site / ".well-known").mkdir(parents=True)
    (site / ".well-known" / "tdmrep.json").write_text('[{"location": "/", "tdm-reservation": 1}]')
    write(site / "x.mp4", b"a talk")
    os.link(site / "x.mp4", tmp_path / "hard.mp4")
    write(tmp_path / "copy.mp4", b"a talk")
    places = (site / "x.mp4", tmp_path / "hard.mp4", tmp_path / "copy.mp4")
    sources = [Source(uri=str(place), name=place.name) for place in places]
    store = ArtefactStore(str(tmp_path / "out"))
    settled = settle_consent(sources, ConsentConfig(), {}, store, MediaLimits(), TODAY)
    assert [refusal(source)[0] for source in settled.sources] == ["rights_reserved"] * 3
