"""PEFT's further settings in random combinations: counts and files are those of PEFT itself."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import peft
import pytest
import torch
from peft.utils import AuxiliaryTrainingWrapper
from torch import nn

from lora_viz.adapter import peft_matching
from lora_viz.adapter.layout import AdapterLayout
from lora_viz.adapter.warning_words import other_sentences, sentences_of_numbers
from lora_viz.checkpoint.sizes import adapter_bytes, converted_bytes
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.questions.ask_for import adapter_of
from tests.small_models import FAMILIES, SmallModel, build, random_model

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")

COMBINATIONS = 330
DTYPES = ("float32", "float16", "bfloat16")
# names in settings that are not PEFT's own
PEFTS_NAMES = {"dora": "use_dora", "rslora": "use_rslora", "alpha": "lora_alpha"}


@dataclass(frozen=True)
class Chosen:
    """A small model, and settings for it by the scenario's names."""

    small: SmallModel
    settings: dict[str, Any]

    @property
    def of_peft(self) -> dict[str, Any]:
        """The settings as `LoraConfig` takes them."""
        given = {
            PEFTS_NAMES.get(name, name): value
            for name, value in self.settings.items()
            if name not in ("rank", "base_dtype", "vocab_size")
        }
        targets = given["target_modules"]
        is_lone = targets == ["all-linear"] or "*" in targets[0]
        excluded = given.get("exclude_modules", [""])
        return given | {
            "r": self.settings["rank"],
            "target_modules": targets[0] if is_lone else targets,
            "exclude_modules": excluded[0] if "*" in excluded[0] else excluded,
        }


def random_choice(number: int) -> Chosen:
    """A random combination; consecutive numbers go through the families."""
    random = Random(number)
    small = random_model(random, FAMILIES[number % len(FAMILIES)])
    real = build(small.config)
    settings: dict[str, Any] = {
        "rank": random.choice([1, 2, 8, 33]),
        "target_modules": list(random.choice(small.targets)),
        "bias": random.choice(["none", "none", "all", "lora_only"]),
        "dora": random.random() < 0.2,
        "base_dtype": random.choice(DTYPES),
    }
    for further in (
        *(saved_modules, resized_vocabulary, trained_tokens),
        *(numbered_layers, excluded_modules, patterns, bias_of_b),
    ):
        if random.random() < 0.3:
            settings |= further(random, real)
    return Chosen(small, settings)


def saved_modules(random: Random, real: nn.Module) -> dict[str, Any]:
    """Modules that are there, inside of blocks too, by the end of their names; some tied."""
    names = [name for name, module in real.named_modules() if name and has_weight(module)]
    outside = [name for name in names if not any(part.isdigit() for part in name.split("."))]
    picked = random.sample(outside, min(len(outside), random.randint(1, 2)))
    picked += random.choices(names, k=random.random() < 0.3)
    return {
        "modules_to_save": list(dict.fromkeys(name.rpartition(".")[2] for name in picked)),
        "ensure_weight_tying": random.random() < 0.4,
    }


def numbered_layers(random: Random, real: nn.Module) -> dict[str, Any]:
    """Numbers of blocks, of which the last may not be there, and sometimes the list's name."""
    lists = [name for name, module in real.named_modules() if isinstance(module, nn.ModuleList)]
    numbers = random.sample(range(4), random.randint(1, 3))
    named = {"layers_pattern": [random.choice(lists).rpartition(".")[2]]}
    return {"layers_to_transform": numbers} | (named if random.random() < 0.4 else {})


def excluded_modules(random: Random, real: nn.Module) -> dict[str, Any]:
    names = [name for name, module in real.named_modules() if isinstance(module, nn.Linear)]
    named = [name.rpartition(".")[2] for name in random.choices(names or ["x"], k=2)]
    return {"exclude_modules": random.choice([named, [r".*\.[13]\..*"], ["nothing_like_it"]])}


def patterns(random: Random, real: nn.Module) -> dict[str, Any]:
    """Ranks and alphas by ends of names, by numbers of blocks, and in vain."""
    names = [name for name, module in real.named_modules() if has_weight(module)]
    keys = [random.choice(names).rpartition(".")[2], r".*\.0\..*", "nothing_like_it"]
    return {
        "rank_pattern": {key: random.randint(1, 20) for key in random.sample(keys, 2)},
        "alpha_pattern": {key: random.choice([0.5, 3, 64]) for key in random.sample(keys, 1)},
    }


def bias_of_b(_random: Random, _real: nn.Module) -> dict[str, Any]:
    return {"lora_bias": True}


def resized_vocabulary(random: Random, real: Any) -> dict[str, Any]:
    return {"vocab_size": random.choice([real.config.vocab_size, 29, 333])}


def trained_tokens(random: Random, real: Any) -> dict[str, Any]:
    tokens = random.sample(range(25), random.randint(1, 5))
    embedding = real.get_input_embeddings()
    name = next(name for name, module in real.named_modules() if module is embedding)
    named = {name.rpartition(".")[2]: tokens}
    return {
        "trainable_token_indices": random.choice([tokens, tokens, named]),
        "ensure_weight_tying": random.random() < 0.3,
    }


def has_weight(module: nn.Module) -> bool:
    return any(True for _parameter in module.parameters(recurse=False))


def really_adapt(chosen: Chosen, folder: Path) -> Any:
    """PEFT's model with weights; it reads the configuration in the folder as the base's own."""
    real: Any = build(chosen.small.config).to(getattr(torch, chosen.settings["base_dtype"]))
    real.name_or_path = chosen.small.write_to(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if "vocab_size" in chosen.settings:
            real.resize_token_embeddings(chosen.settings["vocab_size"])
        adapted = peft.get_peft_model(real, peft.LoraConfig(**deepcopy(chosen.of_peft)))
    wrappers = [
        (name, module)
        for name, module in adapted.named_modules()
        if isinstance(module, AuxiliaryTrainingWrapper)
    ]
    for outer, module in wrappers:
        if any(inner != outer and inner.startswith(f"{outer}.") for inner, _module in wrappers):
            raise ValueError(f"one of {module} lies in another, which PEFT does not mean to allow")
    return adapted


def asked(chosen: Chosen, folder: Path) -> tuple[Scenario, AdapterLayout]:
    model = chosen.small.write_to(folder)
    scenario = Scenario.make(chosen.settings | {"model": model})
    question = adapter_of(scenario)
    json.dumps(question.arguments)  # a worker is asked in plain data
    return scenario, question.function(*question.arguments)


@pytest.mark.parametrize(("preparation", "dtype"), [("all", "float32"), ("none", "bfloat16")])
def test_a_saved_module_has_the_dtype_that_preparing_packed_models_leaves(
    preparation: str, dtype: str, tmp_path: Path
) -> None:
    settings = {"rank": 4, "target_modules": ["q_proj"], "modules_to_save": ["embed_tokens"]}
    chosen = Chosen(random_model(Random(1), "Llama"), settings)
    real: Any = build(chosen.small.config).to(torch.bfloat16)  # type: ignore[arg-type]
    if preparation == "all":
        real = peft.prepare_model_for_kbit_training(real, use_gradient_checkpointing=False)
    adapted = peft.get_peft_model(real, peft.LoraConfig(**deepcopy(chosen.of_peft)))
    adapted.save_pretrained(str(tmp_path))
    packed = {"method": "qlora", "base_dtype": "bfloat16", "kbit_preparation": preparation}
    scenario, layout = asked(Chosen(chosen.small, settings | packed), tmp_path / "model")
    assert scenario.file_dtypes == ("float32", dtype)
    saved = (tmp_path / "adapter_model.safetensors").stat().st_size
    assert adapter_bytes(layout, 4, *scenario.file_dtypes) == saved


@pytest.mark.parametrize("beginning", ["pissa", "olora"])
def test_a_converted_adapter_is_as_large_as_the_one_peft_saves(
    beginning: str, tmp_path: Path
) -> None:
    settings = {"rank": 4, "target_modules": ["q_proj", "v_proj"], "rank_pattern": {"v_proj": 3}}
    chosen = Chosen(random_model(Random(1), "Llama"), settings)
    real: Any = build(chosen.small.config)
    config = peft.LoraConfig(**deepcopy(chosen.of_peft), init_lora_weights=beginning)  # type: ignore[arg-type]
    adapted: Any = peft.get_peft_model(real, config)
    adapted.peft_config["default"].init_lora_weights = True  # as PEFT's guide saves the beginning
    adapted.save_pretrained(str(tmp_path / "beginning"))
    adapted.peft_config["default"].init_lora_weights = beginning
    adapted.save_pretrained(
        str(tmp_path), path_initial_model_for_weight_conversion=str(tmp_path / "beginning")
    )
    scenario, layout = asked(
        Chosen(chosen.small, settings | {"init_lora_weights": beginning}), tmp_path / "model"
    )
    saved = (tmp_path / "adapter_model.safetensors").stat().st_size
    assert converted_bytes(layout, 4, "float32") == saved
    plain = (tmp_path / "beginning" / "adapter_model.safetensors").stat().st_size
    assert adapter_bytes(layout, 4, *scenario.file_dtypes) == plain


def said_of(folder: Path, **settings: Any) -> str:
    small = random_model(Random(3), "Gemma2")
    small.config["tie_word_embeddings"] = settings.pop("tied", True)
    chosen = Chosen(small, {"target_modules": ["q_proj"]} | settings)
    warnings = asked(chosen, folder)[1].warnings
    return "\n".join(map(str, [*sentences_of_numbers(warnings), *other_sentences(warnings)]))


def test_what_is_named_in_vain_is_said(tmp_path: Path) -> None:
    assert said_of(tmp_path) == ""
    assert "named “embed_token”" in said_of(tmp_path, modules_to_save=["embed_token", "norm"])
    joined = said_of(tmp_path, modules_to_save=["embed_tokens,lm_head"])
    assert "“embed_tokens,lm_head” is one name with a comma" in joined
    both = {"modules_to_save": ["embed_tokens", "lm_head"]}
    assert "share one weight" in said_of(tmp_path, **both)
    assert said_of(tmp_path, **both, tied=False) == ""
    kept = {"ensure_weight_tying": True}
    assert said_of(tmp_path, **both, **kept) == ""
    assert "nothing to keep tied" in said_of(tmp_path, **both, **kept, tied=False)
    assert "block number 99" in said_of(tmp_path, layers_to_transform=[0, 99])
    assert "“nothing” excludes nothing" in said_of(tmp_path, exclude_modules=["nothing"])
    patterns = {"rank_pattern": {"nothing": 3, "q_proj": 4}, "alpha_pattern": {r".*\.99\..*": 3}}
    assert said_of(tmp_path, **patterns).count("No adapted layer matches") == 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"target_modules": ["all-linear"], "layers_to_transform": [0]}, "Numbers of blocks go"),
        ({"layers_pattern": ["layers"]}, "without numbers of blocks"),
        ({"lora_bias": True, "dora": True}, "a bias of B"),
        ({"exclude_modules": ["q_proj"]}, "Nothing is left"),
        ({"rank_pattern": {"(": 3}}, "not a regular expression"),
        ({"exclude_modules": ["(.*"]}, "not a regular expression"),
    ],
    ids=str,
)
def test_settings_that_do_not_go_together_are_refused_in_a_sentence(
    settings: dict[str, Any], words: str, tmp_path: Path
) -> None:
    chosen = {"target_modules": ["q_proj"]} | settings
    with pytest.raises(UserError, match=words) as raised:
        asked(Chosen(random_model(Random(3), "Gemma2"), chosen), tmp_path)
    assert "\n" not in str(raised.value)


def test_a_pattern_of_ranks_that_backtracks_without_end_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peft_matching, "PATTERN_SECONDS", 0.05)
    for field in ("rank_pattern", "alpha_pattern"):
        with pytest.raises(UserError, match="takes too long"):
            said_of(tmp_path, **{field: {"(.|..|...)*nothing": 2}})


def test_tokens_that_are_not_there_are_refused(tmp_path: Path) -> None:
    small = random_model(Random(3), "Gemma2")
    for indices, words in (
        ([small.config["vocab_size"]], "There is no token"),
        ({"embed_token": [0]}, "No embedding is named “embed_token”"),
    ):
        chosen = {"target_modules": ["q_proj"], "trainable_token_indices": indices}
        with pytest.raises(UserError, match=words):
            asked(Chosen(small, chosen), tmp_path)


def numbers(part: int, parts: int = 11) -> Iterator[int]:
    return iter(range(part, COMBINATIONS, parts))


@pytest.mark.parametrize("part", range(len(FAMILIES)))
def test_counts_and_files_are_pefts(part: int, tmp_path: Path) -> None:
    adapted_at_all = 0
    for number in numbers(part):
        chosen = random_choice(number)
        try:
            real = really_adapt(chosen, tmp_path / str(number))
        except (ValueError, TypeError, RuntimeError, NotImplementedError, AttributeError):
            with pytest.raises(UserError) as raised:
                asked(chosen, tmp_path / str(number))
            assert "\n" not in str(raised.value)
            continue
        adapted_at_all += 1
        scenario, layout = asked(chosen, tmp_path / str(number))
        trainable, everything = real.get_nb_trainable_parameters()
        assert layout.trainable_parameters(scenario.rank) == trainable, chosen
        added = layout.added_parameters(scenario.rank)
        assert layout.total_parameters + added == everything, chosen
        real.save_pretrained(str(tmp_path / f"{number}-saved"))
        saved = (tmp_path / f"{number}-saved" / "adapter_model.safetensors").stat().st_size
        assert adapter_bytes(layout, scenario.rank, *scenario.file_dtypes) == saved, chosen
    assert adapted_at_all > COMBINATIONS // len(FAMILIES) // 2
