"""One pass over a file's packets, without decoding: when they come, and how long pictures and sound last."""

from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from av.error import FFmpegError

from media.clock import PacketTimes
from media.source import MediaError, MediaLimits, describe, read_packets

# Packets are counted against the time they take up in steps of this many.
_CHECK_EVERY = 10_000


@dataclass(slots=True)
class _Tape:
    """What is noted of one stream's packets, in the order of the file."""

    position: "array[int]" = field(default_factory=lambda: array("q"))
    decoded: "array[float]" = field(default_factory=lambda: array("d"))
    shown: "array[float]" = field(default_factory=lambda: array("d"))
    length: "array[float]" = field(default_factory=lambda: array("d"))
    num_packets: int = 0
    elapsed_seconds: float = 0.0
    end_seconds: float = -np.inf
    last_seconds: float = np.nan

    def note(self, packet: Any, keep: bool) -> None:
        """Take the next packet; its times are kept where they matter and no edit list hides it."""
        tick = float(packet.time_base or 0)
        dts = np.nan if packet.dts is None else packet.dts * tick
        pts = np.nan if packet.pts is None else packet.pts * tick
        length = (packet.duration or 0) * tick
        self.num_packets += 1
        now = pts if packet.dts is None else dts
        step = now - self.last_seconds
        if step > 0:
            self.elapsed_seconds += min(step, 1.0)
        elif step != step:  # one of the two has no time
            self.elapsed_seconds += length
        self.last_seconds = now
        if packet.is_discard:
            return
        end = (now if np.isnan(pts) else pts) + length
        self.end_seconds = end if end > self.end_seconds else self.end_seconds
        if keep:
            self.position.append(-1 if packet.pos is None else packet.pos)
            self.decoded.append(dts)
            self.shown.append(pts)
            self.length.append(length)

    def times(self) -> PacketTimes:
        """Return the kept packets; one without a byte of its own is where the packet before it is."""
        return PacketTimes(
            np.maximum.accumulate(np.array(self.position, np.int64)),
            np.array(self.decoded, np.float64),
            np.array(self.shown, np.float64),
            np.array(self.length, np.float64),
        )


class PacketScan:
    """What one pass over all packets of a container found, by the index of the stream."""

    def __init__(self, uri: str, container: Any, limits: MediaLimits) -> None:
        """Read all packets.

        Raises:
            MediaError: if none can be read, one is too large, or there are more than their time explains.
        """
        self._tapes = {stream.index: _Tape() for stream in container.streams}
        kinds = {stream.index: stream.type for stream in container.streams}
        try:
            for packet in read_packets(container):
                if not packet.size:
                    continue
                _check_size(uri, packet, limits)
                tape = self._tapes.setdefault(packet.stream_index, _Tape())
                tape.note(packet, kinds.get(packet.stream_index) in ("video", "audio"))
                if not tape.num_packets % _CHECK_EVERY:
                    _check_progress(uri, tape, limits)
        except FFmpegError as error:
            if not any(tape.num_packets for tape in self._tapes.values()):
                raise MediaError(f"{uri}: the media data cannot be read ({describe(error)})") from error

    @property
    def num_packets(self) -> dict[int, int]:
        """How many packets each stream has."""
        return {index: tape.num_packets for index, tape in self._tapes.items()}

    def times(self, stream: Any) -> PacketTimes:
        """Return the packets of a stream of pictures or sound."""
        return self._tapes[stream.index].times()

    def end_seconds(self) -> float:
        """Return when the last packet of any stream ends, on the file's clock; -inf without any."""
        return max((tape.end_seconds for tape in self._tapes.values()), default=-np.inf)


def _check_size(uri: str, packet: Any, limits: MediaLimits) -> None:
    if packet.size > limits.max_packet_bytes:
        raise MediaError(
            f"{uri}: a packet of {packet.size} bytes, more than the limit of {limits.max_packet_bytes} "
            "(media.max_packet_bytes in the config)"
        )


def _check_progress(uri: str, tape: _Tape, limits: MediaLimits) -> None:
    allowed = limits.max_packets_per_second * tape.elapsed_seconds + _CHECK_EVERY
    if tape.num_packets > allowed:
        raise MediaError(
            f"{uri}: {tape.num_packets} packets in {tape.elapsed_seconds:.1f} s, more than the limit of "
            f"{limits.max_packets_per_second} a second (media.max_packets_per_second in the config)"
        )
