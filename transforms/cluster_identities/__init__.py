"""Cluster identities: which clips of a whole collection show one person.

    descriptors ── blocks of near ones ── pairs of near neighbours ── components ── identities
                   (k-means, overlapping)  (exact within a block)     of pairs      (linkage)

Components alone would chain: a looks like b, b like c. So within each, clusters are merged by the mean
squared distance of all their members, which a chain does not fool. Faces of one track are one person;
faces side by side in one shot are not.

Functions work on the numbers of one block or one component, so no worker holds the collection; only the
components of pairs are found in one place, and they need ids alone.
"""

from transforms.cluster_identities.linkage import identity_id, link_component, members_of
from transforms.cluster_identities.neighbours import (
    block_centres,
    certain_pairs,
    components,
    nearest_blocks,
    neighbour_pairs,
    num_blocks,
)
from transforms.cluster_identities.records import Face, IdentityConfig, Member

STAGE = "cluster_identities"

__all__ = [
    "Face",
    "IdentityConfig",
    "Member",
    "block_centres",
    "certain_pairs",
    "components",
    "identity_id",
    "link_component",
    "members_of",
    "nearest_blocks",
    "neighbour_pairs",
    "num_blocks",
]
