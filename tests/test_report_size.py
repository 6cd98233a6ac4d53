"""The page stays below its limit however large the run, and says what it leaves out."""

import dataclasses
import random

import numpy as np

from reports import gallery, strips, summary
from reports.summary import MAX_PAGE_BYTES
from tests.page_reader import page_of
from tests.report_makers import Records, make_records
from tests.report_records import make_clip, make_shot, make_track, make_video, reject
from tests.report_run import jpeg, make_run


def test_large_run_stays_below_the_limit() -> None:
    rng = random.Random(3)
    video = make_video(0, 10_800.0, name="videos/" + "long name " * 30 + ".mp4")
    shot = make_shot(video, 0.0, 10_800.0)
    tracks = [make_track(shot, 0.0, 10_800.0, p) for p in range(3)]
    template = make_clip(video, tracks[0], 0.0, 5.0, rng)
    records = Records()
    for number in range(30):
        copy = dataclasses.replace(
            video,
            video_id=f"{number:020x}",
            source=dataclasses.replace(video.source, name=f"{video.source.name}{number:03d}"),
        )
        records.videos.append(copy)
        records.face_tracks += [
            dataclasses.replace(t, video_id=copy.video_id, track_id=f"{t.track_id}-{number}") for t in tracks
        ]
        for index in range(300):
            clip = dataclasses.replace(
                template,
                clip_id=f"c-{number}-{index}",
                video_id=copy.video_id,
                source=copy.source,
                track_id=f"{tracks[index % 3].track_id}-{number}",
                start_seconds=index * 30.0,
                end_seconds=index * 30.0 + 25,
                status="rejected" if index % 2 else "accepted",
            )
            records.clips.append(clip)
            if index % 2:
                records.rejections.append(
                    reject(
                        clip.clip_id,
                        copy,
                        "filter",
                        "clip",
                        f"reason_{index % 31:02d}",
                        score=1.0,
                        threshold=2.0,
                    )
                )
    noise = jpeg(np.random.default_rng(0).integers(0, 255, (150, 200, 3), dtype=np.uint8), quality=90)
    html, page = page_of(
        make_run(records, thumbs=dict.fromkeys((c.clip_id for c in records.clips[:100]), noise))
    )
    assert len(html.encode()) < MAX_PAGE_BYTES
    shown = sum(str(a.get("class")) == "strip" for _, a in page.tags)
    assert 8 <= shown < 30
    assert f"Showing {shown} of 30 inputs" in page.text
    assert f"Showing 24 of {sum(c.status == 'accepted' for c in records.clips):,}" in page.text


def test_strips_say_how_many_are_shown() -> None:
    records = make_records(130)
    _, page = page_of(make_run(records))
    assert "Showing 50 of 130 inputs" in page.text
    assert sum(str(a.get("class")) == "strip" for _, a in page.tags) == 50


def test_page_limit_is_the_sum_of_its_budgets() -> None:
    assert strips.BYTE_BUDGET + gallery.MAX_THUMBS_BYTES * 4 / 3 < 0.8 * summary.MAX_PAGE_BYTES
