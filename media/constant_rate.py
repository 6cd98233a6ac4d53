"""Pictures at a constant rate, whatever times the source's have."""

from collections.abc import Iterable, Iterator

from media.frames import Picture
from media.source import MediaError


def at_constant_rate(
    pictures: Iterable[Picture], start_seconds: float, num_frames: int, fps: float
) -> Iterator[Picture]:
    """Yield, for each of `num_frames` instants, the source picture presented nearest to it.

    Instant i is `start_seconds + i / fps`; on a tie the earlier picture is taken, so sound
    leads or lags by half a source frame at most and by nothing on average.

    Raises:
        MediaError: if the source ends before the last instant: by more than one and a half
            output frames and by more than one and a half of its own last frame.
    """
    index = 0
    previous: Picture | None = None
    shown_seconds = 0.0
    for picture in pictures:
        while index < num_frames:
            instant = start_seconds + index / fps
            if picture.seconds < instant:
                break
            if previous is not None and instant - previous.seconds <= picture.seconds - instant + 1e-9:
                yield previous
            else:
                yield picture
            index += 1
        if index == num_frames:
            return
        shown_seconds = 0.0 if previous is None else picture.seconds - previous.seconds
        previous = picture
    missing = start_seconds + (num_frames - 1) / fps - (previous.seconds if previous else -1e9)
    if previous is None or missing > 1.5 * max(1 / fps, shown_seconds):
        raise MediaError(f"the source ends at frame {index} of {num_frames} of the clip")
    for _ in range(num_frames - index):
        yield previous
