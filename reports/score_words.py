"""Plain words for scores: what a column of the clips table is called, its unit, what it means."""

from reports import formats

# column: (title, unit, meaning). A unit of "ratio" is shown in percent.
FIELDS: dict[str, tuple[str, str, str]] = {
    "num_faces": ("Faces", "", "faces in the picture"),
    "fps": ("Frame rate", "pictures/s", "pictures a second"),
    "side_px": ("Shorter side", "px", "shorter side of the picture"),
    "duration_seconds": ("Duration", "s", "length of the clip"),
    "face_height_px": ("Face height", "px", "height of the tracked face in the source picture"),
    "second_face_ratio": (
        "Faces in the crop",
        "ratio",
        "height of the largest other face in it over this one's",
    ),
    "other_face_ratio": ("Other faces", "ratio", "height of the largest other face over this one's"),
    "audio_speech_ratio": ("Speech", "ratio", "share of the clip in which somebody speaks"),
    "audio_speech_seconds": ("Speech time", "s", "seconds of the clip in which somebody speaks"),
    "audio_snr_db": ("Signal to noise", "dB", "how far speech stands above the background"),
    "audio_loudness_lufs": ("Loudness", "LUFS", "perceived loudness of the clip"),
    "audio_rms_dbfs": ("Sound level", "dBFS", "mean level of the sound"),
    "audio_peak_dbfs": ("Peak level", "dBFS", "highest level of the sound"),
    "audio_clipping_ratio": ("Clipped sound", "ratio", "share of sound samples at full scale"),
    "quality_sharpness": ("Sharpness", "", "detail in the face; low values are blurred"),
    "quality_face_luma": ("Face brightness", "", "mean brightness of the face, 0 to 255"),
    "quality_face_contrast": ("Face contrast", "", "spread of brightness in the face"),
    "quality_dark_ratio": ("Dark areas", "ratio", "share of the face that is nearly black"),
    "quality_bright_ratio": ("Blown-out areas", "ratio", "share of the face that is nearly white"),
    "quality_face_height_px": ("Measured face height", "px", "height of the face by its landmarks"),
    "quality_yaw_degrees": ("Head turn (yaw)", "°", "typical turn of the head to the side; 0 is frontal"),
    "quality_max_abs_yaw_degrees": ("Largest head turn", "°", "largest turn of the head to either side"),
    "quality_pitch_degrees": ("Head tilt (pitch)", "°", "typical tilt of the head up or down"),
    "quality_roll_degrees": ("Head roll", "°", "typical lean of the head"),
    "quality_camera_motion": ("Camera motion", "face heights/s", "movement of the background"),
    "quality_body_motion": ("Body motion", "face heights/s", "movement of the body"),
    "quality_mouth_motion": ("Mouth motion", "face heights/s", "movement of the lips"),
    "quality_stillness_ratio": (
        "Repeated pictures",
        "ratio",
        "share of pictures with the head as on the one before",
    ),
    "quality_text_area_ratio": ("Text in picture", "ratio", "share of the picture covered by text"),
    "quality_text_over_face_ratio": ("Text over face", "ratio", "share of the face covered by text"),
    "quality_damaged_frames": ("Damaged pictures", "frames", "pictures the decoder could not restore"),
    "landmarks_face_ratio": ("Face landmarks", "ratio", "share of pictures with face landmarks"),
    "landmarks_pose_ratio": ("Body landmarks", "ratio", "share of pictures with body landmarks"),
    "landmarks_any_hand_ratio": ("Hands in view", "ratio", "share of pictures with at least one hand"),
    "landmarks_longest_face_gap_seconds": ("Longest face gap", "s", "longest time without face landmarks"),
    "landmarks_face_jump": (
        "Sharpest face jump",
        "",
        "sharpest jump of the face, relative to the motion around it",
    ),
    "transcript_language_score": (
        "Language certainty",
        "ratio",
        "how sure the recogniser is of the language",
    ),
    "transcript_syllables_per_second": (
        "Rate of speech",
        "1/s",
        "syllables of the text a second of the clip",
    ),
    "transcript_doubtful_ratio": ("Doubtful words", "ratio", "share of words that may be wrong or misplaced"),
    "transcript_mean_log_probability": ("Words' certainty", "", "the recogniser's mean log probability"),
    "body_fit_face_error": ("Face fit", "ratio", "distance of the fitted face over the face's height"),
    "body_fit_body_error": ("Body fit", "ratio", "distance of the fitted body over the face's height"),
    "body_fit_hand_error": ("Hand fit", "ratio", "distance of the fitted hands over the face's height"),
    "body_fit_hand_misfit_ratio": (
        "Hands not fitted",
        "ratio",
        "share of pictures on which a hand was seen and the fitted one lies elsewhere",
    ),
    "body_fit_face_valid_ratio": (
        "Fitted pictures",
        "ratio",
        "share of pictures on which the face was fitted",
    ),
    "body_fit_max_acceleration": ("Sharpest motion", "m/s²", "acceleration of the quickest joint"),
    "transcript_declared_match": (
        "Declared words heard",
        "ratio",
        "share of letters on which the manifest's transcript and what is heard agree",
    ),
    "sync_sync_confidence": ("Lip sync", "", "agreement of lips and sound"),
    "sync_weakest_agreement": ("Weakest lip sync", "", "agreement of lips and sound where it is least"),
    "sync_av_offset_frames": ("Sound offset", "frames", "how late the source's sound is"),
    "sync_unrepaired_frames": ("Sound left off", "frames", "by how much the repair misses the best offset"),
    "sync_lip_activity": ("Lip activity", "face heights/s", "how fast the lips part and close"),
    "sync_rival_margin": ("Margin over other faces", "", "lip sync above that of another visible face"),
    "sync_weakest_margin": ("Weakest margin over other faces", "", "the same over 2 s, where it is least"),
    "voice_change_score": (
        "Change of voice",
        "",
        "largest distance between the voice before and after a moment",
    ),
    "voice_num_voices": ("Voices", "", "voices that are heard"),
    "age_bound_years_at_least": (
        "Age at least",
        "years",
        "least age that is declared, or else how old the person looks less a margin",
    ),
    "age_bound_unguarded_years": (
        "Age at least",
        "years",
        "the same, of people for whom no guardian's consent is declared",
    ),
}


def with_unit(field: str, value: float) -> str:
    """A score as text: '85 %', '24 dB', '12'."""
    unit = FIELDS.get(field, ("", "", ""))[1]
    if unit == "ratio":
        return f"{formats.number(100 * value)} %"
    return join_unit(value, unit)


def join_unit(value: float, unit: str) -> str:
    """Number and unit; a degree sign follows without a space."""
    return formats.number(value) + ("" if unit in ("", "°") else " ") + unit
