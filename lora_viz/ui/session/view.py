"""The view: what a reader has chosen to look at, which changes no answer but belongs in a link."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from annotated_types import Ge, Le
from pydantic import ValidationInfo, field_validator

from lora_viz.choices import scenario_links
from lora_viz.choices.declaration import Declared, InLinks, choice
from lora_viz.choices.fields.model_choices import MODEL_OF_A_LINK
from lora_viz.choices.methods import METHODS, MethodName
from lora_viz.i18n import N_, Message
from lora_viz.memory.step_time import UTILISATION
from lora_viz.models.known_names import known_model

Rank = Annotated[int, Ge(1), Le(1024)]
PLANNED_AT_ONCE = 4  # models and ranks; each column of the grid is up to three simulated steps
COMPARED_AT_ONCE = 7  # runs, one for each colour
_NAME = re.compile(r"[^/\\]*")
LAYER = InLinks(_NAME, N_("the name of a layer"))
BLOCK = InLinks(_NAME, N_("the name of a block"))
RUN = InLinks(_NAME, N_("the name of a run"))
RUNS = InLinks(_NAME, N_("at most 7 names of runs, with commas between them"), 700)
MODELS = InLinks(
    MODEL_OF_A_LINK.form, N_("at most 4 names of models, with commas between them"), 800
)
COMPARISON = InLinks(
    re.compile(r".*"), N_("at most 4 scenarios, as the page “Compare” writes them"), 20_000
)
SWEEP = InLinks(_NAME, N_("the name of a rank sweep"))
ROOM = InLinks(re.compile(r"[0-9a-f]{16}|"), N_("the name that a stage gave its notes"), 16)
HIDE = InLinks(re.compile(r"[a-z0-9-]{1,40}"), N_("names of settings and of parts of a page"), 400)
PartToHide = Literal["sidebar", "navigation", "controls", "number", "side", "tabs", "end"]
PARTS_TO_HIDE: tuple[PartToHide, ...] = get_args(PartToHide)
TOUR = InLinks(re.compile(r"[a-z0-9-]*"), N_("the name of a guided tour"), 60)


class View(Declared):
    """One setting of everything that pages show or hide."""

    EXPECTATIONS: ClassVar[dict[str, str]] = {
        "planned_models": N_("at most 4 names of models, with commas between them"),
        "planned_ranks": N_("at most 4 whole numbers from 1 to 1,024, with commas between them"),
        "compared_runs": N_("at most 7 names of runs, with commas between them"),
    }

    layer: Annotated[str, LAYER] = choice(
        "", N_("Layer"), N_("The layer that is drawn. If empty: the first adapted one.")
    )
    axis: Literal["log", "linear"] = choice(
        "linear",
        N_("Axis"),
        N_("A linear axis is true to scale; a logarithmic one shows small bars."),
    )
    count_frozen: bool = choice(
        False, N_("Count the frozen weight too"), N_("W is not trained, but it stays in memory.")
    )
    short_target: bool = choice(
        False,
        N_("Short target names"),
        N_("Only the last part, such as c_proj for attn.c_proj: it may match more layers."),
    )
    decomposition: Literal["shapes", "rebuild"] = choice(
        "shapes",
        N_("Picture"),
        N_("Three matrices to scale, or an example ΔW rebuilt from B and A."),
    )
    true_rank: Annotated[int, Ge(1), Le(64)] = choice(
        4, N_("True rank"), N_("The rank of the example ΔW before noise is added.")
    )
    noise: Annotated[float, Ge(0.0), Le(1.0)] = choice(
        0.1, N_("Noise"), N_("Size of the noise relative to the low-rank part (Frobenius norms).")
    )
    seed: Annotated[int, Ge(0), Le(9999)] = choice(
        0, N_("Seed"), N_("The seed of the random numbers in the example.")
    )
    sweeps: Annotated[int, Ge(0), Le(8)] = choice(
        1, N_("Fitting sweeps"), N_("How many times B and A are fitted in turn.")
    )
    step: Literal["1", "2", "3", "all", "merged"] = choice(
        "all",
        N_("Step"),
        N_("One step of the forward pass, all three together, or the merged weight."),
    )
    rows_shown: Annotated[int, Ge(1), Le(8)] = choice(
        4, N_("Rows"), N_("How many rows of the batch are drawn.")
    )
    forward_steps: Annotated[int, Ge(0), Le(50)] = choice(
        20,
        N_("Optimizer steps"),
        N_("How many steps trained A and B before this pass. At 0 steps B is zero."),
    )
    verdict: Literal[
        "all",
        "exact",
        "rounded",
        "convention",
        "partial",
        "contradicted",
        "assumed",
        "qualitative",
    ] = choice("all", N_("Verdict"), N_("Only the figures that got this verdict."))
    rank_range: Literal["break-even", "ranks"] = choice(
        "break-even", N_("Chart"), N_("Up to the rank where A and B are as large as W, or less.")
    )
    epoch: Literal["1", "5", "10", "20"] = choice(
        "1", N_("Epoch"), N_("Which of the explainer’s four epochs is shown.")
    )
    told_run: Annotated[str, RUN] = choice(
        "",
        N_("Run"),
        N_(
            "The run whose snapshots are played. If empty: the run that you are looking at, or "
            "your newest."
        ),
    )
    told_layer: Annotated[str, LAYER] = choice(
        "",
        N_("Layer to follow"),
        N_("A layer that the run took snapshots of. If empty: the first."),
    )
    sweep: Annotated[str, SWEEP] = choice(
        "",
        N_("Rank sweep"),
        N_("The sweep that is drawn. If empty: your newest, or a shipped one."),
    )
    sweep_task: Literal["style", "qa"] = choice(
        "style", N_("Task"), N_("What the models of a new sweep are trained on.")
    )
    sweep_seeds: Literal["1", "3"] = choice(
        "1",
        N_("Seeds"),
        N_("How many times each rank is trained, each time from other random numbers."),
    )
    update_source: Literal["synthetic", "trained"] = choice(
        "synthetic",
        N_("ΔW"),
        N_("Random numbers of a known rank, or what full fine-tuning really changed."),
    )
    trained_run: Annotated[str, RUN] = choice(
        "",
        N_("Run"),
        N_("The run whose real ΔW is rebuilt. If empty: your newest run that kept one."),
    )
    trained_layer: Annotated[str, LAYER] = choice(
        "", N_("Trained layer"), N_("A layer whose real ΔW was kept. If empty: the first.")
    )
    block: Annotated[str, BLOCK] = choice(
        "", N_("Block"), N_("The block that is opened. If empty: the first one.")
    )
    run: Annotated[str, RUN] = choice(
        "",
        N_("Run"),
        N_("The run that is shown. If empty: the one that is running, or the newest."),
    )
    all_runs: bool = choice(
        False,
        N_("All runs on this machine"),
        N_("Lists the runs of other readers too, which you can look at but not change."),
    )
    compared_runs: Annotated[tuple[str, ...], RUNS] = choice(
        (),
        N_("Runs"),
        N_("The runs whose curves are drawn together. If empty: the newest few."),
        short="runs",
    )
    compared_curve: Literal[
        "held_out", "validation", "training", "gradient_norm", "learning_rate"
    ] = choice(
        "held_out",
        N_("Curve"),
        N_("Which of the recorded curves is drawn for every run."),
        short="curve",
    )
    planned_models: Annotated[tuple[str, ...], MODELS] = choice(
        (),
        N_("Other models"),
        N_("Which other models the planner tries, each with its usual targets."),
    )
    planned_methods: tuple[MethodName, ...] = choice(
        tuple(METHODS), N_("Methods"), N_("Which methods the planner tries for each model.")
    )
    planned_ranks: tuple[Rank, ...] = choice(
        (), N_("Other ranks"), N_("Which ranks the planner tries in addition to the scenario's.")
    )
    utilisation: Annotated[float, Ge(0.0001), Le(1.0)] = choice(
        UTILISATION,
        N_("Utilisation"),
        N_(
            "The share of the card's published peak rate that training uses. 0.2 to 0.5 are "
            "usual for large models, less for small batches."
        ),
    )
    compared: Annotated[str, COMPARISON] = choice(
        "",
        N_("Comparison"),
        N_(
            "The scenarios that are compared, in the form that the page “Compare” writes into "
            "its address."
        ),
        short="compare",
    )

    tour: Annotated[str, TOUR] = choice(
        "", N_("Guided tour"), N_("The tour that is on; none if empty.")
    )
    stop: Annotated[int, Ge(1), Le(99)] = choice(
        1, N_("Stop"), N_("The stop of the guided tour, counted from 1.")
    )
    stage: bool = choice(
        False, N_("On stage"), N_("One picture and one sentence in large type, turned by keys.")
    )
    stage_controls: bool = choice(
        False, N_("Controls on stage"), N_("Whether a page shows its controls on stage.")
    )
    notes: Annotated[str, ROOM] = choice(
        "", N_("Speaker's notes"), N_("The stage whose notes are shown; none if empty.")
    )
    hide: Annotated[tuple[str, ...], HIDE] = choice(
        (), N_("Left out"), N_("Settings and parts of the page that are left out.")
    )

    @field_validator(
        "planned_models",
        "planned_methods",
        "planned_ranks",
        "compared_runs",
        "hide",
        mode="before",
    )
    @classmethod
    def split_lists(cls, value: Any) -> Any:
        """Read "8,64" as two."""
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @field_validator("planned_models")
    @classmethod
    def know_the_models(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the catalogue by their keys, whichever of their names were written."""
        return tuple(map(known_model, value))

    @field_validator("planned_models", "planned_methods", "planned_ranks", "compared_runs")
    @classmethod
    def take_each_once(cls, value: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
        """Refuse lists that a page has no room for."""
        each = tuple(dict.fromkeys(value))
        most = COMPARED_AT_ONCE if info.field_name == "compared_runs" else PLANNED_AT_ONCE
        if len(each) > most:
            raise ValueError("too many")
        return each

    @field_validator("planned_methods")
    @classmethod
    def plan_a_method(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        if not value:
            raise ValueError("none")
        return value

    def to_query(self, defaults: Self | None = None) -> dict[str, str]:
        """The view as link parameters; of a comparison and of the models to plan for, what fits."""
        models = tuple(model for model in self.planned_models if MODELS.allows(model))
        compared = scenario_links.for_link(self.compared)
        kept = self.model_copy(update={"planned_models": models, "compared": compared})
        return super(View, kept).to_query(defaults)

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple[View, list[Message]]:
        """Read link parameters, the scenarios of a comparison among them, each by its own rules."""
        view, complaints = super().from_query(query)
        if not view.compared:
            return view, complaints
        scenarios, of_comparison = scenario_links.decode(view.compared, from_link=True)
        return view.changed(compared=scenario_links.encode(scenarios)), complaints + of_comparison
