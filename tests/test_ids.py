"""Ids depend on content and span alone."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import ID_HEX_DIGITS, content_id, derived_seed, span_id

SPANS = st.tuples(st.text(), st.sampled_from(["shot", "clip"]), st.integers(0, 10**9), st.integers(0, 10**9))


def test_content_id_is_the_sha256_of_the_bytes() -> None:
    # The well-known digest of the empty message and of "abc" (FIPS 180-2).
    assert content_id([]) == ("e3b0c44298fc1c149afb", 0)
    assert content_id([b"abc"]) == ("ba7816bf8f01cfea4141", 3)


@given(st.lists(st.binary()))
def test_content_id_does_not_depend_on_chunks(chunks: list[bytes]) -> None:
    assert content_id(chunks) == content_id([b"".join(chunks)])


def test_span_id_stays_the_same_over_releases() -> None:
    assert span_id("0123456789abcdef0123", "shot", 0, 75) == "33f78bb13f84c9ed7f01"


@given(SPANS, SPANS)
def test_span_ids_differ_for_different_spans(first: tuple, second: tuple) -> None:
    assert (span_id(*first) == span_id(*second)) == (first == second)


def test_span_id_depends_on_every_qualifier() -> None:
    ids = {
        span_id("p", "clip", 0, 10),
        span_id("p", "clip", 0, 10, "a"),
        span_id("p", "clip", 0, 10, "a", 25.0),
        span_id("p", "clip", 0, 10, "a", 30.0),
    }
    assert len(ids) == 4
    assert all(len(i) == ID_HEX_DIGITS and i.isalnum() for i in ids)


def test_seeds_differ_by_record_and_purpose_and_fit_64_bits() -> None:
    seeds = {derived_seed(r, p) for r in ("a", "b") for p in ("crop", "noise")}
    assert len(seeds) == 4
    assert all(0 <= s < 2**64 for s in seeds)
    assert derived_seed("a", "crop") == derived_seed("a", "crop")
