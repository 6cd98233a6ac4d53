"""The run folder: the one owner of all that lies below OUT (schemas/layout.py draws it).

A reader sees the last complete result until the next is complete, and then that. Writing takes the lease.
"""

import glob
import json
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from media.source import is_remote, local_path, whole_uri
from pipelines.artefacts import ArtefactStore
from pipelines.current_result import current_name, make_current
from pipelines.erasures import Erasures
from pipelines.exclusions import ExclusionList
from pipelines.lease import lease
from pipelines.places import Places
from pipelines.results import Result
from pipelines.sent_job import forget_job, noted_job, refuse_if_running
from schemas.layout import (
    ARTEFACTS,
    BIOMETRIC,
    ERASED,
    ERASURE,
    EVALUATION,
    EXCLUSIONS,
    EXPORT,
    INSPECT,
    KNOWN_PEOPLE,
    LAST_RUN,
    LAYOUT_JSON,
    LAYOUT_VERSION,
    LEASE,
    LOGS,
    PUBLISHED,
    RECEIPT_KEY,
    REPORT,
    RESULTS,
    RUN_JSON,
    SENT_JOB,
    WORK,
)
from schemas.outcomes import BadInputError
from schemas.run import CURATE, ERASE
from schemas.sample import to_json_bytes
from transforms.storage import (
    CANNOT_WRITE,
    TEMPORARY,
    delete_tree,
    join,
    list_files,
    list_folder,
    read_bytes,
    read_if_there,
    sizes_of,
    write_bytes,
)

# A run that starts with less could not even say how it ended.
_MIN_FREE_BYTES = 64 * 2**20
_LAYOUT = to_json_bytes({"layout_version": LAYOUT_VERSION})
# What of OUT/work outlives the run that wrote it.
_KEPT_WORK = (LEASE, LAST_RUN, SENT_JOB, ERASED, ERASURE, RECEIPT_KEY)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A folder, local or on one of Beam's filesystems, that holds the results of `curate`."""

    root: str

    @property
    def is_local(self) -> bool:
        """Whether the folder is on this machine's filesystem."""
        return not is_remote(self.root)

    @property
    def store(self) -> ArtefactStore:
        """What the stages made."""
        return ArtefactStore(self.root)

    @property
    def log_folder(self) -> str | None:
        """Where worker processes write what native libraries print; None for a remote folder."""
        return str(local_path(join(self.root, LOGS)).absolute()) if self.is_local else None

    @property
    def biometric(self) -> str:
        """Faces, the register of identities (REGISTRY in it) and what made them (MERGES)."""
        return join(self.root, BIOMETRIC)

    @property
    def exclusions(self) -> ExclusionList:
        """What loaders leave out."""
        return ExclusionList(join(self.root, EXCLUSIONS))

    @property
    def erasures(self) -> Erasures:
        """What was erased, and what tells of it."""
        return Erasures(self.root)

    def drawings(self, key: str, name: str) -> str:
        """Return where a drawing of a clip is written."""
        return join(self.root, INSPECT, key, name)

    def exported(self, name: str) -> str:
        """Return where a clip's body is written for other programs."""
        return join(self.root, EXPORT, name)

    # ---- Writing -----------------------------------------------------------------------------------

    @contextmanager
    def writing(self, command: str) -> Iterator[None]:
        """Hold the folder for writing; what dead runs left unfinished is removed first.

        Raises:
            BadInputError: if another run holds it, it cannot be written, it is of another version, what an
                erasure began is not done, or a job runs for it, and `command` is another.
        """
        self._check_place()
        self._refuse_other_layouts()
        with ExitStack() as stack:
            with self._explained():
                stack.enter_context(lease(join(self.root, WORK, LEASE), command))
                if command != ERASE:
                    self._refuse_half_erased()
                if command != CURATE:  # which waits for it
                    refuse_if_running(self.root)
                write_bytes(join(self.root, LAYOUT_JSON), _LAYOUT)
                self.remove_old_results()
            with self._explained():
                yield

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Let errors of a folder that cannot be written say so, in one line."""
        try:
            yield
        except OSError as error:
            if error.errno not in CANNOT_WRITE:
                raise
            raise BadInputError(
                f"--output {self.root}: cannot be written ({error.strerror}); what is finished is kept: mend "
                "that and run the same command again"
            ) from error

    def _check_place(self) -> None:
        if not self.is_local:
            if glob.has_magic(self.root):  # some filesystems of Beam's take names for patterns, to delete too
                raise BadInputError(
                    f"--output {self.root}: an object store's folder has no * ? [ in its name"
                )
            return
        place = local_path(self.root)
        above = next(p for p in (place, *place.absolute().parents) if p.exists())
        if not above.is_dir():
            raise BadInputError(f"--output {self.root}: {above} is a file; choose a folder")
        if shutil.disk_usage(above).free < _MIN_FREE_BYTES:
            raise BadInputError(f"--output {self.root}: no space left there; free some and run again")

    def _refuse_other_layouts(self) -> None:
        """Refuse a folder of another version, which has its results elsewhere or says so."""
        for name in PUBLISHED if self.is_local else (RUN_JSON,):
            place = join(self.root, name)
            is_link = self.is_local and local_path(place).is_symlink()
            if not is_link and (sizes_of([place]) or (self.is_local and local_path(place).exists())):
                raise BadInputError(
                    f"{self.root}: holds {name} of an earlier version of Mentor or of something else; "
                    "choose another folder, or move it away"
                )
        noted = read_if_there(join(self.root, LAYOUT_JSON))
        if noted not in (None, _LAYOUT):
            raise BadInputError(
                f"{self.root}: is not laid out as version {LAYOUT_VERSION}, which is this Mentor's; choose "
                "another folder, or use the Mentor that made it"
            )

    def _refuse_half_erased(self) -> None:
        if self.erasures.is_half_done:
            raise BadInputError(
                f"{self.root}: an erasure was begun and did not come to its end; `erase {self.root}` ends it"
            )

    def remove_old_results(self) -> None:
        """Delete all results but the current one, and what runs noted or left unfinished on their way."""
        self.erasures.remove_leftovers()
        job, current = noted_job(self.root), self.current()
        made = {job.result} if job else set[str]()  # what a job elsewhere is making
        # Notes first: a run that died early has some, and nothing of its result yet.
        for name in list_folder(join(self.root, WORK)):
            if name not in (*_KEPT_WORK, *made):
                delete_tree(join(self.root, WORK, name))
        for name in list_folder(join(self.root, RESULTS)):
            if name not in made and (current is None or name != current.name):
                delete_tree(join(self.root, RESULTS, name))
        rooms = (self.erasures.folder, *(join(self.biometric, room) for room in KNOWN_PEOPLE))
        for place in (self.root, *rooms):
            for name in list_folder(place) if self.is_local else []:
                if name.endswith(TEMPORARY):
                    delete_tree(join(place, name))

    def new_result(self) -> Result:
        """Return an empty result; readers do not see it until it is published."""
        return self.result(f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}")

    def result(self, name: str) -> Result:
        """Return the result of a name, finished or not."""
        return Result(join(self.root, RESULTS, name))

    def places(self, result: Result) -> Places:
        """Return where a run that makes this result reads and writes, for workers in whatever folder."""
        return Places(
            store=ArtefactStore(whole_uri(self.root)),
            result=Result(whole_uri(result.folder)),
            scratch=whole_uri(join(self.root, WORK, result.name)),
            biometric=whole_uri(self.biometric),
        )

    def publish(self, result: Result) -> None:
        """Make a whole result the current one, at once; call `remove_old_results` when done."""
        for room in KNOWN_PEOPLE:
            for path, _ in list_files(self.places(result).note(room)):
                write_bytes(join(self.biometric, room, path.rsplit("/", 1)[-1]), read_bytes(path))
        make_current(self.root, result.name)
        self.exclusions.admit(result)
        forget_job(self.root)  # that made it, if one did

    def forget_artefacts(self) -> None:
        """Delete all that the stages made, and who was recognised; results stay."""
        for room in (ARTEFACTS, BIOMETRIC):
            delete_tree(join(self.root, room))

    def remember(self, last_run: dict) -> None:
        """Keep what the last run was asked to do; private to this machine."""
        write_bytes(join(self.root, WORK, LAST_RUN), to_json_bytes(last_run))

    def forget_clips(self, clip_ids: Iterable[str]) -> None:
        """Delete what was drawn or exported of clips, the evaluation, which may show them, and the logs."""
        gone = set(clip_ids)
        for room in (LOGS, EVALUATION):
            delete_tree(join(self.root, room))
        for folder in (INSPECT, EXPORT):
            for name in list_folder(join(self.root, folder)):
                if name.split(".")[0] in gone:
                    delete_tree(join(self.root, folder, name))

    def shown_page(self, name: str) -> str:
        """Return where a reader finds a page of the current report."""
        if self.is_local:
            return join(self.root, REPORT, name)
        current = self.current()
        return "" if current is None else current.page_path(name)

    # ---- Reading -----------------------------------------------------------------------------------

    def current(self) -> Result | None:
        """Return the last complete result, None if there is none."""
        name = current_name(self.root)
        result = None if name is None else self.result(name)
        return result if result and sizes_of([join(result.folder, RUN_JSON)]) else None

    def finished(self) -> Result:
        """Return the last complete result.

        Raises:
            BadInputError: if there is none.
        """
        self._refuse_other_layouts()
        found = self.current()
        if found is None:
            raise BadInputError(f"{self.root}: no finished run here; `curate --output` makes one")
        return found

    def last_run(self) -> dict | None:
        """Return what the last run was asked to do; None if this machine does not know."""
        data = read_if_there(join(self.root, WORK, LAST_RUN))
        try:
            known = None if data is None else json.loads(data)
        except (ValueError, RecursionError):
            return None
        whole = isinstance(known, dict) and known.keys() >= {"sources", "ignored", "config"}
        return known if whole else None
