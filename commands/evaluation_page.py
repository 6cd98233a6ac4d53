"""How an evaluation is shown: the page's videos, pictures and tables, and the table on the terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from commands.evaluation_figures import Figure
from commands.judge_clips import HANDS, HEAD, PICTURE, Image
from commands.judge_drift import LongFilm
from commands.judge_films import FILM, Film
from commands.training_page import png_row
from drawing.side_by_side import side_by_side, side_by_side_mp4
from media import to_pcm
from media.mux import with_sound
from models.video.ways import MODEL, PHOTO, REAL, WARP
from reports.evaluation import Cell, Clip, Group, Groups, Scores, page
from schemas.sample import SAMPLING_RATE_HZ

_MADE = frozenset({WARP, MODEL})
_NUM_HEADS = 12
_TABLES = {
    HEAD: ("Heads", "A window around the head: frames from anywhere in a clip, and some in a row."),
    HANDS: ("Hands", "A window around each hand that is seen. By default videos take hands from the warp."),
    PICTURE: ("Whole pictures", "Some frames of each clip as generate makes them, at their own size."),
    FILM: ("Films", "Frames in a row as generate makes them; the network's changes laid over the warp."),
}  # fmt: skip
# What is shown by group; all else is in figures.parquet.
_BY_GROUP = (
    *((HEAD, name) for name in ("whole dB", "mouth dB", "eyes dB", "mouth ST-LPIPS", "mouth sharpness")),
    (PICTURE, "identity distance"),
)


def evaluation_page(
    about: Mapping[str, Any],
    told: Sequence[Figure],
    films: Sequence[Film],
    drift: LongFilm | None,
    heads: Mapping[str, Mapping[str, Image]],
) -> bytes:
    """Return the page of an evaluation."""
    shown = [_film(film.frames, film.sound, film.fps, f"{film.key}, {film.fps:g} a second") for film in films]
    if drift is not None:
        seconds = len(drift.frames) / drift.fps
        caption = f"One picture, {seconds:.0f} s of sound: the motion model's and the video model's"
        shown.append(_film({MODEL: drift.frames}, drift.sound, drift.fps, caption))
    ways = list(next(iter(heads.values())))
    order = [name for name in (PHOTO, *ways) if name != REAL]
    order = [*dict.fromkeys(order), REAL]
    strips = [
        (f"Person {number}: {', '.join(order)}", png_row([made[way] for way in order]))
        for number, made in enumerate(list(heads.values())[:_NUM_HEADS], 1)
    ]
    tables = [_table(view, told) for view in _TABLES if any(figure.view == view for figure in told)]
    return page(_facts(about), shown, strips, tables, _groups(told, about["min_people"]))


def _film(videos: Mapping[str, Image], sound: npt.NDArray[np.float32], fps: float, caption: str) -> Clip:
    mp4 = with_sound(side_by_side_mp4(videos, _MADE, fps), to_pcm(sound), SAMPLING_RATE_HZ)
    middle = len(next(iter(videos.values()))) // 2
    return Clip(caption=caption, mp4=mp4, png=png_row([side_by_side(videos, _MADE, middle)]))


def _facts(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    shown = f"{about['num_clips']} of {about['num_people']} people; {about['num_left_out']} left out"
    unsaid = "" if about["says_whom_it_learnt_from"] else "; the model does not say whom it learnt from"
    return [
        ("Shards", f"{', '.join(about['shards'])}, split {about['split']}"),
        ("Clips", f"{shown}{unsaid}"),
        ("Models", f"SHA-256 of {_prints(about['models_sha256'])}, trained on {about['trained_on']}"),
        ("Windows", f"{about['window_px']} px, {about['steps']} step(s) of the network"),
    ]


def _prints(models: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {print_[:16]}" for name, print_ in models.items())


def _table(view: str, told: Sequence[Figure]) -> Scores:
    mine = [figure for figure in told if figure.view == view and not figure.attribute]
    columns = tuple(dict.fromkeys(figure.way for figure in mine))
    cells = {(figure.name, figure.way): _cell(figure) for figure in mine}
    rows = tuple(
        (name, tuple(cells.get((name, way)) for way in columns))
        for name in dict.fromkeys(figure.name for figure in mine)
    )
    people = max(figure.num_people for figure in mine)
    title, note = _TABLES[view]
    return Scores(title=title, note=f"{note} People: {people}.", columns=columns, rows=rows)


def _groups(told: Sequence[Figure], min_people: int) -> Groups:
    """Return what is shown by group: of the model, with its difference from the warp."""
    mine = [f for f in told if f.attribute and f.way == MODEL and (f.view, f.name) in _BY_GROUP]
    cells = {(f.attribute, f.group, f.view, f.name): f for f in mine}
    rows: list[Group] = []
    for attribute, group in dict.fromkeys((f.attribute, f.group) for f in mine):
        row = [cells.get((attribute, group, *measure)) for measure in _BY_GROUP]
        most = max((f for f in row if f is not None), key=lambda f: f.num_clips)
        rows.append(
            Group(
                attribute=attribute,
                group=group,
                num_people=most.num_people,
                num_clips=most.num_clips,
                cells=tuple(None if f is None else _cell(f) for f in row),
            )
        )
    return Groups(columns=tuple(name for _, name in _BY_GROUP), rows=tuple(rows), min_people=min_people)


def _cell(figure: Figure) -> Cell:
    return Cell(**{name: getattr(figure, name) for name in Cell.__dataclass_fields__})


def print_figures(told: Sequence[Figure], console: Console) -> None:
    """Print the means of everybody, a line a measure and a column a way, and the model against the warp.

    The page and the tables have the intervals of all.
    """
    for view in _TABLES:
        mine = [figure for figure in told if figure.view == view and not figure.attribute]
        if not mine:
            continue
        people = max(figure.num_people for figure in mine)
        table = Table(title=f"{_TABLES[view][0]}: means over clips of {people} people")
        ways = list(dict.fromkeys(figure.way for figure in mine))
        for column in ("", *ways, "model over warp (95 %)"):
            table.add_column(column, justify="right" if column else "left", overflow="fold")
        for name in dict.fromkeys(figure.name for figure in mine):
            table.add_row(name, *_texts(ways, {figure.way: figure for figure in mine if figure.name == name}))
        console.print(table)


def _texts(ways: Sequence[str], figures: Mapping[str, Figure]) -> Iterator[str]:
    for way in ways:
        yield f"{figures[way].mean:.4g}" if way in figures else ""
    model = figures.get(MODEL)
    if model is not None and model.over_warp is not None:
        yield f"{model.over_warp:+.3g} ({model.over_warp_low:.3g}, {model.over_warp_high:.3g})"
