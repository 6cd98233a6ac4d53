"""What to do about an outcome: the setting behind a reason, and what helps against an error.

Beside `reports.reasons`, which says what a reason means.
"""

from reports.reasons import Rule, rule_for

# Where a rejection is decided by a setting of a section; rules of the filter are found by their name.
SETTINGS: dict[str, str] = {
    "consent_missing": "consent.require",
    "scope_not_granted": "consent.scopes",
    "scope_missing": "consent.scopes, consent.columns",
    "basis_not_allowed": "consent.bases",
    "basis_missing": "consent.columns, consent.bases",
    "expiry_missing": "consent.columns",
    "reference_missing": "consent.columns",
    "licence_unclear": "consent.licences",
    "licence_missing": "consent.columns, consent.licences",
    "licence_not_allowed": "consent.licences",
    "rights_holder_missing": "consent.columns",
    "jurisdiction_missing": "consent.columns, consent.jurisdictions",
    "jurisdiction_not_allowed": "consent.jurisdictions",
    "rights_reserved": "consent.bases_above_reservations",
    "low_frame_rate": "probe.min_fps",
    "picture_too_small": "probe.min_side_px",
    "video_too_short": "probe.min_duration_seconds",
    "transition": "shots.transition_probability",
    "no_face": "tracks.min_score",
    "no_picture": "shots.max_hold_seconds",
    "face_too_small": "clips.min_face_height_px",
    "face_too_brief": "clips.min_seconds",
    "remainder": "clips.min_seconds",
    "near_duplicate": "duplicates.min_agreement",
    "may_be_minor": "minors.margin_years",
    "person_cap": "balance.max_clips_per_person, balance.max_seconds_per_person",
    "source_cap": "balance.max_clips_per_source, balance.max_seconds_per_source",
    "over_quota": "balance.quotas",
    "not_in_target": "balance.targets",
    "over_target": "balance.targets",
}
# Where no setting helps.
WITHOUT_SETTING: dict[str, str] = {
    "consent_refused": "No setting changes this: it is the manifest's column consent.",
    "consent_unclear": "Write yes or no into the manifest's column consent.",
    "consent_withdrawn": "No setting changes this: it is the manifest's column consent_withdrawn.",
    "consent_expired": "Ask the person again, and write the new day into the column consent_expires.",
    "withdrawal_unclear": "Write yes, no or a day (YYYY-MM-DD) into the manifest's column consent_withdrawn.",
    "expiry_unclear": "Write a day (YYYY-MM-DD) into the manifest's column consent_expires.",
    "scope_unclear": "Write train, publish or generate into the manifest's column consent_scope.",
    "basis_unclear": "Write a word of docs/manifests.md into the manifest's column consent_basis.",
    "jurisdiction_unclear": "Write a code of ISO 3166-1 (DE) into the manifest's column jurisdiction.",
    "erased": "No setting changes this: it was erased on request and stays out (docs/erasure.md).",
    "cut_off": "No setting changes this: fetch or copy the file again.",
    "duplicate": "Nothing to change: the same recording is in the input once more.",
    "no_video_stream": "No setting changes this: look for the file with pictures.",
    "no_audio_stream": "No setting changes this: look for the file with sound.",
    "never_decoded": "Run curate with this configuration: it decodes what the rules now let through.",
}

_ERRORS: dict[str, str] = {
    "MediaError": "Play the file; fetch or encode it again if it is broken, then curate or retry.",
    "WorkerTimeoutError": "Raise timeout_base_seconds or timeout_per_media_second of isolation, then retry.",
    "WorkerDiedError": "A library crashed or memory ran out (logs/): lower isolation.num_processes, retry.",
    "MemoryError": "Memory ran out: lower isolation.num_processes, then retry.",
    "OSError": "A file could not be read or written: mend that, then retry.",
    "PermissionError": "A file may not be read: mend that, then retry.",
    "FileNotFoundError": "A file is gone: bring it back, then retry.",
    "SampleError": "The parts of the clip do not fit together, which is a fault of Mentor: please report it.",
}
_ANY_ERROR = "retry tries it again; if it fails again, tables/failures holds the traceback: please report it."


def setting_of(reason: str, score: float | None, threshold: float | None, rules: list[Rule]) -> str:
    """Return the setting that decides a reason, '' if none does.

    Args:
        score: what was measured; tells which bound of a rule with two was broken.
        threshold: the bound as the run had it.
        rules: the run's.
    """
    if reason in SETTINGS:
        return SETTINGS[reason]
    rule = rule_for(reason, rules)
    if rule is None:
        return ""
    below = score is not None and threshold is not None and score < threshold
    only_low = rule.maximum is None and rule.minimum is not None
    return bound_of(rule, "minimum" if below or only_low else "maximum")


def bound_of(rule: Rule, which: str) -> str:
    """Return a rule's bound (`minimum` or `maximum`) as a setting of the configuration."""
    return f"filter.rules.{rule.name}.{which}"


def remedy_of_error(error_type: str) -> str:
    """Return what to do about a failure, by the type of what was raised."""
    return _ERRORS.get(error_type, _ANY_ERROR)
