"""Each kind of question says when it is another one, whether its answer lasts, and its weight."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lora_viz.choices.scenario import Scenario
from lora_viz.figures.wording.names import architecture_name
from lora_viz.i18n import set_language
from lora_viz.models.source import store_upload
from lora_viz.questions import ask_for, kept
from lora_viz.questions.question import Question
from lora_viz.training.runs.run_folder import RESULT, Run
from lora_viz.training.runs.shipped import recorded_full_run
from lora_viz.training.settings import TrainingSettings
from lora_viz.training.update.rebuild import example_size

CONFIG = '{"model_type": "gpt2", "n_layer": 1, "n_embd": 8, "n_head": 2, "vocab_size": %s}'


@pytest.fixture
def languages() -> Iterator[None]:
    kept.forget()
    yield
    set_language("en")


def about_a_model(scenario: Scenario) -> dict[str, Question[Any]]:
    """Every kind of question that is about a model, by the name of its function."""
    return {
        "architecture_of": ask_for.architecture_of(scenario),
        "adapter_of": ask_for.adapter_of(scenario),
        "model_files_of": ask_for.model_files_of(scenario),
        "optimizer_of": ask_for.optimizer_of(scenario),
        "step_of": ask_for.step_of(scenario),
        "forward_pass_of": ask_for.forward_pass_of(scenario, "transformer.h.0.mlp.c_fc", 10, 0),
    }


def test_answers_last_where_the_models_name_fixes_its_configuration(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(CONFIG % 20)
    upload = store_upload(CONFIG % 20)
    for model in ("gpt2", "custom:2x64x2x300x64", upload):
        questions = about_a_model(Scenario(model=model)).values()
        assert all(one.lasts and one.model == model and not one.content for one in questions)
    for model in ("somebody/something", str(tmp_path)):
        assert not any(one.lasts for one in about_a_model(Scenario(model=model)).values())


def test_a_changed_config_makes_another_question_of_every_one_about_the_model(
    tmp_path: Path,
) -> None:
    config = tmp_path / "config.json"
    config.write_text(CONFIG % 20)
    before = about_a_model(Scenario(model=str(tmp_path)))
    config.write_text(CONFIG % 2000)
    os.utime(config, (1, 1))
    after = about_a_model(Scenario(model=str(tmp_path)))
    assert not {one.key for one in before.values()} & {one.key for one in after.values()}


def test_what_an_answer_depends_on_is_in_its_key_and_nothing_else() -> None:
    first = about_a_model(Scenario())
    assert len({one.key for one in first.values()}) == len(first)
    assert {name: one.key for name, one in first.items()} == {
        name: one.key for name, one in about_a_model(Scenario()).items()
    }
    other_rank = about_a_model(Scenario(rank=16))
    changed = {name for name in first if first[name].key != other_rank[name].key}
    assert changed == {"step_of", "forward_pass_of"}
    full, adapted = (ask_for.optimizer_of(Scenario(method=m)) for m in ("full", "lora"))
    assert full.key != adapted.key
    on_old_card = ask_for.step_of(Scenario(), 7.0)
    assert on_old_card.key == ask_for.step_of(Scenario(gpu="V100 16 GB"), 7.0).key
    assert on_old_card.key != ask_for.step_of(Scenario(), 8.0).key


def test_another_data_file_or_model_makes_another_question(tmp_path: Path) -> None:
    data, config = tmp_path / "mine.txt", tmp_path / "config.json"
    data.write_text("some words")
    config.write_text(CONFIG % 20)
    settings = TrainingSettings.make(
        {"scenario": Scenario(model=str(tmp_path)), "task": "own", "data_file": str(data)}
    )
    keys = {ask_for.data_counts_of(settings).key}
    data.write_text("some other words")
    keys.add(ask_for.data_counts_of(settings).key)
    config.write_text(CONFIG % 2000)
    keys.add(ask_for.data_counts_of(settings).key)
    shipped = settings.changed(task="qa")
    keys.add(ask_for.data_counts_of(shipped).key)
    assert len(keys) == 4
    assert ask_for.data_counts_of(shipped) == ask_for.data_counts_of(
        shipped.changed(data_file="another.txt")
    )


def test_a_run_that_is_made_anew_is_another_question(tmp_path: Path) -> None:
    shutil.copytree(recorded_full_run().path, tmp_path / "mine")
    run = Run(tmp_path / "mine")
    before = ask_for.update_of(run, "layer", 0, 1)
    assert before == ask_for.update_of(run, "layer", 0, 1) and not before.lasts
    (run.path / RESULT).write_bytes((run.path / RESULT).read_bytes() + b"\n")
    assert ask_for.update_of(run, "layer", 0, 1).key != before.key


def test_what_can_take_many_seconds_is_heavy() -> None:
    heavy = {name for name, one in about_a_model(Scenario()).items() if one.weight == "heavy"}
    assert heavy == {"step_of", "forward_pass_of"}
    example = ask_for.rebuild_of(example_size(64, 64), 4, 0.1, 0, 1)
    assert (example.weight, example.lasts) == ("heavy", False)
    assert ask_for.update_of(recorded_full_run(), "layer", 0, 1).weight == "heavy"
    assert ask_for.torch_reading_of_worker().weight == "light"


@pytest.mark.usefixtures("languages")
def test_one_kept_answer_serves_readers_of_every_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORA_VIZ_STORAGE", str(tmp_path))
    upload = store_upload(CONFIG % 20)
    names: dict[str, list[str]] = {}
    for language in ("ko", "en"):
        set_language(language)
        kept.forget()  # so that the second finds what the first has left on disk
        names[language] = [
            architecture_name(kept.compute(ask_for.architecture_of(model)))
            for model in ("custom:1x8x2x300x64", upload)
        ]
    assert names["en"] == ["Custom GPT-2", "Uploaded gpt2 model"]
    assert not set(names["en"]) & set(names["ko"])
    assert len([*tmp_path.glob("answers/*/*.json")]) == 2


@pytest.mark.usefixtures("languages")
def test_what_is_kept_is_the_same_to_the_byte_in_both_languages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers about a model with names that match nothing, and of which warnings are made."""
    monkeypatch.setenv("LORA_VIZ_STORAGE", str(tmp_path))
    scenario = Scenario(
        model="custom:1x8x2x300x64", target_modules=("c_attn", "c_proj", "nowhere"), seq_len=8
    )
    found: list[dict[str, bytes]] = []
    for language in ("ko", "en"):
        set_language(language)
        kept.forget()
        shutil.rmtree(tmp_path / "answers", ignore_errors=True)
        for question in about_a_model(scenario).values():
            kept.compute(question)
        found.append({file.name: file.read_bytes() for file in tmp_path.glob("answers/*/*")})
    assert found[0] == found[1] and len(found[0]) == len(about_a_model(scenario))


def test_changed_code_that_computes_answers_makes_those_that_are_kept_old(tmp_path: Path) -> None:
    package = tmp_path / "lora_viz"
    shutil.copytree(kept.PACKAGE, package, ignore=shutil.ignore_patterns("*.pyc", "recorded"))
    before = kept.code_version.__wrapped__(package)
    assert before == kept.code_version(kept.PACKAGE)
    folders = {file.parent for file in package.rglob("*.py")}
    for folder in sorted(folders):
        file = next(folder.glob("*.py"))
        content = file.read_bytes()
        file.write_bytes(content + b"\n# changed\n")
        draws = folder != package and folder.relative_to(package).parts[0] in kept.DRAWING
        changes = kept.code_version.__wrapped__(package) != before
        assert changes != draws, folder
        file.write_bytes(content)
