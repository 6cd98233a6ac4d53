"""Inspect one clip of a finished run: a contact sheet and an overlay video."""

import datetime
import io
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image as Pillow

from backends import silero
from backends.catalogue import verify_weights
from drawing.clip_view import ClipView
from drawing.draw import marks_of
from drawing.mesh import mesh_view
from drawing.panel import choose_inset
from drawing.sheet import ContactSheet
from drawing.style import PART_COLOURS, Image
from drawing.timeline import TimelineData
from drawing.video import OverlayVideo
from media import (
    DecodeTally,
    MediaError,
    MediaLimits,
    PictureView,
    VideoEncoder,
    VideoFrame,
    decode_video,
)
from media.mux import with_sound
from pipelines.open_clip import open_clip
from pipelines.run_folder import RunFolder
from pipelines.stored_clip import ClipMedia, StoredClip, body_track
from schemas.days import utc_today
from schemas.outcomes import BadInputError
from schemas.sample import CLIP_RECORDS, SAMPLING_RATE_HZ
from transforms.score_audio import AudioConfig
from transforms.storage import write_bytes

_CRF, _PRESET = 20, "veryfast"
_NOT_SCORES = ("transcript_text", "transcript_words", "transcript_phones", "body_fit_betas")


def inspect_clip(output: str, key: str, today: datetime.date | None = None) -> list[str]:
    """Write OUT/inspect/KEY/contact_sheet.png and overlay.mp4; returns their paths.

    Args:
        output: the folder of a finished run.
        key: the clip's key, or enough of its beginning.
        today: the day on which its consent has to hold; None is today.

    Raises:
        BadInputError: if there is no such run or clip, it may not be used any more, or its parts are gone or
            damaged.
    """
    folder = RunFolder(output)
    clip, media = open_clip(folder, key, today or utc_today())
    view = clip_view(clip, media)
    sheet, video = ContactSheet(view), OverlayVideo(view)
    encoder = VideoEncoder(video.width, video.height, view.fps, _CRF, _PRESET)
    to_yuv = PictureView(video.width, video.height, 0, "yuv420p")
    for index, image in enumerate(decode_clip(clip, media)):
        sheet.update(index, image)
        drawn = VideoFrame.from_ndarray(video.draw(index, image), "rgb24")
        encoder.write(to_yuv.render(drawn))
    sheet_path, video_path = (folder.drawings(clip.key, n) for n in ("contact_sheet.png", "overlay.mp4"))
    picture = sheet.draw(clip_facts(clip), clip_scores(clip.row), clip.broken_columns)
    write_bytes(sheet_path, png_bytes(picture))
    write_bytes(video_path, with_sound(encoder.finish(), media.samples, SAMPLING_RATE_HZ))
    return [sheet_path, video_path]


def clip_view(clip: StoredClip, media: ClipMedia) -> ClipView:
    """Return everything that the drawings show."""
    for model in ("silero-vad", "body-model"):
        verify_weights(model)
    row, marks = clip.row, marks_of(media.arrays)
    threshold = clip.run.config.get("audio", {}).get("vad_threshold", AudioConfig().vad_threshold)
    body_model = clip.run.config.get("fit_body", {}).get("model")
    speech = silero.load(threshold).find_speech(media.sound)
    timeline = TimelineData(
        samples=media.samples,
        duration_seconds=row["num_frames"] / row["fps"],
        speech=speech.spans,
        words=clip.words,
        valid={part: media.arrays[f"valid:{part}"] for part in PART_COLOURS},
        language=row["transcript_language"],
    )
    return ClipView(
        key=clip.key,
        name=row["source_name"],
        verdict=clip.verdict,
        status=row["status"],
        width=row["width"],
        height=row["height"],
        fps=row["fps"],
        num_frames=row["num_frames"],
        marks=marks,
        inset=choose_inset(marks, row["width"], row["height"]),
        words=clip.words,
        language=row["transcript_language"],
        timeline=timeline,
        mesh=mesh_view(body_track(clip, media.arrays), body_model),
    )


def decode_clip(clip: StoredClip, media: ClipMedia) -> Iterator[Image]:
    """Yield the frames of a clip's video as (H, W, 3) RGB.

    Raises:
        BadInputError: if there are not as many as the tables say, or of another size.
    """
    count, size = clip.row["num_frames"], (clip.row["width"], clip.row["height"])
    tally, found = DecodeTally(), 0
    view = PictureView(*size, 0, "rgb24")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        path.write_bytes(media.mp4)
        try:
            for picture in decode_video(str(path), MediaLimits(), tally):
                if (picture.frame.width, picture.frame.height) != size or found == count:
                    raise BadInputError(f"{clip.key}: the video does not fit its row in the clips table")
                yield view.pixels(picture.frame)
                found += 1
        except MediaError as error:
            raise BadInputError(f"{clip.key}: the clip's video cannot be decoded ({error})") from error
    if found != count:
        raise BadInputError(f"{clip.key}: {found} of {count} frames can be decoded ({tally.last_error})")


def clip_facts(clip: StoredClip) -> list[str]:
    """Return lines about the clip and its source."""
    row = clip.row
    seconds = row["num_frames"] / row["fps"]
    x0, y0, x1, y1 = (round(v) for v in row["crop_xyxy"])
    titles = [row["source_title"], row["source_licence"] and f"licence {row['source_licence']}"]
    source = "  ·  ".join([row["source_name"], *[t for t in titles if t]])
    return [
        source,
        f"{row['start_seconds']:.2f} s to {row['end_seconds']:.2f} s of the source  ·  {seconds:.2f} s, "
        f"{row['num_frames']} frames at {row['fps']:g} fps  ·  {row['width']}x{row['height']} px from "
        f"the crop ({x0}, {y0}) to ({x1}, {y1})  ·  face {row['face_height_px']:.0f} px  ·  "
        f"other faces up to {row['other_face_ratio']:.2f} of its size  ·  split {row['split'] or 'none'}",
    ]


def clip_scores(row: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the scores of a clip's row as text, by record; those not computed are named together."""
    columns: dict[str, dict[str, str]] = {}
    for record in CLIP_RECORDS:
        names = [n for n in row if n.startswith(f"{record}_") and n not in _NOT_SCORES]
        if any(row[n] is not None for n in names):
            columns[record] = {n.removeprefix(f"{record}_"): _as_text(row[n]) for n in names}
    missing = [record.replace("_", " ") for record in CLIP_RECORDS if record not in columns]
    if missing:
        columns["not computed"] = dict.fromkeys(missing, "")
    return columns


def _as_text(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def png_bytes(image: Image) -> bytes:
    """Return an RGB picture as a PNG file."""
    buffer = io.BytesIO()
    Pillow.fromarray(image).save(buffer, "png")
    return buffer.getvalue()
