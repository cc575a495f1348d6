"""The kinds of layer that a model has, and how target names tell one kind from another.

PEFT matches a listed target with every module whose name is the target or ends in "." and the
target; a pattern has to match the whole name (`peft.tuners.tuners_utils`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from lora_viz.models.architecture import Architecture, Layer, module_type

NUMBER = re.compile(r"(?<![^.])\d+(?![^.])")
NO_KIND = ""

# The names by which PEFT adapts layers that transformers 5 holds as bare parameters
# (`peft.utils.transformers_weight_conversion`): those the layers had before.
OF_MIXTRAL = {"mlp.gate": ("gate",), "mlp.experts": ("w1", "w2", "w3")}
OF_QWEN2_MOE = {"mlp.gate": ("gate",), "mlp.experts": ("gate_proj", "up_proj", "down_proj")}
NAMES_OF_FUSED_LAYERS: dict[str, dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("minimax", "minimax_m2", "mixtral"), OF_MIXTRAL),
    **dict.fromkeys(
        (
            *("afmoe", "beam", "cohere2_moe", "deepseek_v2", "deepseek_v3", "deepseek_v32"),
            *("dots1", "ernie4_5_moe", "exaone_moe", "flex_olmo", "glm4_moe", "glm4_moe_lite"),
            *("glm4v_moe", "glm_moe_dsa", "hunyuan_v1_moe", "longcat_flash", "mellum", "olmoe"),
            *("qwen3_moe", "qwen3_next", "qwen3_omni_moe", "qwen3_omni_moe_text"),
            *("qwen3_omni_moe_thinker", "solar_open"),
        ),
        OF_QWEN2_MOE,
    ),
}


def layer_kind(name: str) -> str:
    """A layer's name inside its block, whatever numbers stand in it.

    `transformer.h.3.attn.c_attn` → `attn.c_attn`,
    `encoder.block.0.layer.1.DenseReluDense.wi` → `layer.*.DenseReluDense.wi`.
    """
    return NUMBER.sub("*", module_type(name))


class LayerKinds:
    """The kinds of a model's layers, with the ends of their names."""

    def __init__(self, architecture: Architecture) -> None:
        self.layers: dict[str, list[Layer]] = {}
        for layer in architecture.layers:
            self.layers.setdefault(layer_kind(layer.name), []).append(layer)
        known = NAMES_OF_FUSED_LAYERS.get(architecture.model_type, {})
        self._fused = {kind: names for kind, names in known.items() if kind in self.layers}
        self._kinds_by_end = _kinds_by_end(architecture)
        for kind, targets in self._fused.items():
            for target in targets:
                self._kinds_by_end.setdefault(target, set()).add(kind)

    def matched_by(self, target: str) -> set[str]:
        """The kinds of which a listed target matches at least one layer."""
        fused = self._fused_by(target)
        return {fused} if fused else self._kinds_by_end.get(target, set()) - {NO_KIND}

    def can_be_named(self, kind: str) -> bool:
        """Whether PEFT adapts layers of this kind when they are named.

        It takes every name that ends like one of a fused layer's for that one, so that the shared
        expert of DeepSeek, whose gate_proj is a layer of its own, cannot be named.
        """
        if kind in self._fused:
            return True
        return not self._fused_by(kind) and any(one.is_linear for one in self.layers.get(kind, ()))

    def exact_targets(self, kind: str) -> tuple[str, ...]:
        """The shortest target that matches this kind and no other; empty if there is none."""
        if kind in self._fused:
            return self._fused[kind]
        return () if self._fused_by(kind) else self._shortest_end(kind, {kind})

    def names(self, kinds: Iterable[str], among: Collection[str]) -> tuple[str, ...] | None:
        """Targets for all these kinds that match none but those `among` which they are.

        None where no end of a name will do, as for BERT's `output.dense` without its
        `attention.output.dense`.
        """
        names: dict[str, None] = {}
        for kind in kinds:
            found = self.exact_targets(kind) or self._shortest_end(kind, set(among))
            if not found or (kind not in self._fused and self._fused_by(kind)):
                return None
            names.update(dict.fromkeys(found))
        return tuple(names)

    def pattern(self, kinds: Iterable[str]) -> str:
        """A regular expression that matches the names of these kinds of layer and no others."""
        inside, outside = [], []
        for kind in kinds:
            is_inside = self.layers[kind][0].block is not None
            escaped = re.escape(kind).replace(r"\*", r"\d+")
            (inside if is_inside else outside).append(escaped)
        in_blocks = [rf".*\.\d+\.({'|'.join(inside)})"] if inside else []
        return "|".join([*in_blocks, *(f"({name})" for name in outside)])

    def label(self, kind: str) -> str:
        """What a kind is called where space is short: its target, else its name in the block."""
        exact = self._shortest_end(kind, {kind})
        return exact[0] if exact else kind.rpartition("*.")[2]

    def _fused_by(self, name: str) -> str | None:
        """The fused kind for which PEFT takes a name, by its last part."""
        last = name.rpartition(".")[2]
        return next((kind for kind, names in self._fused.items() if last in names), None)

    def _shortest_end(self, kind: str, allowed: set[str]) -> tuple[str, ...]:
        """An end with "*" in it, as of a kind that ends in a number, is no layer's name."""
        parts = kind.rpartition("*.")[2].split(".")
        ends = (".".join(parts[start:]) for start in reversed(range(len(parts))))
        return next(((end,) for end in ends if self._matches_only(end, allowed)), ())

    def _matches_only(self, end: str, allowed: set[str]) -> bool:
        kinds = self._kinds_by_end.get(end)
        return kinds is not None and kinds <= allowed


def _kinds_by_end(architecture: Architecture) -> dict[str, set[str]]:
    """Every end of every module's name with the kinds it belongs to; a module that only holds
    others, which PEFT cannot adapt, is of no kind."""
    kinds = {layer.name: layer_kind(layer.name) for layer in architecture.layers}
    holders = {holder for name in kinds for holder in _holders(name)}
    ends: dict[str, set[str]] = {}
    for name in (*kinds, *holders):
        kind = kinds.get(name, NO_KIND)
        parts = name.split(".")
        for start in range(len(parts)):
            ends.setdefault(".".join(parts[start:]), set()).add(kind)
    return ends


def _holders(name: str) -> Iterable[str]:
    """`a.b.c` → `a.b`, `a`"""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name
