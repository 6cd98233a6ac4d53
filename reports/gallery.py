"""Accepted clips as cards: words, scores, and a small picture where the run wrote one."""

import base64
import re
from collections.abc import Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from reports import formats, metrics, score_words
from reports.run_data import RunData

MAX_CARDS = 24
MAX_THUMB_BYTES = 60_000
MAX_THUMBS_BYTES = 420_000  # a third more once in base64
_CARD_SCORES = ("audio_speech_ratio", "audio_snr_db", "face_height_px", "landmarks_any_hand_ratio")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """One accepted clip. `thumb` is a data URI or empty; `language` is safe as a lang attribute."""

    clip_id: str
    video: str
    time: str
    length: str
    language: str
    text: str
    thumb: str
    scores: tuple[tuple[str, str], ...]


def build_cards(run: RunData) -> list[Card]:
    """Return cards for clips of as many videos as possible, those with a picture first."""
    rows = pick(metrics.accepted(run.tables["clips"]), run.thumbs.keys(), MAX_CARDS).to_pylist()
    cards: list[Card] = []
    left = MAX_THUMBS_BYTES
    for row in rows:
        data = fitting_thumb(run.thumbs.get(row["clip_id"], b""), min(left, MAX_THUMB_BYTES))
        left -= len(data)
        cards.append(_card(row, data))
    return cards


def pick(accepted: pa.Table, with_thumb: Set[str], limit: int) -> pa.Table:
    """Return rows by turns: the first clip of every video, then every second one, and so on."""
    if not accepted.num_rows:
        return accepted
    videos = np.asarray(accepted["video_id"].to_pylist())
    clip_ids = accepted["clip_id"].to_pylist()
    _, first, group = np.unique(videos, return_index=True, return_inverse=True)
    turn = np.arange(len(videos)) - first[group]  # the table is sorted by video
    bare = np.asarray([clip_id not in with_thumb for clip_id in clip_ids])
    order = np.lexsort((np.arange(len(videos)), turn, bare))
    return accepted.take(pa.array(order[:limit]))


def fitting_thumb(data: bytes, max_bytes: int) -> bytes:
    """Return a clip's picture, or nothing if it is too large or is no JPEG."""
    return data if len(data) <= max_bytes and data.startswith(b"\xff\xd8\xff") else b""


def _card(row: dict[str, Any], thumb: bytes) -> Card:
    language = row["transcript_language"] or ""
    scores = [
        (score_words.FIELDS[field][0], score_words.with_unit(field, row[field]))
        for field in _CARD_SCORES
        if row[field] is not None
    ]
    span = f"{formats.clock(row['start_seconds'], 1)} – {formats.clock(row['end_seconds'], 1)}"
    return Card(
        clip_id=row["clip_id"],
        video=formats.file_name(row["source_name"]),
        time=span,
        length=formats.duration(row["num_frames"] / row["fps"]),
        language=language if _LANGUAGE.fullmatch(language) else "",
        text=formats.prose(row["transcript_text"], 280),
        thumb="data:image/jpeg;base64," + base64.b64encode(thumb).decode() if thumb else "",
        scores=tuple(scores),
    )
