"""A worker of another Mentor says so, before anything of the job comes alive."""

import pickle
from pathlib import Path

import pytest

from pipelines import sender
from pipelines.steps import VisitBundle
from tests.test_steps import make_step


class Missing:
    """Stands for what an older Mentor does not have."""


def test_the_same_mentor_takes_the_job(tmp_path: Path) -> None:
    bundle = pickle.loads(pickle.dumps(VisitBundle(make_step(tmp_path))))
    assert isinstance(bundle, VisitBundle)
    assert sender.of_this_mentor("element", sender.this_mentor()) == "element"


def test_another_mentor_is_named_before_the_rest_comes_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = pickle.dumps((sender.Sender(), Missing()))
    monkeypatch.delattr(f"{__name__}.Missing")
    with pytest.raises(AttributeError):
        pickle.loads(sent)
    monkeypatch.setattr(sender, "this_mentor", lambda: "0.0.9 (another)")
    with pytest.raises(sender.OtherMentorError) as told:
        pickle.loads(sent)
    said = sender.told_of_other_mentor(RuntimeError(f"Traceback ...\n{told.value} [while running 'Visit']"))
    assert said is not None and said.startswith(
        "this worker has Mentor 0.0.9 (another), the job was sent by "
    )
    assert said.endswith("that sends the job") and sender.told_of_other_mentor(OSError("full")) is None


def test_a_mentor_is_told_by_its_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "schemas").mkdir()
    monkeypatch.setattr(sender, "__file__", str(tmp_path / "pipelines" / "sender.py"))
    told: set[str] = set()
    for text in ("a = 1", "a = 2"):
        (tmp_path / "schemas" / "x.py").write_text(text)
        told.add(sender.this_mentor.__wrapped__())
    assert len(told) == 2
