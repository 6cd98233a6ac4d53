"""Find near-duplicates: re-encodes, other crops, mirror images, other speeds and parts of one recording.

Two takes of a person look alike and often say nearly the same; two copies of a recording are the same second
by second. So clips that might be copies are looked for by their sound, and each is then proven on sound and
pictures against the one clip that stays:

    prints of one person's clips ── sounds alike ── sounds agree finely at ── pictures move ── copy
                                    (candidates)    one speed and shift       alike there

Nothing is concluded from a copy of a copy: pairs would chain different takes into one.
"""

from transforms.find_near_duplicates.candidates import candidate_pairs, sounds_alike
from transforms.find_near_duplicates.copies import copies_among
from transforms.find_near_duplicates.face_print import FacePrinter
from transforms.find_near_duplicates.prove import prove, sound_agreement
from transforms.find_near_duplicates.records import Copy, DuplicateConfig
from transforms.find_near_duplicates.sound_print import sound_print

__all__ = [
    "Copy",
    "DuplicateConfig",
    "FacePrinter",
    "candidate_pairs",
    "copies_among",
    "prove",
    "sound_agreement",
    "sound_print",
    "sounds_alike",
]
