"""What a page already knows, of which its questions are made: nothing is asked of a worker here."""

from __future__ import annotations

from dataclasses import replace

from lora_viz.adapter.layout import AdapterLayout
from lora_viz.choices.methods import METHODS
from lora_viz.choices.optimizers import whose_file_is_torchs
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.explainer.audit import audit
from lora_viz.explainer.epochs import TOLD_EPOCHS
from lora_viz.i18n import N_, Message
from lora_viz.memory.measured_runs import accuracies
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.settings import CAPABILITIES
from lora_viz.models.architecture import Architecture, Layer
from lora_viz.questions import ask_for, kept
from lora_viz.questions.question import Answer, Question
from lora_viz.quiz.facts import KnownFacts, KnownRun
from lora_viz.training.sweeps.findings import SweepRun, own_sweeps, read_sweep, recorded_sweep
from lora_viz.ui.kit.layer_picker import default_layer
from lora_viz.ui.page_list import Page
from lora_viz.ui.runs.read import RecordedRun, kept_runs
from lora_viz.ui.session import state

SHIPPED = {
    "~lora": Message(N_("shipped: LoRA, r = 8")),
    "~full": Message(N_("shipped: full fine-tuning")),
}
COMPARED = 2
RECORDED = "~"  # before the task of a sweep that ships


def known_facts(page: Page) -> KnownFacts:
    """All that the page's own questions to workers have answered, and the files that it reads."""
    scenario = state.scenario()
    architecture = kept.known(ask_for.architecture_of(scenario))
    facts = KnownFacts(scenario, architecture=architecture)
    if page.is_about_model:
        facts = _with_adapter(facts)
    if page.steps:
        facts = _with_steps(facts)
    if "runs" in page.needs:
        facts = replace(facts, runs=_runs(page), sweep=_sweep())
    if "measured" in page.needs:
        facts = _with_published(facts)
    return facts


def _with_adapter(facts: KnownFacts) -> KnownFacts:
    scenario = facts.scenario
    layout = kept.known(ask_for.adapter_of(scenario))
    files = kept.known(ask_for.model_files_of(scenario))
    optimizer = whose_file_is_torchs(scenario.optimizer).name
    of_adapter = scenario.with_adapter.changed(optimizer=optimizer)
    return replace(
        facts,
        counts_frozen=state.view().count_frozen,
        layout=layout,
        layer=_layer(facts.architecture, layout),
        model_bytes=sum(file.bytes for file in files) if files else None,
        optimizer=kept.known(ask_for.optimizer_of(of_adapter)),
    )


def _layer(architecture: Architecture | None, layout: AdapterLayout | None) -> Layer | None:
    """The linear layer that pages look at."""
    layers = {one.name: one for one in architecture.linear_layers()} if architecture else {}
    if architecture is None or layout is None or not layers:
        return None
    return layers.get(state.view().layer) or layers[default_layer(architecture, layout)]


def _with_steps(facts: KnownFacts) -> KnownFacts:
    """The steps that were simulated before: by method, and on each class of card."""
    scenario = facts.scenario
    by_method = {method: _step(scenario.changed(method=method)) for method in METHODS}
    by_card = {capability: _step(scenario, capability) for capability in CAPABILITIES}
    found = {capability: step for capability, step in by_card.items() if step}
    return replace(
        facts,
        steps={method: step for method, step in by_method.items() if step},
        card_steps=found if len(found) == len(by_card) else {},
    )


def _step(scenario: Scenario, capability: float | None = None) -> MemoryReport | None:
    return kept.known(ask_for.step_of(scenario, capability))


def _runs(page: Page) -> tuple[KnownRun, ...]:
    """The runs that the page looks at and that have ended; those that ship where there are none."""
    view, kept_here = state.view(), kept_runs()
    wanted = {
        "compare_runs": view.compared_runs,
        "training_process": (view.told_run or view.run,),
    }.get(page.name, (view.run,))
    found = [_ended(kept_here.offered.get(name)) for name in wanted]
    runs = [run for run in found if run]
    if len(runs) < (COMPARED if page.name == "compare_runs" else 1):
        runs = [run for name in SHIPPED if (run := _ended(kept_here.find(name)))]
    return tuple(runs)


def _ended(one: RecordedRun | None) -> KnownRun | None:
    """A run as questions want it; None while it goes on, and where it left no result."""
    if one is None or one.result is None:
        return None
    return KnownRun(SHIPPED.get(one.name, one.name), one.settings, one.result)


def _sweep() -> tuple[SweepRun, ...]:
    """The finished runs of the sweep that is looked at, or of the one that ships."""
    wanted = state.view().sweep
    own = next((sweep for sweep in own_sweeps() if sweep.path.name == wanted), None)
    sweep = own or recorded_sweep(wanted.removeprefix(RECORDED)) or recorded_sweep("style")
    try:
        return tuple(read_sweep(sweep)) if sweep else ()
    except UserError:  # deleted or damaged meanwhile
        return ()


def _with_published(facts: KnownFacts) -> KnownFacts:
    """What others measured, and the explainer's figures with their verdicts."""
    told = next((one for one in TOLD_EPOCHS if not one.agrees), None)
    try:
        verdicts = tuple(finding.verdict for finding in audit(_already_known))
    except LookupError:
        verdicts = ()
    return replace(
        facts,
        accuracies=tuple(accuracies()),
        verdicts=verdicts,
        told=(told.loss, told.stated_perplexity) if told else None,
    )


def _already_known(question: Question[Answer]) -> Answer:
    """Its answer if somebody has asked before. Raises `LookupError`."""
    answer = kept.known(question)
    if answer is None:
        raise LookupError(question.key)
    return answer
