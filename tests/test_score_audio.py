"""Scores of made sounds with known answers, and of real speech."""

import dataclasses
import math

import numpy as np
import pytest

from backends import silero
from backends.protocols.sound import FoundSpeech, SpeechDetector
from media import from_pcm, to_pcm
from schemas.records.sound import AudioQuality
from tests.makers import RATE, make_clip, noise, speech, tone
from transforms.clip_sound import made_louder
from transforms.filter_clips import DEFAULT_RULES, judge_clip
from transforms.score_audio import clipping_ratio, decibels, loudness_lufs, score_audio, snr_db


class Says:
    """Hears speech where it is told to."""

    name = "says"

    def __init__(self, *spans: tuple[float, float], probability: float | None = 0.9) -> None:
        self._found = FoundSpeech(spans, probability)

    def find_speech(self, samples: np.ndarray) -> FoundSpeech:
        return self._found


@pytest.fixture(scope="module")
def detector() -> SpeechDetector:
    return silero.load(0.5)


@pytest.mark.parametrize("wanted", [0.0, 10.0, 20.0, 40.0])
def test_signal_to_noise_is_found_within_a_decibel(wanted: float) -> None:
    background = noise(4.0, 0.005)
    signal = tone(2.0, 0.005 * math.sqrt(2) * 10 ** (wanted / 20))
    mixed = background + np.pad(signal, (RATE, RATE))
    assert snr_db(mixed, [(1.0, 3.0)]) == pytest.approx(wanted, abs=1.0)


def scored(samples: np.ndarray, detector: SpeechDetector) -> AudioQuality:
    return score_audio(samples, detector.find_speech(samples), detector.name)


def test_quiet_speech_is_heard_as_loud_speech_is(detector: SpeechDetector) -> None:
    """-62 dBFS in 16 bits: the recogniser can read it, and so nobody calls it silence."""
    loud = 0.5 * speech(6.0) / float(np.abs(speech(6.0)).max())
    quiet = from_pcm(to_pcm(loud * np.float32(10 ** (-46 / 20))))
    assert decibels(float((quiet**2).mean())) < -60
    heard, wanted = detector.find_speech(made_louder(quiet)), detector.find_speech(made_louder(loud))
    length = sum(end - start for start, end in wanted.spans)
    assert sum(end - start for start, end in heard.spans) > 0.5 * length  # pauses are silent now
    scores = score_audio(quiet, heard, "a detector")
    clip = dataclasses.replace(make_clip(), audio=scores)
    rejection = judge_clip(clip, DEFAULT_RULES, "audio")
    assert rejection is None or rejection.reason != "silent_audio"


def test_what_is_loud_or_silent_is_left_as_it_is() -> None:
    for samples in (speech(2.0), np.zeros(RATE, np.float32), np.zeros(3, np.float32)):
        assert made_louder(samples) is samples
    assert np.abs(made_louder(noise(2.0, 1e-5))).max() < 1e-3  # the last bit of silence is no speech


def test_speech_without_pauses_is_measured_against_its_quietest_tenth() -> None:
    mixed = noise(4.0, 0.01)
    for word in range(8):  # eight words of 0.4 s with 0.1 s between them
        first = round((0.5 * word + 0.05) * RATE)
        mixed[first : first + round(0.4 * RATE)] += tone(0.4, 0.1 * math.sqrt(2))
    assert snr_db(mixed, [(0.0, 4.0)]) == pytest.approx(19.0, abs=2.0)


def test_there_is_no_signal_to_noise_ratio_without_speech() -> None:
    assert snr_db(noise(2.0, 0.1), []) is None


def test_digital_silence_around_speech_gives_a_finite_ratio() -> None:
    found = snr_db(np.pad(tone(1.0, 0.5), (RATE, RATE)), [(1.0, 2.0)])
    assert found is not None and 60 <= found <= 120


def test_levels_of_a_sine() -> None:
    scores = scored(tone(4.0, 0.5), Says())
    assert scores.rms_dbfs == pytest.approx(20 * math.log10(0.5 / math.sqrt(2)), abs=0.01)
    assert scores.peak_dbfs == pytest.approx(20 * math.log10(0.5), abs=0.01)
    assert scores.clipping_ratio == 0.0


def test_loudness_of_a_sine_is_that_of_the_standard() -> None:
    """ITU-R BS.1770: a 997 Hz sine at full scale reads -3.01 LKFS, and 20 dB less is 20 LU less."""
    assert loudness_lufs(tone(4.0, 1.0, 997)) == pytest.approx(-3.01, abs=0.1)
    assert loudness_lufs(tone(4.0, 0.1, 997)) == pytest.approx(-23.01, abs=0.1)


def test_clipping_is_the_share_of_samples_held_at_full_scale() -> None:
    samples = np.zeros(1001, np.float32)
    samples[100:111] = 1.0
    samples[500:511] = -1.0
    samples[800] = 1.0  # a single peak may be exact
    assert clipping_ratio(samples) == pytest.approx(20 / 1000)
    assert clipping_ratio(np.clip(tone(1.0, 4.0), -1, 1)) > 0.5
    assert clipping_ratio(tone(1.0, 0.9)) == 0.0


@pytest.mark.parametrize("num", [0, 1, 100, 6000])
def test_short_and_empty_sounds_have_scores(num: int, detector: SpeechDetector) -> None:
    scores = scored(np.zeros(num, np.float32), detector)
    assert (scores.speech_ratio, scores.snr_db, scores.loudness_lufs) == (0.0, None, None)
    assert scores.rms_dbfs == decibels(0.0) == -120.0


def test_speech_ratio_is_the_share_of_time() -> None:
    scores = scored(noise(10.0, 0.1), Says((1.0, 3.0), (5.0, 8.0)))
    assert scores.speech_ratio == pytest.approx(0.5) and scores.speech_seconds == pytest.approx(5.0)
    assert scores.vad == "says" and scores.speech_probability == 0.9


def test_the_real_detector_hears_speech_where_there_is_some(detector: SpeechDetector) -> None:
    heard = scored(speech(4.0), detector)
    assert heard.speech_ratio > 0.8 and (heard.speech_probability or 0) > 0.8
    padded = np.concatenate([np.zeros(3 * RATE, np.float32), speech(4.0), np.zeros(3 * RATE, np.float32)])
    spans = detector.find_speech(padded).spans
    assert 2.8 <= spans[0][0] <= 3.6 and 6.4 <= spans[-1][1] <= 7.4


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(4 * RATE, np.float32),
        noise(4.0, 0.1),
        tone(4.0, 0.5),
        tone(4.0, 0.2, 110) + tone(4.0, 0.2, 165),
    ],
    ids=["silence", "noise", "tone", "chord"],
)
def test_the_real_detector_hears_no_speech_in_other_sounds(
    detector: SpeechDetector, samples: np.ndarray
) -> None:
    assert scored(samples, detector).speech_ratio < 0.1


def test_the_real_detector_remembers_nothing_of_the_last_sound(detector: SpeechDetector) -> None:
    first = detector.find_speech(speech(3.0))
    detector.find_speech(noise(5.0, 0.3))
    assert detector.find_speech(speech(3.0)) == first
