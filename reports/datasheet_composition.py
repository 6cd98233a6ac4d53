"""What a run answers of a datasheet's questions on composition."""

from collections.abc import Callable, Iterator, Mapping

from reports import evidence
from reports.account import Account, of_attribute
from reports.cells import Table, count, length
from reports.english import say
from reports.languages.en import LANGUAGE as EN
from reports.run_data import RunData
from schemas.groups import NOT_MEASURED, UNKNOWN
from schemas.sample import ARRAYS

Answer = Iterator[str | Table]


def _instances(run: RunData, account: Account) -> Answer:
    yield (
        "An instance is a clip of a video in which one visible person speaks: its pictures, its sound, its "
        "words with "
        "their times, landmarks of face, hands and body, and a body model fitted to every frame."
    )


def _num_instances(run: RunData, account: Account) -> Answer:
    numbers = account.numbers
    yield (
        f"{say(count(numbers.num_accepted))} clips of {say(count(account.num_people))} people, "
        f"{say(length(numbers.seconds_accepted))} in all."
    )
    yield evidence.splits_table(account)


def _sample(run: RunData, account: Account) -> Answer:
    numbers = account.numbers
    yield (
        f"A selection of {say(count(numbers.num_inputs))} files ({say(length(numbers.seconds_in))}): "
        f"{say(count(numbers.num_accepted))} of {say(count(numbers.num_clips))} clips were accepted by the "
        "rules and "
        "by balancing. Whether the files are a sample of something larger, the run does not know."
    )
    sources = sorted({row["source"] for row in account.shares if row["source"]})
    for source in sources:
        yield f"Groups are compared with a population: {source}. See the page on who is in the data."
    if not sources:
        yield "No population was given to compare the groups with (bias.populations)."


def _instance_data(run: RunData, account: Account) -> Answer:
    yield (
        "KEY.mp4: pictures, H.264, cropped around the upper body. KEY.wav: sound, 16 kHz, mono. KEY.json: "
        "words, scores, "
        f"labels, provenance. KEY.npz: arrays a frame: {', '.join(ARRAYS)}, and the body model's "
        "parameters (smplx:*)."
    )


def _labels(run: RunData, account: Account) -> Answer:
    yield (
        "Words, landmarks, bodies, identities and perceived attributes are annotations by models; declared "
        "attributes, "
        "languages and speakers come from the list of files and take precedence. Each label names its "
        "source. There is "
        "no single target."
    )


def _missing(run: RunData, account: Account) -> Answer:
    yield (
        "Frames on which a part of the body was not seen are marked (valid:*). What no stage computed is "
        "named in "
        "each sample (not_computed). Groups of people may be unknown:"
    )
    for attribute in account.attributes:
        own = of_attribute(account.groups, attribute, "selected")
        told = {r["value"]: r["num_clips"] for r in own if r["value"] in (UNKNOWN, NOT_MEASURED)}
        named = {UNKNOWN: "could not be told", NOT_MEASURED: "nobody looked"}
        said = [f"{named[v]}: {say(count(n))} clips" for v, n in told.items() if n]
        if said:
            yield f"{EN.name_of(attribute)}: {'; '.join(said)}."


def _relationships(run: RunData, account: Account) -> Answer:
    people = run.summary.people
    yield (
        f"Yes: clips of one person have one identity ({say(count(people.num_identities))} were found among "
        f"{say(count(people.num_faces))} clips with a described face), clips of one video its id. "
        "Look-alikes who may "
        "be one person share a group, which is never divided between splits."
    )


def _splits(run: RunData, account: Account) -> Answer:
    yield "Training, validation and test, by person: nobody is in two of them. Each is balanced by itself."


def _noise(run: RunData, account: Account) -> Answer:
    yield (
        "All annotations err. Words have scores and doubts, landmarks and bodies errors and masks, "
        "attributes confidences. "
        f"Files with the same bytes and copies of a recording are removed: {_of(account, 'duplicate')} of "
        "files, "
        f"{_of(account, 'near_duplicate')} of clips."
    )


def _of(account: Account, reason: str) -> str:
    rows = (*account.refused, *account.spans, *account.dropped)
    return say(count(sum(row.num for row in rows if row.reason == reason)))


def _self_contained(run: RunData, account: Account) -> Answer:
    yield (
        "Self-contained: shards, indices and tables hold all that training needs. The source videos are no "
        "part of it. "
        "Body parameters mean something with the body model that they name alone."
    )


def _confidential(run: RunData, account: Account) -> Answer:
    yield (
        "Faces, voices and words of people. The tables name the source files by their names, and titles as "
        "declared; "
        "speakers and references of consent are pseudonyms unless the settings publish them."
    )


def _subpopulations(run: RunData, account: Account) -> Answer:
    if not account.attributes:
        yield "No: no group was declared or perceived."
        return
    yield (
        "Yes, declared in the list of files or perceived by a model. Perceived means how a model sees a "
        "person, not who "
        "that person is. Groups of few people are hidden."
    )
    for attribute in account.attributes:
        yield evidence.group_table(account, attribute)


def _identifiable(run: RunData, account: Account) -> Answer:
    yield (
        "Yes: whoever knows a person can recognise the face and the voice. Descriptors by which machines "
        "recognise faces "
        "are not published; identities are salted hashes that mean nothing elsewhere."
    )


def _sensitive(run: RunData, account: Account) -> Answer:
    named = [EN.name_of(a).lower() for a in account.attributes]
    told = f" Attributes that are counted: {', '.join(named)}." if named else ""
    yield (
        f"Faces and voices are personal data, and may reveal origin, health or belief.{told} Nobody's "
        "ethnic origin, "
        "religion, health or orientation is estimated; such words are there only if the list of files "
        "declares them."
    )


COMPOSITION: Mapping[str, Callable[[RunData, Account], Answer]] = {
    "instances": _instances,
    "num_instances": _num_instances,
    "sample": _sample,
    "instance_data": _instance_data,
    "labels": _labels,
    "missing": _missing,
    "relationships": _relationships,
    "splits": _splits,
    "noise": _noise,
    "self_contained": _self_contained,
    "confidential": _confidential,
    "subpopulations": _subpopulations,
    "identifiable": _identifiable,
    "sensitive": _sensitive,
}
