"""Cluster identities: which clips of a whole collection show one person.

    descriptors ── blocks of near ones ── pairs of near neighbours ── components ── identities
                   (k-means, overlapping)  (exact within a block)     of pairs      (linkage)

Components alone would chain: a looks like b, b like c. So within each, clusters are merged by the mean
squared distance of all their members, which a chain does not fool. Faces of one track are one person;
faces side by side in one shot are not. How near they must be depends on how many people there are: those
found by the bound of a small collection are counted, and then found again by the bound of so many.

Functions work on the numbers of one block, one id or one component, so no worker holds the collection.
"""

from transforms.cluster_identities.bound import merge_reach
from transforms.cluster_identities.components import Message, components, label_of, pass_on, tie, unsettled
from transforms.cluster_identities.evidence import explained_component
from transforms.cluster_identities.linkage import identity_id, link_component, members_of
from transforms.cluster_identities.neighbours import block_pairs, neighbour_pairs
from transforms.cluster_identities.records import BlockPairs, Face, IdentityConfig, Member, NearPair

__all__ = [
    "BlockPairs",
    "Face",
    "IdentityConfig",
    "Member",
    "Message",
    "NearPair",
    "block_pairs",
    "components",
    "explained_component",
    "identity_id",
    "label_of",
    "link_component",
    "members_of",
    "merge_reach",
    "neighbour_pairs",
    "pass_on",
    "tie",
    "unsettled",
]
