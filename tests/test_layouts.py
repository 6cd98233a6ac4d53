"""Talkers as today's platforms show them: in a corner, above their own blurred copy, beside another."""

from pathlib import Path

import pytest

from pipelines.stages import VISITS, VisitSections
from schemas.records.clip import Clip
from schemas.records.source import Source
from tests.makers import cut_demo
from tests.memory_parts import MemoryParts

# As in a talk on a stage: the face is 24 % of the picture's height, 44 % from the left and 33 % from the top.
STAGE = "scale=240:192,pad=640:360:160:24:color=0x3a8fb0"
BLURRED_COPY = (
    "split[a][b];[a]scale=-2:1280,crop=720:1280,boxblur=24:2[behind];[b]scale=720:-2[sharp];"
    "[behind][sharp]overlay=(W-w)/2:(H-h)/2"
)
CORNER = "scale=480:270,pad=1920:1080:1420:790:color=0xf4f4ee"
SIDE_BY_SIDE = "scale=640:360,split[a][b];[b]hflip[c];[a][c]hstack"


def clips_of(demo: Path, path: Path, filters: str) -> list[Clip]:
    cut_demo(demo / "s31_lbig7s.mp4", path, 0.4, 2.2, (STAGE, filters))
    video = (
        VISITS["probe"]
        .visit(
            Source(uri=str(path), name=path.name), MemoryParts(), **VISITS["probe"].settings(VisitSections())
        )
        .outputs[0]
    )
    survey = VISITS["survey"]
    found = survey.visit(video, MemoryParts(), **survey.settings(VisitSections()))
    return [task.clip for task in found.outputs]


@pytest.mark.parametrize(
    ("layout", "face_px", "crop"),
    [(BLURRED_COPY, (70, 150), (0, 200, 720, 1280)), (CORNER, (45, 90), (1300, 650, 1920, 1080))],
    ids=["vertical, with a blurred copy", "in the corner of a slide"],
)
def test_one_small_talker_is_one_clip(
    demo: Path, tmp_path: Path, layout: str, face_px: tuple[int, int], crop: tuple[int, int, int, int]
) -> None:
    (clip,) = clips_of(demo, tmp_path / "talker.mp4", layout)
    assert clip.num_frames >= 50 and face_px[0] < clip.face_height_px < face_px[1]
    x0, y0, x1, y1 = clip.crop_xyxy
    assert crop[0] <= x0 and crop[1] <= y0 and x1 <= crop[2] and y1 <= crop[3]


def test_of_two_side_by_side_each_crop_holds_one(demo: Path, tmp_path: Path) -> None:
    left, right = sorted(clips_of(demo, tmp_path / "two.mp4", SIDE_BY_SIDE), key=lambda c: c.crop_xyxy[0])
    assert left.crop_xyxy[2] < right.crop_xyxy[2] and left.crop_xyxy[0] < right.crop_xyxy[0]
    for clip in (left, right):
        assert clip.other_face_ratio > 0.8 and clip.second_face_ratio == 0.0
