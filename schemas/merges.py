"""What made two groups of clips one identity: private, as it tells how near people's faces and voices are."""

from dataclasses import dataclass
from typing import Literal

MadeBy = Literal["one_track", "registered", "likeness"]


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentityMerge:
    """Two groups of an identity's clips, and what made them one.

    A group is called by the smallest of its clips' ids, and `first_clip_id` is the smaller of both, so every
    clip but an identity's smallest is a `second_clip_id`, and an identity's rows in order of their sizes
    (`first_num_clips` + `second_num_clips`) say how it grew. `made_by` says which rule made the two one:
    `one_track`, clips of one followed face; `registered`, an earlier run took them for one (distances are
    then today's); `likeness`, the score was below the threshold and the least of all at that moment.
    `identity_id` is what the person is called after all merges. `first_registered` is the identity that an
    earlier run gave the first group; `second_registered` is that of the second one.

    `score` is `face_distance` squared plus `voice_evidence`; up to `threshold`, which is
    identities.merge_distance squared and less where there are more people than identities.merge_people,
    likeness makes two groups one person. `face_distance` is the root mean square distance of the members of
    one group from those of the other, relative to how far look-alike strangers are from them:
    `first_stranger_distance` and `second_stranger_distance`, means of the groups. `voice_evidence` is what
    voices add, less than nothing where they speak for one person: `voice_weight` x `voice_pair_share` x
    (`voice_distance` - `neutral_voice_distance`). `voice_pair_share` is of which share of pairs of clips
    both voices are known. `voice_distance` is the mean distance of these (1 - cosine), null without one.
    """

    identity_id: str
    first_clip_id: str
    second_clip_id: str
    first_num_clips: int
    second_num_clips: int
    made_by: MadeBy
    first_registered: str | None
    second_registered: str | None
    face_distance: float
    first_stranger_distance: float
    second_stranger_distance: float
    voice_distance: float | None
    voice_pair_share: float
    neutral_voice_distance: float
    voice_weight: float
    voice_evidence: float
    score: float
    threshold: float
