"""A body that says something: articulation, blinks, gaze, head, breath and hands as parameters of the
body model.

Axes are the camera's (OpenCV): the person stands upright and looks into it. T frames.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from body.model import BodyModel
from body.skinning import transform_joints
from body.topology import JOINT_INDEX, NUM_EXPRESSION, NUM_JOINTS
from body.track import TRACK_PARTS, BodyTrack
from schemas.outcomes import BadInputError
from tools.talkers.articulate import articulate
from tools.talkers.speech import Speech

Float = npt.NDArray[np.float32]
_JAW_RADIANS = 0.3  # at a wide open vowel
_WINDOW_SECONDS = 0.04
_LOWERED = 1.15  # how far arms hang down from the model's T pose, radians


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody's build and ways. liveliness scales head and hands; articulation the mouth."""

    betas: tuple[float, ...]
    articulation: float
    liveliness: float
    blinks_a_minute: float
    depth_m: float
    yaw: float


def draw_person(random: np.random.Generator, num_betas: int = 10) -> Person:
    """Return somebody."""
    return Person(
        betas=tuple(random.normal(0, 0.8, num_betas).tolist()),
        articulation=float(random.uniform(0.75, 1.25)),
        liveliness=float(random.uniform(0.4, 1.0)),
        blinks_a_minute=float(random.uniform(12, 26)),
        depth_m=float(random.uniform(1.1, 1.7)),
        yaw=float(random.normal(0, 0.12)),
    )


def perform(
    model: BodyModel, speech: Speech, person: Person, fps: float, size_px: int, random: np.random.Generator
) -> BodyTrack:
    """Return the body of a person who says a speech, for as long as it lasts.

    Raises:
        BadInputError: if the model has no ARKit units, by which the face is moved.
    """
    if model.arkit is None:
        raise BadInputError(f"body model {model.model_id} has no ARKit units")
    number = max(2, int(len(speech.sound) / 16000 * fps))
    loud = _loudness(speech.sound, number, fps)
    face, jaw = _face(model, speech, person, number, fps, random)
    gaze = _gaze(number, fps, random)
    pose = _pose(loud, person, number, fps, random)
    hands = np.tile(model.hands.mean.reshape(1, 2, 45), (number, 1, 1)).astype(np.float32)
    hands = hands + 0.15 * np.stack([_wander(number, fps, 0.5, random)[:, None]] * 2, 1).astype(np.float32)
    orient = np.tile(np.array([np.pi, 0, 0], np.float32), (number, 1))
    betas = np.array(person.betas, np.float32)
    full = np.concatenate([orient, pose, jaw, gaze, gaze, hands[:, 0], hands[:, 1]], axis=1)
    joints = transform_joints(model, full[:1].reshape(1, NUM_JOINTS, 3), betas, face[:1]).positions[0]
    sway = np.stack([_wander(number, fps, 0.3, random) for _ in range(3)], 1) * 0.006 * person.liveliness
    place = np.array([0, 0.12, person.depth_m]) - joints[JOINT_INDEX["head"]]
    return BodyTrack(
        global_orient=orient,
        body_pose=pose,
        jaw=jaw,
        left_eye=gaze,
        right_eye=gaze,
        transl=(place + sway).astype(np.float32),
        left_hand=hands[:, 0].astype(np.float32),
        right_hand=hands[:, 1].astype(np.float32),
        expression=face,
        betas=betas,
        fps=fps,
        focal_length_px=1.6 * size_px,
        width=size_px,
        height=size_px,
        model_id=model.model_id,
        valid={part: np.full(number, "leg" not in part) for part in TRACK_PARTS},
    )


def _loudness(sound: Float, number: int, fps: float) -> Float:
    """Return (T,) from 0 to 1: the level around each frame."""
    half = round(_WINDOW_SECONDS * 16000)
    padded = np.pad(sound, half)
    centres = ((np.arange(number) + 0.5) / fps * 16000).astype(int) + half
    level = np.array([np.sqrt(np.mean(padded[c - half : c + half] ** 2)) for c in centres])
    return (level / (level.max() + 1e-6)).astype(np.float32)


def _face(
    model: BodyModel, speech: Speech, person: Person, number: int, fps: float, random: np.random.Generator
) -> tuple[Float, Float]:
    """Return expression (T, E) and jaw (T, 3)."""
    assert model.arkit is not None
    mouth = {n: v * person.articulation for n, v in articulate(speech.phones, number, fps).items()}
    blink = _blinks(number, fps, person.blinks_a_minute, random)
    smile = 0.15 + 0.15 * _wander(number, fps, 1.0, random)
    brows = 0.3 * np.maximum(0, _wander(number, fps, 0.6, random))
    units = {
        "mouthFunnel": 0.6 * mouth["round"],
        "mouthPucker": 0.5 * mouth["round"],
        "mouthStretchLeft": 0.5 * mouth["wide"],
        "mouthStretchRight": 0.5 * mouth["wide"],
        "mouthClose": 0.4 * mouth["pressed"],
        "mouthPressLeft": 0.5 * mouth["pressed"],
        "mouthPressRight": 0.5 * mouth["pressed"],
        "mouthRollLower": 0.6 * mouth["bitten"],
        "mouthSmileLeft": smile,
        "mouthSmileRight": smile,
        "eyeBlinkLeft": blink,
        "eyeBlinkRight": blink,
        "browInnerUp": brows,
    }
    rows = [model.arkit.names.index(name) for name in units]
    back = model.arkit.to_expression[rows, :NUM_EXPRESSION]
    expression = np.stack(list(units.values()), 1).astype(np.float32) @ back
    jaw = np.zeros((number, 3), np.float32)
    jaw[:, 0] = _JAW_RADIANS * mouth["open"]
    return expression.astype(np.float32), jaw


def _blinks(number: int, fps: float, a_minute: float, random: np.random.Generator) -> Float:
    """Return (T,) from 0 open to 1 shut: closing takes a tenth of a second, opening two."""
    out = np.zeros(number, np.float32)
    shape = np.interp(np.arange(0, 0.3, 1 / fps), [0, 0.08, 0.12, 0.3], [0.3, 1, 1, 0])
    at = random.exponential(60 / a_minute)
    while at < number / fps:
        start = round(at * fps)
        out[start : start + len(shape)] = shape[: number - start]
        at += 0.5 + random.exponential(60 / a_minute - 0.5)
    return out


def _gaze(number: int, fps: float, random: np.random.Generator) -> Float:
    """Return (T, 3): fixations of half a second to two, jumps between them."""
    out = np.zeros((number, 3), np.float32)
    start = 0
    while start < number:
        end = start + max(1, round(random.uniform(0.5, 2.0) * fps))
        out[start:end, :2] = random.normal(0, (0.05, 0.09))
        start = end
    return out


def _pose(loud: Float, person: Person, number: int, fps: float, random: np.random.Generator) -> Float:
    """Return body_pose (T, 63): a head that nods with the voice, arms that hang and beat."""
    pose = np.zeros((number, NUM_JOINTS, 3), np.float32)
    calm = np.convolve(loud, np.hanning(round(0.4 * fps) + 2), "same")
    calm /= calm.max() + 1e-6
    lively = person.liveliness
    turn = [_wander(number, fps, seconds, random) for seconds in (0.9, 1.3, 1.6)]
    head = (
        np.stack([0.05 * turn[0] + 0.08 * (calm - calm.mean()), 0.09 * turn[1], 0.04 * turn[2]], 1) * lively
    )
    head[:, 1] += person.yaw
    for joint in ("neck", "head"):
        pose[:, JOINT_INDEX[joint]] = head / 2
    breath = 0.01 * np.sin(2 * np.pi * (np.arange(number) / fps * 0.25 + random.random()))
    pose[:, JOINT_INDEX["spine3"], 0] = breath
    beat = calm * np.maximum(0, _wander(number, fps, 0.8, random)) * lively
    for side, sign in (("left", -1.0), ("right", 1.0)):
        share = random.uniform(0.3, 1.0)
        swing = 0.05 * lively * _wander(number, fps, 0.8, random)
        pose[:, JOINT_INDEX[f"{side}_shoulder"], 2] = sign * (_LOWERED - 0.12 * share * beat)
        pose[:, JOINT_INDEX[f"{side}_shoulder"], 1] = sign * (0.2 * share * beat + swing)
        pose[:, JOINT_INDEX[f"{side}_elbow"], 1] = sign * (0.9 + 0.9 * share * beat + 2 * swing)
        pose[:, JOINT_INDEX[f"{side}_wrist"], 0] = 0.1 * _wander(number, fps, 0.5, random)
    return pose[:, 1:22].reshape(number, 63)


def _wander(number: int, fps: float, seconds: float, random: np.random.Generator) -> Float:
    """Return (T,) of deviation 1 that forgets itself in so many seconds (an Ornstein-Uhlenbeck process),
    smoothed.
    """
    keep = np.exp(-1 / (seconds * fps))
    steps = random.normal(0, np.sqrt(1 - keep**2), number)
    out = np.zeros(number)
    value = random.normal()
    for index, step in enumerate(steps):
        value = keep * value + step
        out[index] = value
    window = np.hanning(round(0.2 * fps) + 2)
    return np.convolve(np.pad(out, len(window), "edge"), window / window.sum(), "same")[
        len(window) : len(window) + number
    ].astype(np.float32)
