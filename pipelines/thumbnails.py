"""Small pictures of accepted clips for the report."""

from pathlib import Path

from PIL import Image

from pipelines.config import CurateConfig
from transforms.media import DecodeTally, VideoFrame, decode_video

MAX_THUMBNAILS = 24
_SIDE_PX = 160


def write_thumbnails(output: Path, config: CurateConfig) -> list[Path]:
    """Write OUT/report/thumbs/{clip_id}.jpg of the first accepted clips; returns their paths."""
    import pyarrow.dataset as ds

    table = ds.dataset(sorted(map(str, (output / "tables").glob("clips-*.parquet")))).to_table(
        columns=["clip_id", "status", "parts_uri", "num_frames", "fps"]
    )
    accepted = sorted((r for r in table.to_pylist() if r["status"] == "accepted"), key=lambda r: r["clip_id"])
    folder = output / "report" / "thumbs"
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for row in accepted[:MAX_THUMBNAILS]:
        middle = 0.5 * row["num_frames"] / row["fps"]
        frame = _frame_at(f"{row['parts_uri']}.mp4", middle, config)
        if frame is not None:
            target = folder / f"{row['clip_id']}.jpg"
            picture = Image.fromarray(frame.to_ndarray(format="rgb24"))
            picture.thumbnail((_SIDE_PX, _SIDE_PX))
            picture.save(target, quality=80)
            written.append(target)
    return written


def _frame_at(path: str, seconds: float, config: CurateConfig) -> VideoFrame | None:
    for picture in decode_video(path, config.media, DecodeTally(), seconds, seconds):
        if picture.seconds >= seconds - 1e-3:
            return picture.frame
    return None
