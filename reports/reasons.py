"""Plain words for reasons and rules.

Rules are named by the run's configuration, so a reason is explained by what is known about it,
then by the rule of that name and the meaning of its field, and at last by its own words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports import formats
from reports.consent_reasons import CONSENT
from reports.score_words import FIELDS, with_unit
from schemas.stages import STAGES as TABLE_OF_STAGES

REASONS = {
    # Whole files.
    **CONSENT,
    "erased": "It was erased for good on request. What it was is not kept.",
    "duplicate": "The same bytes are in the input under another name; one of them is kept.",
    "no_video_stream": "The file holds sound but no moving picture.",
    "no_audio_stream": "The file has no sound track, so there is no speech to learn from.",
    "low_frame_rate": "Too few pictures a second to follow lips: a vowel lasts 60 to 120 ms.",
    "picture_too_small": "The picture is too small to hold a usable face.",
    "video_too_short": "The whole file is shorter than the shortest clip that is wanted.",
    # Spans of which no clip was cut.
    "no_picture": "No picture can be seen in this time: it is damaged or missing, or only the sound goes on.",
    "cut_off": "The header promises this time, but the data end before: the file is not whole.",
    "transition": "A fade or dissolve between two shots: neither picture is whole.",
    "no_face": "No face is visible in this time.",
    "face_too_small": "A face is visible, but too small in the picture to show the mouth.",
    "face_too_brief": "A face is visible, but not long enough without a break for the shortest clip.",
    "remainder": "A rest beside a clip that is too short for a clip of its own.",
    # Clips.
    "several_faces": "Another face of comparable size is in the picture: who speaks is not clear.",
    "second_face": "Another face is in every picture of the clip, too near to be cropped away.",
    "silent_audio": "The sound is silent or nearly so.",
    "no_speech": "Nobody speaks, or too briefly; this is also where music and noise end.",
    "clipped_audio": "The sound is overdriven: its peaks are cut off.",
    "noisy_audio": "Speech hardly stands above the background.",
    "damaged_pictures": "The decoder could not restore some pictures.",
    "face_not_seen": "The face's landmarks were not found on enough pictures.",
    "face_lost": "The face's landmarks are missing for too long at a time.",
    "jump_cut": "The face jumps from one picture to the next: a cut. What is long enough beside it stays.",
    "still_picture": "The head does not move at all: a photo rather than a filmed person.",
    "lips_still": "The lips hardly move: the voice is probably not this person's.",
    "blurred_face": "The face is blurred or out of focus.",
    "dark_face": "The face is too dark.",
    "bright_face": "The face is overexposed.",
    "turned_away": "The head is turned so far to the side that half of the mouth is hidden.",
    "text_over_picture": "Captions or graphics cover much of the picture.",
    "text_over_face": "Captions or graphics cover part of the face.",
    "shaky_camera": "The camera moves a lot.",
    "few_hands": "Hands are hardly ever in view.",
    "unsure_speech": "The sound is only half taken for speech: singing, music or noise.",
    "babbled_words": "More syllables a second than anybody speaks: the recogniser repeats itself.",
    "unsure_words": "The recogniser is not sure of the words.",
    "doubtful_words": "Too many of the words, or their places, may be wrong.",
    "face_not_fitted": "The body model's face does not follow the face in the picture.",
    "body_not_fitted": "The body model does not follow the body in the picture.",
    "hands_not_fitted": "The body model's hands do not follow the hands in the picture.",
    "fit_held_by_priors": "The face could not be fitted on enough pictures: the rest would be guessed.",
    "body_flips": "The fitted body turns faster than people can.",
    "body_jumps": "A joint of the fitted body jumps.",
    "other_words": "What is heard is not what the manifest says is spoken.",
    "speaker_changes": "One person speaks first and another later.",
    "several_voices": "More than one voice is heard.",
    "another_speaks": "Another face that is visible at the same time fits the sound better.",
    "another_speaks_in_part": "Another visible face says some of the words: it fits the sound better there.",
    "off_screen_voice": "The lips hardly part while speech is heard: somebody outside the picture speaks.",
    "lips_say_something_else": "The lips move, but not with this sound: dubbing or a voice-over.",
    "sound_out_of_sync": "The sound is too early or too late by more than can be repaired safely.",
    "speaks_in_part": "For part of the speech the lips do something else: somebody else speaks meanwhile.",
    "offset_unclear": "How far the sound is off is not clear enough to put it right.",
    "near_duplicate": "Another clip shows the same recording, re-encoded or cropped; the better one is kept.",
    "may_be_minor": "The person is or may be under age, or nothing says how old they are. Declare adults' "
    "ages (attribute_age in the manifest) or a guardian's consent (guardian_consent).",
    "person_cap": "There is enough of this person already.",
    "source_cap": "There is enough of this video already.",
    "over_quota": "There is enough of this group already.",
    "not_in_target": "Not of a group that a target names; the configuration drops all others.",
    "over_target": "There is more of this group than the wanted shares allow.",
    "never_decoded": "Earlier rules turned it down before it was decoded; present ones would not.",
}

STAGES = {stage.name: stage.sentence for stage in TABLE_OF_STAGES}

# Time in which nothing could be cut: no verdict on the material, so it is drawn quietly.
QUIET = {"no_face": "n", "no_picture": "m", "cut_off": "c", "transition": "t", "remainder": "r"}

# What the steps before the filter compare with their threshold; each of them is a lower bound.
_LOWER_BOUNDS = {
    "low_frame_rate": "fps",
    "picture_too_small": "side_px",
    "video_too_short": "duration_seconds",
    "no_face": "num_faces",
    "face_too_small": "face_height_px",
    "face_too_brief": "duration_seconds",
}
_MODES = {"score": "score only", "score-only": "score only", "score_only": "score only"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule of the filter as configured. `field` is a column of the clips table."""

    name: str
    field: str
    minimum: float | None
    maximum: float | None
    mode: str
    stage: str

    @property
    def bounds(self) -> str:
        """'at least 0.5', 'at most 45 °', 'between 2 s and 20 s', or '' without bounds."""
        low = None if self.minimum is None else with_unit(self.field, self.minimum)
        high = None if self.maximum is None else with_unit(self.field, self.maximum)
        if low and high:
            return f"between {low} and {high}"
        return f"at least {low}" if low else f"at most {high}" if high else ""


def rules_of(config: Mapping[str, Any]) -> list[Rule]:
    """Return the filter's rules; whatever does not look like a rule is left out."""
    section = config.get("filter")
    rows = section.get("rules") if isinstance(section, Mapping) else None
    if not isinstance(rows, list):
        return []
    return [_rule(row) for row in rows if isinstance(row, Mapping) and row.get("field")]


def _rule(row: Mapping[str, Any]) -> Rule:
    mode = str(row.get("mode", "on"))
    return Rule(
        name=str(row.get("name") or row["field"]),
        field=str(row["field"]).replace(".", "_"),
        minimum=_bound(row.get("minimum")),
        maximum=_bound(row.get("maximum")),
        mode=_MODES.get(mode, mode),
        stage=str(row.get("stage") or ""),
    )


def _bound(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def title(name: str) -> str:
    """'face_too_small' -> 'Face too small'."""
    words = formats.printable(name.replace("_", " "), 80)
    return words[:1].upper() + words[1:]


def rule_for(reason: str, rules: list[Rule]) -> Rule | None:
    """Return the rule that gives a reason: by its name, or the longest name it begins with."""
    named = [r for r in rules if reason == r.name or reason.startswith(f"{r.name}_")]
    return max(named, key=lambda r: len(r.name), default=None)


def field_of(reason: str, rules: list[Rule]) -> str:
    """Return the score that a reason looks at, '' if unknown: it gives numbers their unit."""
    rule = rule_for(reason, rules)
    return rule.field if rule else _LOWER_BOUNDS.get(reason, "")


def wanted(reason: str, rules: list[Rule], observed: tuple[float, float] | None) -> str:
    """Say what a reason asks for: its rule's bounds, else the thresholds found in the table."""
    field = field_of(reason, rules)
    name = FIELDS.get(field, ("",))[0]
    rule = rule_for(reason, rules)
    if rule and rule.bounds:
        return f"{name or title(field)} {rule.bounds}"
    if observed is None:
        return "none: yes or no"
    low, high = (with_unit(field, t) for t in observed)
    text = low if low == high else f"{low} to {high}"
    return f"{name} at least {text}" if reason in _LOWER_BOUNDS else text


def explain(reason: str, rules: list[Rule]) -> str:
    """Say in plain language why a reason turns something down."""
    if reason in REASONS:
        return REASONS[reason]
    rule = rule_for(reason, rules)
    if rule is None:
        return "A step of this name turned it down; the step's own documentation says when."
    name, _, meaning = FIELDS.get(rule.field, (title(rule.field), "", "a score of the clip"))
    return f"{name} ({meaning}) is {'wanted ' + rule.bounds if rule.bounds else 'out of bounds'}."
