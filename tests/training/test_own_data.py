"""Whatever a reader's file holds or is, it is usable examples or one sentence, and it ends."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lora_viz.errors import UserError
from lora_viz.models.source import resolve
from lora_viz.tours.shelf import tours_of_folder
from lora_viz.training.data.ask import read_data_counts
from lora_viz.training.data.data_counts import DataCounts
from lora_viz.training.data.own_data import (
    MAXIMUM_BYTES,
    MAXIMUM_MB,
    InvalidDataError,
    file_name_for,
    is_json_lines,
    load_own,
)
from lora_viz.training.data.tasks import Example, Task
from lora_viz.ui.failed_run.given import LARGEST_SNAPSHOT_MB
from lora_viz.ui.tour.courses import rules
from tests.training.jobs import own_text, run_here, short_settings

REPOSITORY = Path(__file__).parents[2]
NAMES = st.sampled_from(["a.txt", "a.jsonl", "a.JSON", "a.ndjson", "a"])
NUMBERS = st.sampled_from(["9" * 5_000, "1e999", "-1e400", "NaN", "Infinity", "-0", "1" * 400])
TEXTS = st.text(max_size=20) | st.sampled_from(["\ud800", "\0", "\u2028", "\ufeff", "a" * 9_000])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ROWS = (
    st.fixed_dictionaries({"prompt": TEXTS | JSON, "completion": TEXTS | JSON}).map(json.dumps)
    | st.builds('{{"prompt": "a", "completion": "b", "weight": {}}}'.format, NUMBERS)
    | st.builds('{{"prompt": {}, "completion": "b"}}'.format, NUMBERS)
    | JSON.map(json.dumps)
    | st.sampled_from(
        ["[" * 5_000, '{"a":' * 5_000, '{"prompt": "a", "prompt": "b", "completion": "c"}', "{", ""]
    )
)
GOOD = [json.dumps({"prompt": f"{row} + 1 =", "completion": f" {row + 1}"}) for row in range(12)]
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "cp949"])
LINES = st.builds(
    lambda rows, good, end, encoding: end.join([*good, *rows]).encode(encoding, "surrogatepass"),
    st.lists(ROWS, max_size=4),
    st.sampled_from([[], GOOD]),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
LONG_TEXT = st.builds(
    lambda unit, encoding: (unit * 2_100).encode(encoding, "replace"),
    st.text(min_size=1, max_size=5),
    ENCODINGS,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def assert_usable(task: Task) -> None:
    """Three parts, whose every example has something to learn and can be tokenised."""
    for part in (task.train, task.validation, task.held_out):
        assert part
        for example in part:
            assert isinstance(example, Example) and example.completion.strip()
            assert example.prompt.strip() or task.kind == "text"
            (example.prompt + example.completion).encode()


@settings(max_examples=1_200)
@given(NAMES, LINES | st.binary(max_size=3_000) | LONG_TEXT)
def test_any_file_is_usable_or_is_refused_in_one_sentence(
    folder: Path, name: str, content: bytes
) -> None:
    file = folder / name
    file.write_bytes(content)
    try:
        task = load_own(file)
    except InvalidDataError as error:
        sentence = str(error)
        assert sentence.startswith(name) and "\n" not in sentence and len(sentence) < 500
        return
    assert_usable(task)


@settings(max_examples=200)
@given(
    st.text(max_size=200)
    | st.sampled_from(
        ["..", ".", "", "/etc/passwd", "..\\..\\x.jsonl", "a\0b", "\ud800.txt", "~", "-"]
    )
    | st.builds("{}.{}".format, st.text(max_size=99), st.sampled_from(["jsonl", "JSON", "md", "x"]))
)
def test_the_name_of_an_upload_is_no_path(folder: Path, name: str) -> None:
    stored = file_name_for(name)
    assert Path(stored).name == stored and not stored.startswith((".", "-", "~"))
    (folder / stored).write_bytes(b"a")
    assert is_json_lines(stored) == is_json_lines(name.replace("\\", "/").rpartition("/")[2])


def test_a_name_that_does_no_harm_is_kept() -> None:
    assert file_name_for("C:\\me\\내 데이터 2.JSONL") == "내 데이터 2.jsonl"


def test_devices_pipes_and_folders_are_refused_at_once(tmp_path: Path) -> None:
    pipe, unreadable = tmp_path / "pipe.txt", tmp_path / "mine.txt"
    os.mkfifo(pipe)
    for device in (pipe, Path("/dev/zero"), Path("/dev/tty"), Path("/dev/null")):
        with pytest.raises(InvalidDataError, match=r"device or a pipe|cannot be read"):
            load_own(device)
    unreadable.write_bytes(b"a" * 3_000)
    unreadable.chmod(0)
    places = [tmp_path, tmp_path / "none.txt", Path("a\0b"), Path("x" * 5_000)]
    for place in [*places, *([] if os.geteuid() == 0 else [unreadable])]:
        with pytest.raises(InvalidDataError, match="cannot be read"):
            load_own(place)


def test_the_largest_file_is_one_of_exactly_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "large.txt"
    file.write_bytes(b"a word " * (MAXIMUM_BYTES // 7 + 1))
    with pytest.raises(InvalidDataError, match=f"too large; at most {MAXIMUM_MB} MB"):
        load_own(file)
    os.truncate(file, MAXIMUM_BYTES)
    assert_usable(load_own(file))


def test_the_server_takes_the_largest_file_that_is_promised() -> None:
    """Its limit is in MiB, a form around the file included; the browser's is in MB."""
    import tomllib

    config = tomllib.loads((REPOSITORY / ".streamlit/config.toml").read_text(encoding="utf-8"))
    form = 10_000
    limit = config["server"]["maxUploadSize"]
    largest = max(MAXIMUM_BYTES, LARGEST_SNAPSHOT_MB * 10**6)
    assert (limit - 1) * 2**20 < largest + form <= limit * 2**20


def written_rows(folder: Path, rows: list[tuple[str, str]]) -> str:
    file = folder / "rows.jsonl"
    lines = [json.dumps({"prompt": prompt, "completion": answer}) for prompt, answer in rows]
    file.write_text("\n".join(lines), encoding="utf-8")
    return str(file)


def test_what_is_promised_before_the_start_is_what_the_job_trains_on(tmp_path: Path) -> None:
    """Every fifth row is longer than the sequences, one of them than the model's context."""
    rows = [
        (
            f"{row} + 1 =",
            f" {row + 1}" + (" and so on" * (200 if row == 58 else 20)) * (row % 5 == 3),
        )
        for row in range(60)
    ]
    data = written_rows(tmp_path, rows)
    counts = read_data_counts(data, "own", "tiny-gpt2", 32)
    assert counts == DataCounts(train=39, validation=4, held_out=5, too_long=12)
    run, result = run_here(tmp_path, "counted", short_settings(data))
    assert result.state == "finished", result.reason
    (notice,) = [event for event in run.events() if event.kind == "notice"]
    assert notice.message == "12 examples are longer than 32 tokens and were left out."
    assert result.exact_match_held_out and result.exact_match_held_out.questions == 4  # at most 4


@pytest.mark.parametrize(
    ("rows", "seq_len", "words"),
    [
        (
            [("", f" {row}") for row in range(40)],
            32,
            "40 of 40 rows cannot be used (line 1: an empty",
        ),
        ([(f"{row}", " long" * 40) for row in range(40)], 32, "train part of the data has no"),
        (
            [(f"{row}", " x" * (40 * (row > 35))) for row in range(1, 40)],
            32,
            "held-out part of the",
        ),
        ([(f"{row} =", " x") for row in range(40)], 1, "train part of the data has no sequence"),
    ],
)
def test_what_a_job_would_fail_on_is_said_before_the_start(
    tmp_path: Path, rows: list[tuple[str, str]], seq_len: int, words: str
) -> None:
    filled = [(prompt, answer or " y") for prompt, answer in rows]
    with pytest.raises(ValueError, match=re.escape(words)):
        read_data_counts(written_rows(tmp_path, filled), "own", "tiny-gpt2", seq_len)


def test_text_and_shipped_tasks_are_counted_as_they_are_trained_on(tmp_path: Path) -> None:
    text = read_data_counts(str(own_text(tmp_path)), "own", "tiny-gpt2", 64)
    assert text.train > text.validation > 0 and text.too_long == 0
    with pytest.raises(ValueError, match="has no sequence of at most 1 tokens"):
        read_data_counts(str(own_text(tmp_path)), "own", "tiny-gpt2", 1)
    assert not read_data_counts("", "qa", "custom:2x64x2x300x64", 64).are_known
    assert not read_data_counts("", "qa", "nobody/nothing-like-it", 64).are_known


def test_rows_that_a_tokenizer_makes_nothing_of_are_left_out() -> None:
    from lora_viz.training.data.tokens import tokenize

    class Vowels:
        """A tokenizer that knows vowels only."""

        eos_token_id = 0

        def __call__(self, texts: list[str], **_options: Any) -> dict[str, list[list[int]]]:
            return {"input_ids": [["_aeiou".index(c) for c in t if c in "aeiou"] for t in texts]}

    part = (Example("a", "e"), Example("x", "e"), Example("a", "x"))
    parts = tokenize(Task("mine", part, part, part, "questions"), Vowels(), 8)
    assert parts.without_tokens == 6 and parts.too_long == 0
    assert [one.input_ids.tolist() for one in parts.train] == [[1, 2, 0]]
    assert parts.used.held_out == part[:1]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"prompt": "a", "completion": "b", "completion": "c"}', "line 41: “completion” twice"),
        (b'{"prompt": "a", "prompt": "", "completion": "c"}', "line 41: “prompt” twice"),
        (b'{"prompt": 5, "completion": "c"}', "line 41: “prompt” is not text"),
    ],
)
def test_a_row_says_each_thing_once(tmp_path: Path, line: bytes, words: str) -> None:
    file = tmp_path / "rows.jsonl"
    rows = [json.dumps({"prompt": f"{row}", "completion": "x"}).encode() for row in range(40)]
    file.write_bytes(b"\n".join([*rows, line]))
    with pytest.raises(UserError, match=words):
        load_own(file)
    long = b'{"prompt": "a", "completion": "b", "number": ' + b"9" * 5000 + b"}"
    file.write_bytes(b"\n".join([*rows, long]))  # which is JSON, and no field of ours
    assert len(load_own(file).train) == 33


def test_what_is_no_data_at_all_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"x\n" * 2_000_000)
    with pytest.raises(UserError, match="more than 10,000 rows cannot be used") as raised:
        load_own(file)
    assert len(str(raised.value)) < 200
    assert "line 5: not JSON" in str(raised.value) and "line 6" not in str(raised.value)


@pytest.mark.skipif(not os.access("/proc/kmsg", os.R_OK), reason="only root may read it")
def test_an_ordinary_file_whose_end_never_comes_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kernel.yaml").symlink_to("/proc/kmsg")
    monkeypatch.setenv("LORA_VIZ_TOURS", str(tmp_path))
    signal.alarm(20)  # which ends the process
    try:
        with pytest.raises(UserError, match="kmsg is empty"):
            load_own("/proc/kmsg")
        with pytest.raises(UserError, match="not JSON"):
            resolve("/proc/kmsg")
        assert [str(one)[:11] for one in tours_of_folder(rules()).refused] == ["kernel.yaml"]
    finally:
        signal.alarm(0)
