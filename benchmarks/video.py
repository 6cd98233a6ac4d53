"""Measure what geometry costs, pairs for training and frames of a whole photo, and how fast frames are made.

    python benchmarks/video.py --data OUT [--split test] [--output FOLDER]

How near its frames come to real ones, `python run_pipeline.py evaluate` says.
"""

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

# The first entry is this folder, whose files would hide others of the same names.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

_SPEED_PX = 512
_SPEED_FRAMES, _WARM_FRAMES = 200, 40


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", required=True, nargs="+", help="run folders or folders of shards")
    parser.add_argument("--split", help="whose clip; default: all splits")
    parser.add_argument("--output", type=Path, default=Path("out/video"), help="default: out/video")
    return parser.parse_args()


def _times(data: Sequence[str], split: str | None) -> dict[str, float]:
    """Return median ms on one clip: of a pair with all that belongs to it, and of frames of a whole photo."""
    import cv2
    import numpy as np

    from backends.select import person_segmenter
    from body.load import load_body_model
    from body.photo import prepare_photo, window_of
    from body.raster import Pinhole
    from body.warp import warp
    from body.windows import Box
    from models.video.judged import apart, judged_clips
    from models.video.pairs import make_pairs, posed_window

    model, segment = load_body_model(), person_segmenter().segment
    window = next(chosen for clip in judged_clips(data, split) if (chosen := apart(clip)) is not None)
    assert window.reference is not None and window.reference.picture is not None
    camera, points, _ = posed_window(window, np.arange(window.num_frames), model)
    size = (_SPEED_PX, _SPEED_PX)
    whole = cv2.resize(window.reference.picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    scaled = Pinhole.for_picture(_SPEED_PX, _SPEED_PX, camera.focal_px * _SPEED_PX / camera.width_px)

    def prepare() -> object:
        return prepare_photo(whole, points[-1], scaled, model, segmented=segment(whole))

    photo = prepare_photo(whole, points[-1], scaled, model, segmented=segment(whole))
    head = window_of(photo, Box(left=128, top=64, side=256), 128, model)
    pairs = _median_ms(lambda: make_pairs(window, {"head": 128}, model, segment=segment))
    return {
        "a pair at 128 px": pairs / window.num_frames,
        "warping a window of 128 px": _median_ms(lambda: warp(head, points[0], model)),
        f"preparing a photo of {_SPEED_PX} px": _median_ms(prepare),
        f"warping a photo of {_SPEED_PX} px": _median_ms(lambda: warp(photo, points[0], model)),
    }


def _frames_a_second(data: Sequence[str], split: str | None) -> float:
    """Return how many frames of 512 px are made a second as `generate` makes them of a film's own motion:
    warped, mended, marked and coded.
    """
    import cv2
    import numpy as np

    from backends.select import segment_person
    from body.load import load_body_model
    from media import VideoEncoder
    from media.encode import bt709_frame
    from media.watermark import PUBLIC_KEY, WatermarkWriter
    from models.device import best_device
    from models.video.checkpoint import bundled_model, load_video
    from models.video.generate import talking_frames
    from models.video.judged import judged_clips, longest
    from models.video.pairs import track_of

    found = (longest(clip, _SPEED_FRAMES) for clip in judged_clips(data, split))
    window = next(film for film in found if film is not None)
    assert window.reference is not None and window.reference.picture is not None
    side = (_SPEED_PX, _SPEED_PX)
    picture = cv2.resize(window.reference.picture, side, interpolation=cv2.INTER_AREA).astype(np.uint8)
    person, motion = (
        dataclasses.replace(track, width=side[0], height=side[1])
        for track in (track_of(window, window.reference), track_of(window, window.arrays))
    )
    there_and_back = np.concatenate([np.arange(motion.num_frames), np.arange(motion.num_frames)[::-1]])
    motion = motion.taken(np.resize(there_and_back, _SPEED_FRAMES))
    mender = load_video(bundled_model())
    mender.network.to(best_device())
    writer, coder = WatermarkWriter(*side, 0, PUBLIC_KEY), VideoEncoder(*side, 25, 18, "veryfast")
    body, began = load_body_model(), float("nan")
    for index, frame in enumerate(talking_frames(picture, person, motion, body, mender, segment_person)):
        if index == _WARM_FRAMES:  # the photo is prepared, code compiled
            began = time.perf_counter()
        coder.write(bt709_frame(writer.mark(frame)))
    coder.finish()
    return (_SPEED_FRAMES - _WARM_FRAMES) / (time.perf_counter() - began)


def _median_ms(work: Callable[[], object], rounds: int = 15) -> float:
    work()
    spent: list[float] = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        spent.append(time.process_time() - begin)
    return 1000 * sorted(spent)[rounds // 2]


def main() -> int:
    """Measure; returns the exit code."""
    from pipelines.worker import limit_threads

    limit_threads()
    options = _options()
    found = _times(options.data, options.split)
    for name, spent in found.items():
        print(f"{name}: {spent:.1f} ms")
    pace = _frames_a_second(options.data, options.split)
    print(f"frames of {_SPEED_PX} px as generate makes them: {pace:.1f} a second")
    options.output.mkdir(parents=True, exist_ok=True)
    target = options.output / "results.json"
    target.write_text(
        json.dumps({"milliseconds": found, "frames_a_second": pace}, indent=1), encoding="utf-8"
    )
    print(f"written: {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
