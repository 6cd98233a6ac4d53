"""The layout of a run folder, and what of it is for whom.

    OUT/current                  which result is the last complete one; on this machine a link to its folder,
                                 elsewhere the object current.json that names it
    OUT/results/{name}/run.json  a result: published, nothing absolute or private in it
                      /shards/   samples, and nothing that a loader would take for one
                      /index/    what is in each shard and where
                      /tables/   what became of every video, shot, face and clip
                      /report/   pages to look at
                      /croissant.json   what the result is and what is in it, for other programs
    OUT/run.json, shards, index, tables, report, croissant.json   on this machine links into that result
    OUT/layout.json              the version of this layout
    OUT/exclusions.json          clips withdrawn or erased, which loaders leave out (`schemas/exclusions.py`)
    OUT/erasures/                signed receipts of what was erased, without it, and a page that tells of them
                                 (`schemas/receipt.py`)
    OUT/artefacts/               what the stages made of each video and clip (`pipelines/artefacts.py`)
    OUT/biometric/               descriptors of faces, the register of identities, what made them
    OUT/work/                    this machine's own: the lease, the inputs of the last run, unfinished files
    OUT/logs/, inspect/, export/ what native libraries print; drawings and files made on request
    OUT/models/                  models trained on the shards: checkpoints, curves, pages
    OUT/evaluation/              a video model judged on held-out people: tables, and a page that shows them

A result never changes once it is current: the next one is written beside it and then takes its place at once.
"""

import json
import re

LAYOUT_VERSION = "3"
LAYOUT_JSON = "layout.json"

RUN_JSON, SHARDS, INDEX, TABLES, REPORT = "run.json", "shards", "index", "tables", "report"
CROISSANT_JSON = "croissant.json"
PUBLISHED = (RUN_JSON, SHARDS, INDEX, TABLES, REPORT, CROISSANT_JSON)

RESULTS = "results"
CURRENT, CURRENT_OBJECT = "current", "current.json"

_RESULT_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")

EXCLUSIONS = "exclusions.json"
ERASURES, ERASURES_PAGE = "erasures", "index.html"

ARTEFACTS, BIOMETRIC = "artefacts", "biometric"
REGISTRY, MERGES = "registry", "merges"  # below BIOMETRIC
KNOWN_PEOPLE = (MERGES, REGISTRY)

WORK = "work"
LEASE, LAST_RUN, UNFINISHED = "lease.json", "last_run.json", "unfinished"  # below WORK
SENT_JOB = "job.json"  # below WORK: a job elsewhere whose end no command has seen
# Below WORK too: what must not come back, an erasure that has begun, the key that signs receipts.
ERASED, ERASURE, RECEIPT_KEY = "erased.json", "erasure", "receipt_key.pem"
JOURNAL = "journal.json"  # below ERASURE
# What a run says about itself until it is whole, below the result's folder in WORK.
STAGES_JSON, PEOPLE_JSON = "stages.json", "people.json"

LOGS, INSPECT, EXPORT, MODELS, EVALUATION = "logs", "inspect", "export", "models", "evaluation"


def is_result_name(name: object) -> bool:
    """Return whether something may name a result: a folder directly in RESULTS, and nothing else."""
    return isinstance(name, str) and _RESULT_NAME.fullmatch(name) is not None


def named_result(current: bytes) -> str | None:
    """Return the result that CURRENT_OBJECT's bytes name; None if they are damaged or name none."""
    try:
        name = json.loads(current)["result"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return name if is_result_name(name) else None
