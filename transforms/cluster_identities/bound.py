"""How near faces must be for one person, in a collection of any size."""

from math import log, sqrt

from transforms.cluster_identities.records import IdentityConfig


def merge_reach(num_people: int, config: IdentityConfig) -> float:
    """Return the distance within which two groups of faces are one person, among so many people.

    Two groups are taken for one person where the logarithm of the likelihood ratio is above that of the prior
    odds against it (Brümmer and du Preez 2006, Application-independent evaluation of speaker detection,
    Computer Speech & Language 20). A group has one right partner however many others there are, so the odds
    against a pair grow with the number of people; with an unchanged bound the share of people who have a
    lookalike within it grows in proportion (the birthday problem, one person at a time). The logarithm of
    the ratio falls about linearly with the squared distance, so the bound's square falls with the logarithm
    of the number of people; up to the number among whom the distance was set it is that distance.
    """
    more = log(max(num_people / config.merge_people, 1.0))
    return sqrt(max(config.merge_distance**2 - more / config.evidence_per_distance, 0.0))
