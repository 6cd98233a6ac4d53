"""A person's body from a picture: what fits, and a clear answer to what does not."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from commands.settle_age import settle_age
from media import DecodeTally, MediaLimits, PictureView, decode_video
from pipelines.photo import read_photo, read_reference
from schemas.outcomes import BadInputError

MEDIA = Path(__file__).parent.parent / "demo" / "media"
TALKER, SIGNER = MEDIA / "s1_bbaf2n.mp4", MEDIA / "signing_again.mkv"


@pytest.fixture(scope="module")
def portrait() -> Image.Image:
    """The first frame of a talker of the demo."""
    picture = next(iter(decode_video(str(TALKER), MediaLimits(), DecodeTally())))
    view = PictureView(picture.frame.width, picture.frame.height, 0, "rgb24")
    return Image.fromarray(view.pixels(picture.frame))


def saved(picture: Image.Image, path: Path, **options: Any) -> Path:
    picture.save(path, **options)
    return path


def test_a_photo_and_a_video_of_one_person_are_fitted(portrait: Image.Image, tmp_path: Path) -> None:
    photo = read_reference(saved(portrait, tmp_path / "p.png"))
    assert photo.picture.shape == (portrait.height, portrait.width, 3)
    assert (photo.track.width, photo.track.height) == portrait.size and photo.track.num_frames == 1
    assert photo.track.valid["face"].all() and not photo.track.valid["left_hand"].any()
    assert {values.shape[0] for values in photo.track.arrays().values()} == {1}
    assert photo.face_points.shape == (478, 3)
    video = read_reference(TALKER)
    assert np.abs(video.track.transl - photo.track.transl).max() < 0.02
    signer = read_reference(SIGNER)
    assert signer.track.valid["left_arm"].all() and signer.track.valid["right_arm"].all()


def test_who_may_be_a_child_needs_somebody_who_answers_for_it(
    portrait: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, said = read_reference(saved(portrait, tmp_path / "p.png")), io.StringIO()

    def settled(adult: bool = False, guardian: str | None = None) -> float:
        return settle_age(tmp_path / "p.png", photo, adult, guardian, Console(file=said, width=200))

    years = settled()
    assert years > 25 and not said.getvalue()  # a grown man
    for looks in (24.9, 9.0):
        monkeypatch.setattr("commands.settle_age.perceived_years", lambda _, looks=looks: looks)
        with pytest.raises(BadInputError, match=r"p\.png.*may be under 18.*--person-is-adult.*guardian"):
            settled()
        assert settled(guardian="a mother") == looks == settled(adult=True)
    assert "declared an adult, the person looks 9 years old" in said.getvalue()


def test_a_photo_stands_as_its_camera_says(portrait: Image.Image, tmp_path: Path) -> None:
    lying = portrait.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    path = saved(lying, tmp_path / "lying.jpg", exif=exif, quality=95)
    upright = read_photo(path)
    assert upright.shape == (portrait.height, portrait.width, 3)
    assert np.abs(upright.astype(int) - np.asarray(portrait, int)).mean() < 4


def test_what_is_transparent_is_grey_and_large_photos_are_made_smaller(
    portrait: Image.Image, tmp_path: Path
) -> None:
    clear = portrait.convert("RGBA")
    clear.putalpha(0)
    assert (read_photo(saved(clear, tmp_path / "clear.png")) == 127).all()
    large = Image.new("L", (6000, 3000), 200)
    assert read_photo(saved(large, tmp_path / "large.jpg")).shape == (1024, 2048, 3)


def test_a_photo_that_will_not_do_is_refused_with_the_reason(portrait: Image.Image, tmp_path: Path) -> None:
    twice = Image.new("RGB", (2 * portrait.width, portrait.height))
    twice.paste(portrait, (0, 0))
    twice.paste(portrait, (portrait.width, 0))
    small = portrait.resize((40, 32))
    turned = Image.fromarray(np.full((300, 300, 3), (90, 120, 90), np.uint8))
    (tmp_path / "text.jpg").write_text("not a picture")
    for picture, name, reason in (
        (twice, "twice.png", "2 faces are seen"),
        (small, "small.png", "too few"),
        (turned, "nobody.png", "no face is seen"),
        (Image.new("1", (12000, 12000)), "vast.png", "too many"),
    ):
        with pytest.raises(BadInputError, match=f"{name}.*{reason}"):
            read_reference(saved(picture, tmp_path / name))
    for path, reason in (("text.jpg", "cannot be read as a picture"), ("none.jpg", "no such file")):
        with pytest.raises(BadInputError, match=reason):
            read_reference(tmp_path / path)
    (tmp_path / "broken.mp4").write_bytes(b"\0" * 1000)
    with pytest.raises(BadInputError, match=r"broken\.mp4"):
        read_reference(tmp_path / "broken.mp4")
