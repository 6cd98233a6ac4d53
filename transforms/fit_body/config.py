"""Settings of the fitter. Deviations are in physical units; what a weight means is one over its square."""

from dataclasses import dataclass, field

from schemas.bounds import Count, Factor, Positive, Share


@dataclass(frozen=True, kw_only=True, slots=True)
class LandmarkNoise:
    """How far MediaPipe's points lie from the model's, standard deviations.

    Millimetres are of the person, at the depth of the face: measured by projecting rendered bodies and
    looking at what MediaPipe finds (body_model.json, made by tools/build_body_model.py, has the tables).
    Depths are metres against a point of the same part, as MediaPipe gives them.
    """

    face_heights: Positive = 0.015
    min_face_px: Positive = 0.6
    contour_weight: float = 0.35  # points of the outline slide along the skin as the head turns
    lips_weight: float = 2.0
    inner_lips_weight: float = 2.6
    iris_weight: float = 3.0
    hand_mm: Positive = 4.0
    shoulder_mm: Positive = 16.0
    limb_mm: Positive = 20.0
    hip_mm: Positive = 25.0
    elbow_depth_m: Positive = 0.05
    wrist_depth_m: Positive = 0.06
    hip_depth_m: Positive = 0.10
    hand_depth_m: Positive = 0.08
    # The body's own idea of a wrist counts for less where the hand's is known.
    wrist_weight_with_hand: float = 0.5
    min_visibility: Share = 0.5
    # BlazePose places joints that are out of the picture somewhere within it; these it is less sure of. Knees
    # invented behind a desk or a caption reach 0.84, those of people who sit in view 0.9 on most frames.
    min_arm_visibility: Share = 0.65
    sure_knee_visibility: Share = 0.85
    edge_margin: float = 0.02  # of the picture's size: what is out of the picture is placed along its edge
    # A limb that is seen for less than this, or that leaps by so many face heights and back, is not believed.
    min_seen_seconds: float = 0.12
    max_leap: float = 0.8
    # A wrist whose elbow is not seen counts only if the hand was found within so much time.
    hand_memory_seconds: float = 0.4


@dataclass(frozen=True, kw_only=True, slots=True)
class Smoothness:
    """Standard deviations of second differences between frames at 25 fps.

    At another rate they are scaled by (25 / fps)^2, so that they stand for the same acceleration.
    """

    transl_m: Positive = 0.006
    root: Positive = 0.02
    spine: Positive = 0.008
    neck: Positive = 0.02
    shoulder: Positive = 0.03
    elbow: Positive = 0.035
    wrist: Positive = 0.04
    fingers: Positive = 0.05
    jaw: Positive = 0.03
    eyes: Positive = 0.06
    legs: Positive = 0.02
    expression: Positive = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class FitConfig:
    """Settings of `fit_clip`.

    model: a user's SMPLX_*.npz; None is the embedded body model.
    robust_scale: residuals of so many deviations begin to lose their pull (Geman and McClure 1987).
    widening: times robust_scale in the first iterations of a pass: what starts far off, such as a hand that
    moves fast, is still pulled then (graduated non-convexity, Blake and Zisserman 1987).
    betas_precision: weight of each frame's prior on betas; a clip's is this times its frames, as errors of
    the landmarks' places on the body are alike on all frames and don't average out.
    coarse_fps: the first pass fits frames of about this rate, apart from each other; then all frames follow.
    """

    model: str | None = None
    noise: LandmarkNoise = field(default_factory=LandmarkNoise)
    smoothness: Smoothness = field(default_factory=Smoothness)
    robust_scale: Positive = 3.0
    widening: Factor = 4.0
    focal_per_side: Positive = 1.2  # focal length over the longer side, where it is not known
    betas_precision: float = 0.3
    hand_components: Count = 24
    coarse_fps: Positive = 6.25
    rigid_iterations: int = 4
    wide_iterations: int = 10
    coarse_iterations: int = 20
    catch_iterations: int = 2
    fine_iterations: int = 8
    tolerance: float = 3e-4  # stop when an iteration lowers the cost by less than this share
    damping: Positive = 1e-2
    max_step: Positive = 0.6  # rad, m or units of a coefficient in one iteration
    # A part on a frame is valid if it was seen and the typical residual is below this many deviations.
    max_residual: Positive = 4.0
    # A hand, too, only if it lies within this share of the face's height; good fits leave 1.2 to 3.2 %.
    max_hand_error: Positive = 0.06
    # A leg moves only if its knee and ankle are surely in the picture on this share of the frames.
    min_leg_ratio: Share = 0.15
