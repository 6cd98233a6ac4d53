"""A file's clock: where it starts again, jumps or is damaged, and what time it is in the video.

    file's clock   1.4 ------- 4.4 | 1.4 ------- 4.4      two recordings, one after the other
    video          0.0 ------- 3.0 | 3.0 ------- 6.0

Broadcasts, recorders and joined files let the clock start again; each stretch in which it runs on, a part,
is placed behind the one before, pictures and sound by one shift, so that they stay together. Single
packets whose time fits nowhere are damaged: they have no time, and follow on what came before.
"""

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from schemas.records.video import ClockPart

Kind = Literal["picture", "sound"]
Floats = npt.NDArray[np.float64]

# Times that go back by less are disorder within a part: two frames at the lowest rate, and some.
BACK_SECONDS = 0.3
# A gap longer than this is a jump of the clock (ffmpeg's -dts_delta_threshold), unless the header's
# duration says that the file is so long.
FORWARD_SECONDS = 10.0
# Fewer packets than these, and shorter, are damaged times and no part.
MIN_PACKETS, MIN_SECONDS = 5, 0.5
# A part's packets may be shown this much outside the span that was counted.
_SLACK_SECONDS = 0.05
# Sound or pictures begin at most this long after the container's start.
_LATE_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class PacketTimes:
    """One stream's packets in the order of the file, (n,) each; times in seconds of the file's clock.

    `decoded` is when a packet is to be decoded, `shown` when what it holds is shown; NaN where unknown.
    """

    position: npt.NDArray[np.int64]
    decoded: Floats
    shown: Floats
    length: Floats


@dataclass(frozen=True, slots=True)
class _Run:
    """Packets of one stream over which the clock runs on."""

    kind: Kind
    position: int
    num_packets: int
    low: float  # when its first packet is decoded and its last one ends
    high: float
    shown_low: float
    shown_high: float


def usable_times(times: PacketTimes) -> Floats:
    """Return when each packet is shown, by its time of decoding where that is missing or damaged, (n,)."""
    strange = np.abs(times.shown - times.decoded) > FORWARD_SECONDS
    shown = np.where(np.isnan(times.shown) | strange, times.decoded, times.shown)
    return np.asarray(shown, np.float64)


def clock_parts(
    streams: dict[Kind, PacketTimes], zero_seconds: float, declared_seconds: float | None
) -> tuple[ClockPart, ...]:
    """Return the parts of a file's clock in order; none if no packet has a time.

    Args:
        zero_seconds: the container's start on its own clock.
        declared_seconds: the duration in the header, where there is one; it bears out gaps.
    """
    end = -np.inf if declared_seconds is None else zero_seconds + declared_seconds + 1.0
    runs = [run for kind, times in streams.items() for run in _runs(kind, times, end)]
    groups: list[list[_Run]] = []
    for run in sorted(runs, key=lambda r: (r.position, r.kind)):
        if groups and _fits(groups[-1], run):
            groups[-1].append(run)
        else:
            groups.append([run])
    parts: list[ClockPart] = []
    reached = 0.0
    for group in groups:
        low, high = min(r.shown_low for r in group), max(r.shown_high for r in group)
        believed = low - _LATE_START_SECONDS <= zero_seconds <= high
        shift = reached - low if parts else -(zero_seconds if believed else low)
        reached = max(reached, high + shift)
        parts.append(
            ClockPart(
                picture_byte=_first_byte(group, "picture"),
                sound_byte=_first_byte(group, "sound"),
                low_seconds=low,
                high_seconds=high,
                shift_seconds=shift,
            )
        )
    return tuple(parts)


def _first_byte(group: Sequence[_Run], kind: Kind) -> int | None:
    return min((r.position for r in group if r.kind == kind), default=None)


def _runs(kind: Kind, times: PacketTimes, borne_out_until: float) -> list[_Run]:
    """Return the runs of one stream; single damaged times are left out."""
    order = np.where(np.isnan(times.decoded), times.shown, times.decoded)
    known = np.flatnonzero(~np.isnan(order))
    if not known.size:
        return []
    order, length, shown = order[known], times.length[known], usable_times(times)[known]
    gaps = order[1:] - order[:-1] - length[:-1]
    jumps = (order[1:] < order[:-1] - BACK_SECONDS) | (gaps > FORWARD_SECONDS)
    edges = [0, *(np.flatnonzero(jumps) + 1).tolist(), len(order)]
    found = [
        _Run(
            kind,
            int(times.position[known[a]]),
            b - a,
            float(order[a]),
            float((order[a:b] + length[a:b]).max()),
            float(shown[a:b].min()),
            float((shown[a:b] + length[a:b]).max()),
        )
        for a, b in itertools.pairwise(edges)
    ]
    long = [r for r in found if r.num_packets >= MIN_PACKETS or r.high - r.low >= MIN_SECONDS]
    return _joined(long or [max(found, key=lambda r: r.num_packets)], borne_out_until)


def _joined(runs: Sequence[_Run], borne_out_until: float) -> list[_Run]:
    """Join neighbours whose clock runs on: what lay between them was damaged, or there is a true gap."""
    joined: list[_Run] = []
    for number, run in enumerate(runs):
        later = min((r.low for r in runs[number + 1 :]), default=np.inf)
        if joined:
            gap = run.low - joined[-1].high
            true_gap = run.high <= borne_out_until and later >= run.low
            if gap >= -BACK_SECONDS and (gap <= FORWARD_SECONDS or true_gap):
                joined[-1] = _one(joined[-1], run)
                continue
        joined.append(run)
    return joined


def _one(first: _Run, second: _Run) -> _Run:
    return replace(
        first,
        num_packets=first.num_packets + second.num_packets,
        high=max(first.high, second.high),
        shown_low=min(first.shown_low, second.shown_low),
        shown_high=max(first.shown_high, second.shown_high),
    )


def _fits(group: Sequence[_Run], run: _Run) -> bool:
    """Return whether a run belongs to the part that others form."""
    own = [r for r in group if r.kind == run.kind]
    other = [r for r in group if r.kind != run.kind]
    if not own:
        return any(run.low < r.high + FORWARD_SECONDS and run.high > r.low - FORWARD_SECONDS for r in other)
    # One stream paused while the clock ran on in the other.
    reached = max(r.high for r in own)
    bridged = any(r.low <= reached + 1.0 and r.high >= run.low for r in other)
    return run.low >= reached - BACK_SECONDS and bridged


class PartClock:
    """Tells the time of one stream's packets by the parts of a file's clock."""

    def __init__(self, parts: Sequence[ClockPart], kind: Kind) -> None:
        with_byte = [(p.picture_byte if kind == "picture" else p.sound_byte, p) for p in parts]
        self._parts = [p for byte, p in with_byte if byte is not None]
        self._bytes = [byte for byte, _ in with_byte if byte is not None]
        self._current = 0

    def shift(self, seconds: float, position: int | None) -> float | None:
        """Return what to add to a time of the file's clock; None if the time is damaged.

        Args:
            position: the packet's byte in the file; one without follows the packet before it.
        """
        if position is not None and position >= 0:
            self._current = max(bisect_right(self._bytes, position) - 1, 0)
        if not self._parts:
            return None
        part = self._parts[self._current]
        inside = part.low_seconds - _SLACK_SECONDS <= seconds <= part.high_seconds + _SLACK_SECONDS
        return part.shift_seconds if inside else None


def video_times(parts: Sequence[ClockPart], kind: Kind, times: PacketTimes) -> Floats:
    """Return when a stream's packets are shown in the video, in seconds, (n,); NaN where damaged."""
    clock, raw = PartClock(parts, kind), usable_times(times)
    shifts = [clock.shift(*packet) for packet in zip(raw.tolist(), times.position.tolist(), strict=True)]
    return raw + np.array([np.nan if s is None else s for s in shifts])


def retime(packet: Any, clock: PartClock, zero_seconds: float) -> None:
    """Give a packet the time it has in the video, on a clock that starts at `zero_seconds`.

    A packet whose time is damaged is left without.
    """
    tick = packet.time_base
    stamp = packet.pts if packet.pts is not None else packet.dts
    if stamp is None or not tick:
        return
    shift = clock.shift(float(stamp * tick), packet.pos)
    if shift is None and packet.pts is not None and packet.dts is not None:
        packet.pts, stamp = None, packet.dts
        shift = clock.shift(float(stamp * tick), packet.pos)
    moved = None if shift is None else round((shift + zero_seconds) / float(tick))
    packet.pts = None if moved is None or packet.pts is None else packet.pts + moved
    packet.dts = None if moved is None or packet.dts is None else packet.dts + moved
