"""A course's own tour: what is understood, and one sentence for whatever is wrong or hostile."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from lora_viz.errors import UserError
from lora_viz.tours import shelf
from lora_viz.tours.author import (
    FIELDS,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_STOPS,
    _Stop,
    _Tour,
    read_tour,
)
from lora_viz.tours.facts import NUMBERS
from lora_viz.tours.shelf import FOLDER, tours_of_folder
from lora_viz.tours.tour import Condition, Tour
from lora_viz.tours.yaml_text import MAXIMUM_BYTES
from lora_viz.ui.tour.courses import rules

LESSON = """
title: {en: Lesson three, ko: 셋째 수업}
about: Ranks
stops:
  - page: full-or-lora
    title: One layer
    say: "{trained} of {total} parameters."
  - page: rank
    title: The rank
    say: What does it cost?
    look: The boxes.
    try: Move it to {tried_rank}.
    expect: Twice as much.
    point: controls
    minutes: 7
    settings: {rank: 4, count-frozen: true, "targets": "c_attn,c_proj"}
    tried: {rank: 8}
    done: {setting: rank, at_least: 8}
"""


def read(text: str | bytes) -> Tour:
    content = text if isinstance(text, bytes) else text.encode()
    return read_tour("lesson", "lesson.yaml", content, rules())


def refusal(text: str | bytes) -> str:
    """The one sentence that a file is refused with, soon."""
    began = time.process_time()
    with pytest.raises(UserError) as raised:
        read(text)
    assert time.process_time() - began < 20  # nothing that grows without bounds
    sentence = str(raised.value)
    assert sentence.startswith("lesson.yaml") and len(sentence) < 500 and "\n" not in sentence
    return sentence


def test_a_tour_is_read() -> None:
    tour = read(LESSON)
    first, second = tour.stops
    assert (tour.title.in_language("ko"), tour.title.in_language("en")) == (
        "셋째 수업",
        "Lesson three",
    )
    assert tour.about.in_language("ko") == "Ranks"  # which has no Korean of its own
    assert first.page == "full_or_lora" and first.numbers == {"trained", "total"}
    assert second.settings == (
        ("rank", "4"),
        ("count-frozen", "true"),
        ("targets", "c_attn,c_proj"),
    )
    assert second.done == (Condition("rank", at_least=8),)
    assert (second.part, second.minutes, tour.minutes) == ("controls", 7, 10)


STOP = "title: T\nstops:\n  - {page: rank, title: A, say: B}\n  - "


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stops: []", "the tour: “title” is missing; it should be a text of 1 to 80 characters"),
        ("title: T", "“stops” is missing; it should be a list of 1 to 40 stops"),
        ("title: T\nstops: []", "“stops” should be a list of 1 to 40 stops"),
        ("title: 7\nstops: []", "the tour: “title” should be a text"),
        ("- a", "should be a mapping with “title” and “stops”"),
        ("", "should be a mapping with “title” and “stops”"),
        (STOP + "page", "stop 2 should be a mapping with page, title and say"),
        (STOP + "[page]", "stop 2 should be a mapping with page, title and say"),
        (STOP + "{page: rank, title: A}", "stop 2: “say” is missing"),
        (
            STOP + "{page: rank, title: A, say: true}",
            "stop 2: “say” should be a text of 1 to 1,500",
        ),
        (STOP + "{page: rank, title: A, say: {fr: x}}", "or one for each of en and ko"),
        (STOP + "{page: rank, title: A, say: ''}", "stop 2: “say” should be a text"),
        (STOP + f"{{page: rank, title: {'x' * 81}, say: B}}", "stop 2: “title” should be"),
        (STOP + "{page: rank, title: A, say: B, tries: C}", "no field “tries”; the fields are"),
        (STOP + "{page: nowhere, title: A, say: B}", "no page “nowhere”; the pages are start, "),
        (STOP + "{page: rank, title: A, say: B, point: moon}", "“point” should be one of headline"),
        (STOP + "{page: rank, title: A, say: B, minutes: 0}", "“minutes” should be a whole"),
        (STOP + "{page: rank, title: A, say: B, minutes: '3'}", "“minutes” should be a whole"),
        (STOP + "{page: rank, title: A, say: 'B {moon}'}", "no number {moon}; take one that"),
        (STOP + "{page: rank, title: A, say: B, settings: [1]}", "“settings” should be settings"),
        (STOP + "{page: rank, title: A, say: B, settings: {moon: 1}}", "“moon” is not a setting"),
        (STOP + "{page: rank, title: A, say: B, settings: {lang: ko}}", "“lang” is not a setting"),
        (STOP + "{page: rank, title: A, say: B, settings: {tour: x}}", "“tour” is not a setting"),
        (STOP + "{page: rank, title: A, say: B, settings: {rank: 0}}", "Rank r cannot be “0”"),
        (
            STOP + "{page: rank, title: A, say: B, settings: {model: /etc/passwd}}",
            "stop 2, “settings”: Model cannot be “/etc/passwd”",
        ),
        (STOP + "{page: rank, title: A, say: B, tried: {train-data: /x}}", "is not a setting"),
        (STOP + "{page: rank, title: A, say: B, done: {setting: rank}}", "“done” should be"),
        (STOP + "{page: rank, title: A, say: B, done: {setting: gpu, at_least: 1}}", "“done”"),
        (STOP + "{page: rank, title: A, say: B, done: {setting: rank, at_least: .nan}}", "“done”"),
        (STOP + "{page: rank, title: A, say: B, done: {is: 1, setting: rank}}", "no field “is”"),
        (
            STOP + "{page: rank, title: A, say: B, done: {setting: rank, at_least: 5, at_most: 4}}",
            "“done” should be a setting with at_least",
        ),
        (
            STOP + "{page: rank, title: A, say: B, settings: {rank: true}}",
            "Rank r cannot be “true”",
        ),
        (STOP + "{page: rank, title: A, say: B, minutes: 1:30}", "“minutes” should be a whole"),
        (STOP + "{page: rank, title: A, say: B, 7: C}", "no field “7”; the fields are page"),
        (
            "title: T\nstops: [{page: rank, title: A, say: B}]\n2026-01-01: x",
            "no field “2026-01-01”; the fields are title, about, stops",
        ),
        (
            "title: T\nstops: [{page: rank, title: A, say: B}]\nnull: x",
            "no field “None”; the fields are title, about, stops",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_stop_its_field_and_what_is_right(
    text: str, said: str
) -> None:
    assert said in refusal(text)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{one}'] * 9)}]\n"
    for one, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BOMB, "line 1: a tour has no anchors (&) and no aliases (*)"),
        ("a: &a {b: *a}", "no anchors"),
        ("title: !!python/object/apply:os.system ['touch /tmp/x']", "a tour has no tags (!)"),
        ("title: !!python/name:os.system", "a tour has no tags (!)"),
        ("title: !!binary aGVsbG8=", "a tour has no tags (!)"),
        ("--- {title: T}\n--- {title: T}\n", "line 2: a file holds one tour"),
        (b"x" * 10_000_000, f"at most {MAXIMUM_BYTES:,} bytes"),
        (bytes(range(256)), "is not UTF-8 text"),
        (b"\x7fELF\x01\x00\x00", "holds signs or numbers"),
        (b"\x00" * 100, "holds signs or numbers"),
        ("[" * 90_000, "nested deeper than 6"),
        ("{" * 90_000, "nested deeper than 6"),
        ("- " * 45_000, "nested deeper than 6"),
        ("? " * 45_000, "nested deeper than 6"),
        ("title: " + "9" * 5_000, "holds signs or numbers"),
        ("title: 2026-99-99\nstops: []", "“stops” should be a list"),
        ("title: T\ntitle: T", "line 2: “title” stands there twice"),
        (STOP + "{page: rank, title: A, say: B, settings: {rank: 1, rank: 2}}", "“rank” stands"),
        (STOP + "{page: rank, title: A, say: B}\nstops: []", "line 5: “stops” stands there twice"),
        ("title: T\n<<: {stops: []}", "“stops” is missing"),
        ('title: "\\uD800"', "line 1: there is half a character (a lone surrogate)"),
        ("title: [", "is not YAML; look at line 1"),
        ("title: a: b", "is not YAML; look at line 1"),
        ("? [a]\n: b", "is not YAML"),
        ("\t- a", "is not YAML"),
        ("title: \ud800".encode("utf-8", "surrogatepass"), "is not UTF-8 text"),
    ],
    ids=lambda value: repr(value[:30]),
)
def test_what_is_hostile_is_refused_in_a_sentence(content: str | bytes, said: str) -> None:
    assert said in refusal(content)


def test_the_papers_describe_the_form() -> None:
    words = (Path(__file__).parents[2] / "docs/tours.md").read_text("utf-8")
    example = words.split("```yaml\n", 1)[1].split("```", 1)[0]
    assert len(read(example).stops) == 2
    form, numbers = words.split("## The form", 1)[1].split("## Numbers", 1)
    described = set(re.findall(r"^\| `(\w+)`", form, re.MULTILINE))
    assert described == set(FIELDS[_Tour]) | set(FIELDS[_Stop])
    assert set(NUMBERS) == set(re.findall(r"`(\w+)`", numbers.split("|---|---|", 1)[1]))
    assert f"{MAXIMUM_BYTES:,} bytes" in words and f"{MOST_STOPS} stops" in words
    assert f"{LONGEST_TITLE} characters" in words and f"{LONGEST_TEXT:,} characters" in words


def test_a_folder_s_tours_are_named_by_their_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not tours_of_folder(rules()).tours
    (tmp_path / "lesson-3.yaml").write_text(LESSON, "utf-8")
    (tmp_path / "notes.txt").write_text("no tour")
    (tmp_path / "Wrong Name.yml").write_text(LESSON, "utf-8")
    (tmp_path / "explainer.yaml").write_text(LESSON, "utf-8")
    (tmp_path / "broken.yaml").write_text("title: [")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "nowhere.yaml").symlink_to(tmp_path / "gone")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    found = tours_of_folder(rules())
    assert set(found.tours) == {"lesson-3"}
    said = " ".join(map(str, found.refused))
    for name in ("Wrong Name.yml", "explainer.yaml", "broken.yaml", "folder.yaml", "nowhere.yaml"):
        assert name in said
    monkeypatch.setenv(FOLDER, str(tmp_path / "none"))
    (sentence,) = tours_of_folder(rules()).refused
    assert FOLDER in str(sentence)


def test_files_of_one_name_and_names_that_are_no_text_cost_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    for name in ("one.yaml", "one.yml", os.fsdecode(b"\xff.yaml")):
        (tmp_path / name).write_text(LESSON, "utf-8")
    found = tours_of_folder(rules())
    assert set(found.tours) == {"one"}
    said = " ".join(map(str, found.refused))
    assert "one.yml: rename it; another file has its name." in said
    assert "\\udcff.yaml: rename it" in said and said.encode()


def test_a_changed_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    file = tmp_path / "lesson.yaml"
    file.write_text(LESSON, "utf-8")
    assert len(tours_of_folder(rules()).tours["lesson"].stops) == 2
    file.write_text("title: T\nstops: [{page: rank, title: A, say: B}]", "utf-8")
    assert len(tours_of_folder(rules()).tours["lesson"].stops) == 1


def test_only_so_many_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    monkeypatch.setattr(shelf, "MOST_FILES", 1)
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(LESSON, "utf-8")
    found = tours_of_folder(rules())
    assert set(found.tours) == {"a"}
    assert str(found.refused[-1]) == f"{FOLDER} names a folder of 2 tours; the first 1 are shown."
