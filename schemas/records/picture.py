"""What is seen in a clip: landmarks, the quality of its pictures, the body fitted to it."""

from dataclasses import dataclass

from schemas.quick import quick

Box = tuple[float, float, float, float]


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class LandmarkCoverage:
    """On which share of a clip's frames each part was observed."""

    face_ratio: float
    iris_ratio: float
    pose_ratio: float
    left_hand_ratio: float
    right_hand_ratio: float
    any_hand_ratio: float
    longest_face_gap_seconds: float
    face_jump: float
    extractor: str


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class VisualQuality:
    """Pictures of a clip. Angles in degrees; sizes in pixels of the source picture.

    `sharpness` is the variance of the Laplacian of the face, scaled to 128 px height;
    `stillness_ratio` the share of frames on which the head is as on the one before; motion is in face heights
    a second; `text_area_ratio` is the share of the picture that text covers on the frame with most of it,
    `text_over_face_ratio` that of the face's box on the median frame.
    """

    sharpness: float | None
    face_luma: float | None
    face_contrast: float | None
    dark_ratio: float | None
    bright_ratio: float | None
    face_height_px: float | None
    yaw_degrees: float | None
    pitch_degrees: float | None
    roll_degrees: float | None
    max_abs_yaw_degrees: float | None
    camera_motion: float
    body_motion: float | None
    mouth_motion: float | None
    stillness_ratio: float
    text_area_ratio: float | None
    text_over_face_ratio: float | None
    damaged_frames: int
    ocr: str | None


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class FaceJump:
    """A moment at which the face leaps, between the pictures shown at two times of the video.

    `score` is how far that stands out from the motion around it.
    """

    before_seconds: float
    after_seconds: float
    score: float


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class BodyFit:
    """The SMPL-X-format body fitted to a clip: what all frames share, and how good the fit is.

    Parameters of each frame are in the sample's arrays (`smplx:*`); they mean something with the
    body model `model_id` alone. Errors are medians over frames of the typical distance between
    landmarks and the model's, as a share of the face's height (hairline to chin; a hand is as
    long); hands count where valid. None where a part was never seen. `*_valid_ratio` are shares of
    frames; `hand_misfit_ratio` that on which a hand was seen and the fitted one lies elsewhere (it is not
    valid there); `max_acceleration` the 99.9th percentile of the upper body's joints, m/s^2;
    `num_flips` frames on which the body turns faster than people can; `betas_norm` how far the
    shape is from the mean, in standard deviations.
    """

    model_id: str
    focal_length_px: float
    betas: tuple[float, ...]
    face_error: float | None
    body_error: float | None
    hand_error: float | None
    hand_misfit_ratio: float
    face_valid_ratio: float
    body_valid_ratio: float
    left_hand_valid_ratio: float
    right_hand_valid_ratio: float
    left_arm_valid_ratio: float
    right_arm_valid_ratio: float
    left_leg_valid_ratio: float
    right_leg_valid_ratio: float
    max_acceleration: float | None
    num_flips: int
    betas_norm: float
