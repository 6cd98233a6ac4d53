"""What made groups of faces one person: the numbers of each merge, by the arithmetic that decides it."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.cluster.hierarchy import DisjointSet

from schemas.merges import IdentityMerge, MadeBy
from transforms.cluster_identities.linkage import (
    Cluster,
    certain_pairs,
    faces_apart,
    joined_clusters,
    link_component,
    start_cluster,
    voices_apart,
)
from transforms.cluster_identities.records import Face, IdentityConfig
from transforms.face_blocks import Ints


def explained_component(
    faces: Sequence[Face], pairs: Ints, config: IdentityConfig, reach: float
) -> tuple[list[list[int]], list[IdentityMerge]]:
    """Divide one component's faces into people (`link_component`), and return every merge that made them.

    Merges do not know yet what the person is called: `identity_id` is empty.
    """
    merges = list(certain_merges(faces, config, reach))

    def note(a: Cluster, b: Cluster) -> None:
        merges.append(merge_evidence(faces, a, b, "likeness", config, reach))

    return link_component(faces, pairs, config, reach, note), merges


def certain_merges(faces: Sequence[Face], config: IdentityConfig, reach: float) -> Iterator[IdentityMerge]:
    """Yield what is one person without a look at any distance, one clip after the other."""
    groups = DisjointSet(range(len(faces)))
    clusters: dict[int, Cluster] = {}
    for made_by, one, other in certain_pairs(faces):
        ends = groups[one], groups[other]
        if ends[0] == ends[1]:
            continue
        a, b = (clusters.pop(i) if i in clusters else start_cluster(faces, [i]) for i in ends)
        yield merge_evidence(faces, a, b, made_by, config, reach)
        groups.merge(one, other)
        clusters[groups[one]] = joined_clusters(a, b)


def merge_evidence(
    faces: Sequence[Face], a: Cluster, b: Cluster, made_by: MadeBy, config: IdentityConfig, reach: float
) -> IdentityMerge:
    """Return what speaks for and against two groups being one person."""
    name_a, name_b = (min(faces[m].clip_id for m in cluster.members) for cluster in (a, b))
    if name_b < name_a:
        a, b, name_a, name_b = b, a, name_b, name_a
    squared = float(faces_apart(a, [b])[0])
    known = a.voices.share * b.voices.share
    heard = float(voices_apart(a, [b], config.neutral_voice_distance)[0])
    evidence = config.voice_weight * heard
    return IdentityMerge(
        identity_id="",
        first_clip_id=name_a,
        second_clip_id=name_b,
        first_num_clips=len(a.members),
        second_num_clips=len(b.members),
        made_by=made_by,
        first_registered=a.registered,
        second_registered=b.registered,
        face_distance=float(np.sqrt(squared)),
        first_stranger_distance=a.strangers,
        second_stranger_distance=b.strangers,
        voice_distance=heard / known + config.neutral_voice_distance if known else None,
        voice_pair_share=known,
        neutral_voice_distance=config.neutral_voice_distance,
        voice_weight=config.voice_weight,
        voice_evidence=evidence,
        score=squared + evidence,
        threshold=reach**2,
    )
