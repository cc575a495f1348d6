"""All that is quoted from the explainer, each figure once and with the section that it stands in.

Nothing here was computed or measured by this application: `audit` holds it against what was.
Sizes are in the explainer's own units, of which MB and KB are decimal; "end" is its summary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from lora_viz.choices.scenario import Scenario
from lora_viz.costs.many_tasks import TaskStorage
from lora_viz.format import THIN_SPACE
from lora_viz.i18n import N_

Value = TypeVar("Value", bound="float | str")


@dataclass(frozen=True)
class Quote(Generic[Value]):
    """One figure: a number in `unit`, or words; `last_digit` is what one step of it is worth."""

    section: str
    value: Value
    unit: str = ""
    last_digit: float = 1.0

    @property
    def words(self) -> str:
        """The figure as it is quoted in a sentence: "9.4 MB", "124M"."""
        space = "" if self.unit in ("", "M") else THIN_SPACE
        return f"{self.value}{space}{self.unit}"


# its settings; §5 and the files of §9 come from the short names, §4 and §6 from the whole ones
MODEL, RANK, ALPHA = "gpt2", 8, 16
ATTENTION_TARGETS = ("c_attn", "attn.c_proj")
SHORT_TARGETS = ("c_attn", "c_proj")
RUN = Scenario(model=MODEL, rank=RANK, alpha=ALPHA, target_modules=SHORT_TARGETS)

# §1: one layer, trained both ways
ONE_W = Quote("1", 589_824)
ONE_W_BYTES = Quote("1", 2.36, "MB", 0.01)
ONE_GRADIENT_BYTES = Quote("1", 2.36, "MB", 0.01)
ONE_ADAM_BYTES = Quote("1", 4.72, "MB", 0.01)
ONE_FULL_BYTES = Quote("1", 9.44, "MB", 0.01)
ONE_A = Quote("1", 6_144)
ONE_B = Quote("1", 6_144)
ONE_ADAPTER = Quote("1", 12_288)
ONE_ADAPTER_BYTES = Quote("1", 49, "KB")
ONE_ADAPTER_ADAM_BYTES = Quote("1", 98, "KB")
ONE_LORA_BYTES = Quote("1", 196, "KB")
ONE_SAVED = Quote("1", 98, "%")

# §2: ΔW as a product
UPDATE = Quote("2", 589_824)
PRODUCT = Quote("2", 12_288)
REDUCTION = Quote("2", 98, "%")

# §3: the forward pass
TEMP_SHAPE = Quote("3", "batch×8")
OUTPUT_SHAPE = Quote("3", "batch×768")
SCALING = Quote("3", 2.0)

# §4: which layers
C_ATTN_SHAPE = Quote("4", "2304×768")
C_ATTN_ADAPTER_SHAPES = Quote("4", "8×768, 2304×8")
C_PROJ_SHAPE = Quote("4", "768×768")
C_PROJ_ADAPTER_SHAPES = Quote("4", "8×768, 768×8")
FEED_FORWARD_ADAPTER = Quote("4", 0)

# §5: parameters
C_ATTN_FULL = Quote("5", 1_769_472)
C_ATTN_LORA = Quote("5", 24_576)
C_ATTN_SHARE = Quote("5", 1.4, "%", 0.1)
C_PROJ_FULL = Quote("5", 589_824)
C_PROJ_LORA = Quote("5", 12_288)
C_PROJ_SHARE = Quote("5", 2.1, "%", 0.1)
MODEL_PARAMETERS = Quote("5", 124_439_808)
ALL_LAYERS = Quote("5", 811_008)
ALL_LAYERS_SHARE = Quote("5", 0.65, "%", 0.01)
FROZEN_SHARE = Quote("5", 99.35, "%", 0.01)


# §6: the rank
@dataclass(frozen=True)
class RankWords:
    """What it says of one rank: its use, stars of five, how many parameters in words."""

    rank: int
    use: str
    stars: int
    parameters: str


@dataclass(frozen=True)
class Advice:
    """A kind of task, and the ranks that it recommends for it."""

    task: str
    lowest: int
    highest: int

    @property
    def quote(self) -> Quote[str]:
        """The ranks as the explainer writes them."""
        return Quote("6", f"{self.lowest}-{self.highest}")


MOST_STARS = 5
RANKS = (
    RankWords(1, N_("very limited"), 1, N_("fewest")),
    RankWords(4, N_("simple tasks"), 3, N_("few")),
    RankWords(8, N_("general (our project)"), 4, N_("medium")),
    RankWords(16, N_("complex tasks"), 5, N_("many")),
    RankWords(32, N_("very complex tasks"), 5, N_("very many")),
)
STARS = Quote("6", " · ".join("★" * entry.stars for entry in RANKS))
PER_LAYER = {
    4: Quote("6", 18_432),
    8: Quote("6", 36_864),
    16: Quote("6", 73_728),
    32: Quote("6", 147_456),
}
QUESTIONS = Advice(N_("simple question answering"), 4, 8)
GENERAL = Advice(N_("general tasks"), 8, 16)
GENERATION = Advice(N_("complex generation"), 16, 32)
ADVICE = (QUESTIONS, GENERAL, GENERATION)


# §7: training; the shades are those of its boxes: ━ ░ ▒ ▓ █
Shade = Literal["frozen", "zero", "random", "learning", "learned"]
Matrix = Literal["W", "B", "A"]


@dataclass(frozen=True)
class MatrixState:
    """How a matrix is drawn, and what its state is called."""

    shade: Shade
    words: str


@dataclass(frozen=True)
class EpochWords:
    """One of the four epochs; loss in nats a token."""

    epoch: int
    title: str
    loss: float
    stated_perplexity: float
    states: dict[Matrix, MatrixState]

    @property
    def quote(self) -> Quote[float]:
        """Its perplexity, which the audit judges."""
        return Quote("7", self.stated_perplexity, last_digit=0.01)


FROZEN = MatrixState("frozen", N_("frozen"))
ZERO = MatrixState("zero", N_("zero"))
RANDOM = MatrixState("random", N_("random"))
LEARNING = MatrixState("learning", N_("learning"))
LEARNED = MatrixState("learned", N_("learned"))
OPTIMISED = MatrixState("learned", N_("optimised"))
EPOCHS = tuple(
    EpochWords(epoch, title, loss, stated, {"W": FROZEN, "B": b, "A": a})
    for epoch, title, loss, stated, b, a in (
        (1, N_("initial state"), 2.66, 9.08, ZERO, RANDOM),
        (5, N_("learning"), 1.14, 3.12, LEARNING, LEARNING),
        (10, N_("converging"), 0.59, 1.67, LEARNED, LEARNED),
        (20, N_("almost perfect"), 0.32, 1.05, OPTIMISED, OPTIMISED),
    )
)
B_IS_ZERO = Quote("7", N_("true"))
TRAINED_OF_W = Quote("7", 0)

# §8: memory
FULL_WEIGHTS = Quote("8", 500, "MB", 10)
FULL_GRADIENTS = Quote("8", 500, "MB", 10)
FULL_ADAM = Quote("8", 1000, "MB", 10)
ACTIVATIONS = Quote("8", 500, "MB")
FULL_MEMORY = Quote("8", 2500, "MB")
ADAPTER_WEIGHTS = Quote("8", 3.2, "MB", 0.1)
ADAPTER_GRADIENTS = Quote("8", 3.2, "MB", 0.1)
ADAPTER_ADAM = Quote("8", 6.4, "MB", 0.1)
LORA_MEMORY = Quote("8", 1013, "MB")
MEMORY_SAVED = Quote("8", 60, "%")
MEASURED_VRAM = Quote("8", 0.50, "GB")
FREE_VRAM = Quote("8", 93.75, "%")
# the same two sums in GB, as its diagram gives them, and the card of its measurement
FULL_PEAK = Quote("8", 2.5, "GB")
LORA_PEAK = Quote("8", 1.0, "GB")
CARD = Quote("8", 8.00, "GB")

# §9: files, in MB, and several tasks
FULL_FILE = Quote("9", 500, "MB", 10)
ADAPTER_FILE = Quote("9", 9.4, "MB")
FILE_SHARE = Quote("9", 1.88, "%")
FILE_SAVED = Quote("9", 98.12, "%")
FILES = TaskStorage(base=float(FULL_FILE.value), adapter=ADAPTER_FILE.value, tasks=5)
SHARED_BASE = Quote("9", 547, "MB")
FULL_MODELS = Quote("9", 3000, "MB")
TASKS_SAVED = Quote("9", 82, "%")

# its summary
TOTAL_MILLIONS = Quote("end", 124, "M")
TRAINED_MILLIONS = Quote("end", 0.8, "M", 0.1)
END_FROZEN = Quote("end", 99.4, "%", 0.1)
END_CHECKPOINT = Quote("end", 98, "%")
END_ONE_LAYER = Quote("end", 98, "%")
END_VRAM = Quote("end", 80, "%")
END_PERPLEXITY = Quote("end", 88, "%")
