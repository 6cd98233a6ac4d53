"""What a trained model is told of itself: how far its motion must be carried to be as lively as people.

People are those it has learnt from, each drawn with another one's sound, which nobody of the training has
with this reference frame: their heads went as far as those of people not learnt from (.076 rad both). What
is drawn is set against how far, how fast and how often people move at all, by medians over people.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice

import numpy as np
from torch import Tensor

from models.data.clips import clips
from models.data.config import WindowConfig
from models.data.records import Window
from models.motion import measures
from models.motion.body_points import BodyPoints
from models.motion.channels import ARRAYS, MASKS, first_frame, to_parameters
from models.motion.checkpoint import MotionModel
from models.motion.generate import GenerateConfig, draw_as_learnt
from models.motion.liveliness import AS_DRAWN, PARTS, Carried, Liveliness, livened
from models.motion.measures import Float, Motion
from models.motion.sound import SoundFeatures

_FEWEST_PEOPLE = 4  # for whom a median means something
_PEOPLE_OF_DEFAULT = 4  # so many are as good a reason for a gain as the default
_MOST_SECONDS = 10.0  # of a clip
_SMOOTHINGS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)  # frames
_BLINK_GAINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5)
_GAINS = (0.5, 3.0)  # beyond this motion is not carried: it is another
_AS_SLOW = 1.05  # and nobody sees that it is faster


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Person:
    """A person's `smplx:*` arrays (T, ...) and masks, their shape (S,), and what the model drew for their
    first frame and another one's sound, (T, D) normalised.
    """

    arrays: dict[str, Float]
    betas: Float
    drawn: Tensor

    @property
    def reference(self) -> dict[str, Float]:
        """The first frame."""
        return first_frame(self.arrays)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Bench:
    model: MotionModel
    points: BodyPoints
    people: Sequence[Person]

    def real(self) -> list[Motion]:
        """Return how people move."""
        return [measures.see(self.points, p.arrays, p.betas) for p in self.people]

    def made(self, liveliness: Liveliness) -> list[Motion]:
        """Return how drawn people move, carried so."""
        return [self._seen(person, liveliness) for person in self.people]

    def _seen(self, person: Person, liveliness: Liveliness) -> Motion:
        about, scales = self.model.about, self.model.scales
        plain = scales.plain(livened(person.drawn, liveliness, about.fps)).numpy()
        parameters = to_parameters(plain, person.reference, about.pose_against)
        return measures.see(self.points, parameters, person.betas)


def calibrate(
    model: MotionModel,
    features: SoundFeatures,
    points: BodyPoints,
    shards: Sequence[str],
    split: str,
    most_people: int = 16,
) -> Liveliness:
    """Return how motion that a model draws is to be carried; a part that is seen of fewer than four people,
    and the mouth, as the model says already: mouths of the voices that were learnt from go further than
    those of others (1.03 of people's against .74 on 17 people).

    Args:
        features: what the model hears with.
        points: of the body model that the shards were fitted with.
        split: of the shards; the one trained on, since no other must be known to the model.
        most_people: how many are looked at.
    """
    found_clips = list(islice(_one_clip_each(shards, split), most_people))
    if len(found_clips) < _FEWEST_PEOPLE:
        return model.about.liveliness
    people = _drawn_with_another_sound(model, features, found_clips)
    bench = _Bench(model=model, points=points, people=people)
    real, found = bench.real(), model.about.liveliness
    tried = cache(lambda smoothing: bench.made(_all_parts(Carried(smoothing_frames=smoothing))))
    for part in PARTS:
        shown = [index for index, person in enumerate(people) if measures.shows(part, person.arrays)]
        if len(shown) >= _FEWEST_PEOPLE:
            carried = _carried(part, getattr(found, part), shown, real, tried)
            found = replace(found, **{part: carried})
    return replace(found, blink_gain=_blink_gain(bench, real))


def _carried(
    part: str,
    default: Carried,
    shown: Sequence[int],
    real: Sequence[Motion],
    tried: Callable[[float], list[Motion]],
) -> Carried:
    """Return the gain that takes a part as far as people go, after the least smoothing with which it is then
    no faster than they are; of few people the default gain has a say in it.
    """
    reach, pace = (_usual(score, part, shown, real) for score in (measures.spread, measures.mean_step))

    def gain_of(smoothing: float) -> float:
        return reach / _usual(measures.spread, part, shown, tried(smoothing))

    def is_slow(smoothing: float) -> bool:
        drawn = _usual(measures.mean_step, part, shown, tried(smoothing))
        return gain_of(smoothing) * drawn <= _AS_SLOW * pace

    smoothing = next(filter(is_slow, _SMOOTHINGS), _SMOOTHINGS[-1])
    # People go from a tenth as far to three times as far as the median of them.
    trust = len(shown) / (len(shown) + _PEOPLE_OF_DEFAULT)
    gain = float(np.clip(gain_of(smoothing), *_GAINS)) ** trust * default.gain ** (1 - trust)
    return Carried(gain=gain, smoothing_frames=smoothing)


def _usual(
    score: Callable[[Float], float], part: str, shown: Sequence[int], motions: Sequence[Motion]
) -> float:
    """Return the median of a score over the people of whom a part is shown."""
    return max(float(np.median([score(getattr(motions[i], part)) for i in shown])), 1e-9)


def _blink_gain(bench: _Bench, real: Sequence[Motion]) -> float:
    """Return the gain with which people blink most nearly as often as they do."""
    fps = bench.model.about.fps

    def often(motions: Sequence[Motion]) -> float:
        return float(np.mean([measures.blinks_a_minute(motion.eye_opening, fps) for motion in motions]))

    wanted = often(real)
    return min(_BLINK_GAINS, key=lambda g: abs(often(bench.made(replace(AS_DRAWN, blink_gain=g))) - wanted))


def _all_parts(carried: Carried) -> Liveliness:
    return replace(AS_DRAWN, **dict.fromkeys(PARTS, carried))


def _one_clip_each(shards: Sequence[str], split: str) -> Iterator[Window]:
    """Yield the first clip of each person, without pictures."""
    known: set[str] = set()
    for clip in clips(shards, WindowConfig(num_frames=None, arrays=(*ARRAYS, *MASKS)), split=split):
        person = clip.identity or clip.key
        if person not in known:
            known.add(person)
            yield clip


def _drawn_with_another_sound(
    model: MotionModel, features: SoundFeatures, found: Sequence[Window]
) -> list[Person]:
    people = []
    for index, clip in enumerate(found):
        sound = found[(index + 1) % len(found)].sound
        assert sound is not None and clip.betas is not None
        number = min(clip.num_frames, round(_MOST_SECONDS * clip.fps))
        arrays = {name: values[:number] for name, values in clip.arrays.items()}
        said = np.resize(sound, int(number / clip.fps * 16000))
        config = GenerateConfig(seed=index, liveliness=AS_DRAWN)
        drawn = draw_as_learnt(model, features, said, first_frame(arrays), config)
        people.append(Person(arrays=arrays, betas=clip.betas, drawn=drawn))
    return people
