"""The parts of a task share nothing, every work has a held-out part, bad files are explained."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lora_viz.training.data.own_data import MINIMUM_CHARACTERS, MINIMUM_ROWS, NAMED_PROBLEMS
from lora_viz.training.data.tasks import (
    TASKS,
    InvalidDataError,
    Task,
    load_own,
    load_task,
    pretraining_sample,
)


def parts(task: Task) -> list[set[str]]:
    """The prompts and completions of each part, as texts."""
    return [
        {example.prompt + example.completion for example in part}
        for part in (task.train, task.validation, task.held_out)
    ]


@pytest.mark.parametrize("name", TASKS)
def test_the_parts_of_a_shipped_task_share_nothing(name: str) -> None:
    task = load_task(name)
    assert task.name == name and all(parts(task))
    for one, other in combinations(parts(task), 2):
        assert not one & other


def test_every_play_has_an_end_of_its_own_that_is_not_trained_on() -> None:
    task = load_task("style")
    assert len(task.train) == len(task.validation) == len(task.held_out) == 12
    trained = "\n".join(example.completion for example in task.train)
    for example in (*task.validation, *task.held_out):
        middle = len(example.completion) // 2
        assert len(example.completion) > 1_000
        assert example.completion[middle : middle + 120] not in trained
    assert task.held_out[3].completion.endswith("[Exeunt, with a dead march.]")  # King Lear
    assert "gutenberg" not in trained.lower()


def test_questions_are_reworded_and_their_answers_are_all_trained_on() -> None:
    task = load_task("qa")
    answers = {example.completion for example in task.train}
    questions = [example.prompt for example in (*task.train, *task.validation, *task.held_out)]
    assert len(set(questions)) == len(questions)
    for part in (task.validation, task.held_out):
        assert {example.completion for example in part} == answers
    assert all(1 <= len(answer.split()) <= 8 and answer[0] == " " for answer in answers)


def test_the_pretraining_sample_is_the_end_of_six_novels() -> None:
    texts = pretraining_sample()
    assert len(texts) == 6
    assert 60_000 < sum(len(text.encode()) for text in texts) < 110_000
    assert any(text.endswith("in the perfect happiness of the union.\n\nFINIS") for text in texts)


def rows(count: int) -> list[str]:
    """So many good rows as lines of JSON."""
    return [
        json.dumps({"prompt": f"{row} + 1 =", "completion": f" {row + 1}"}) for row in range(count)
    ]


def written(folder: Path, content: str | bytes, name: str = "mine.jsonl") -> Path:
    """A file of a reader's."""
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_own_rows_are_split_in_their_order(tmp_path: Path) -> None:
    task = load_own(written(tmp_path, "\ufeff" + "\r\n\r\n".join([*rows(20), rows(1)[0]])))
    everything = (*task.train, *task.validation, *task.held_out)
    assert [example.prompt for example in everything] == [f"{row} + 1 =" for row in range(20)]
    assert [len(part) for part in parts(task)] == [16, 2, 2]
    assert task.kind == "questions" and task.name == "mine.jsonl"


@settings(max_examples=30)
@given(st.text(alphabet="ab é\n\t", max_size=30), st.integers(0, 1_000))
def test_own_text_is_split_without_a_loss(
    tmp_path_factory: pytest.TempPathFactory, unit: str, more: int
) -> None:
    repeated = unit * MINIMUM_CHARACTERS
    text = f"|{repeated[: MINIMUM_CHARACTERS + more]:b<{MINIMUM_CHARACTERS}}|"
    task = load_own(written(tmp_path_factory.getbasetemp(), text, "mine.txt"))
    pieces = [part[0].completion for part in (task.train, task.validation, task.held_out)]
    assert "".join(pieces) == text and all(pieces)
    assert all(len(piece) > 0.04 * len(text) for piece in pieces)


NOT_A_ROW = (
    st.sampled_from(["{", "null", "3", '"text"', '{"prompt": "a"}', '{"completion": "b"}'])
    | st.builds(
        lambda prompt, completion: json.dumps({"prompt": prompt, "completion": completion}),
        st.none() | st.integers() | st.just([]),
        st.just("b"),
    )
    | st.builds(
        lambda blank, field: json.dumps({"prompt": "a", "completion": "b"} | {field: blank}),
        st.sampled_from(["", " ", "\n\t"]),
        st.sampled_from(["prompt", "completion"]),
    )
    | st.just(r'{"prompt": "\ud800", "completion": "b"}')
    | st.just("[" * 100_000)
)


@settings(max_examples=30)
@given(st.dictionaries(st.integers(1, 11), NOT_A_ROW, min_size=1))
def test_wrong_rows_are_named(
    tmp_path_factory: pytest.TempPathFactory, wrong: dict[int, str]
) -> None:
    lines = rows(12)
    for place, line in wrong.items():
        lines[place] = line
    with pytest.raises(InvalidDataError) as caught:
        load_own(written(tmp_path_factory.getbasetemp(), "\n".join(lines)))
    named = [int(number) for number in re.findall(r"line (\d+):", str(caught.value))]
    assert named == [place + 1 for place in sorted(wrong)][:NAMED_PROBLEMS]
    assert f"{len(wrong)} of 12 rows" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "a.txt", "is empty"),
        (b" \n\n", "a.jsonl", "is empty"),
        (b"good\nb\xffd", "a.txt", "not UTF-8 text (see line 2)"),
        (b"\0" * 5_000, "a.txt", "zero bytes"),
        (b"short", "a.txt", f"5 characters, where at least {MINIMUM_CHARACTERS:,}"),
        (b'[{"prompt": "a", "completion": "b"}]', "a.json", "one object a line"),
        (
            "\n".join(rows(MINIMUM_ROWS - 1)).encode(),
            "a.jsonl",
            f"too few different rows: {MINIMUM_ROWS - 1}, where at least {MINIMUM_ROWS}",
        ),
    ],
)
def test_unusable_files_are_refused(tmp_path: Path, content: bytes, name: str, words: str) -> None:
    with pytest.raises(InvalidDataError, match=re.escape(words)):
        load_own(written(tmp_path, content, name))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for missing in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(InvalidDataError, match=re.escape(f"{missing} cannot be read")):
            load_own(missing)
