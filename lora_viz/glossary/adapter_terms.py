"""The adapter's words."""

from __future__ import annotations

from lora_viz.glossary.origins import (
    GOODFELLOW_ALGEBRA,
    HU,
    KALAJDZIEVSKI,
    LIU,
    PEFT_LORA,
    TORCH_PARAMETER,
)
from lora_viz.glossary.term import Formula, Term
from lora_viz.i18n import N_

ADAPTER_TERMS = (
    Term(
        "lora",
        N_("LoRA"),
        N_("LoRA"),
        N_(
            "LoRA leaves the weights of a model as they are and trains two thin matrices "
            "next to some of them."
        ),
        HU,
        part="§4.1",
        formula=Formula(r"h = Wx + \frac{\alpha}{r}\,BAx", "h = W·x + (α/r)·B·A·x"),
        pages=("start", "full_or_lora", "layer_map", "summary"),
    ),
    Term(
        "rank",
        N_("rank"),
        N_("rank|ranks"),
        N_(
            "The rank r is how many columns B and how many rows A has: it bounds what an "
            "adapter can change."
        ),
        HU,
        part="§4.1",
        formula=Formula(r"r \ll \min(\mathrm{in}, \mathrm{out})", "r ≪ min(in, out)"),
        fields=("rank",),
        pages=("start", "decomposition", "layer_map", "parameters", "rank", "summary"),
    ),
    Term(
        "alpha",
        N_("alpha"),
        N_("alpha|Alpha"),
        N_("Alpha sets how strongly an adapter acts: its output is multiplied by alpha/r."),
        HU,
        part="§4.1",
        formula=Formula(r"\frac{\alpha}{r}", "α/r"),
        fields=("alpha",),
    ),
    Term(
        "scaling",
        N_("scaling"),
        N_("scaling|scaled by"),
        N_("Scaling multiplies the output of an adapter by one fixed number, alpha/r."),
        HU,
        part="§4.1",
        formula=Formula(r"\frac{\alpha}{r}\,BAx", "(α/r)·B·A·x"),
        pages=("forward_pass",),
    ),
    Term(
        "target_modules",
        N_("target modules"),
        N_("target modules|target module|targets"),
        N_(
            "Target modules are the names of the layers that get an adapter; PEFT "
            "compares the ends of names."
        ),
        PEFT_LORA,
        part="target_modules",
        fields=("target_modules",),
        pages=("layer_map", "parameters", "rank"),
    ),
    Term(
        "trainable_parameters",
        N_("trainable parameters"),
        N_("trainable parameters|trained parameters|parameters are trained"),
        N_(
            "Trainable parameters are the values that training changes; with LoRA they "
            "are those of A and B."
        ),
        HU,
        part="§4.1",
        formula=Formula(r"r\,(\mathrm{in} + \mathrm{out})", "r · (in + out)"),
        pages=("rank", "compare"),
    ),
    Term(
        "parameter",
        N_("parameter"),
        N_("parameters|parameter"),
        N_("A parameter is one number of a model: a value of a weight or of a bias."),
        TORCH_PARAMETER,
        pages=("start", "parameters", "audit"),
    ),
    Term(
        "adapter",
        N_("adapter"),
        N_("adapter|adapters"),
        N_(
            "An adapter is what is trained and saved for one task: an A and a B for each "
            "target layer."
        ),
        PEFT_LORA,
        part="LoraModel",
        pages=("forward_pass", "checkpoints"),
    ),
    Term(
        "base_model",
        N_("base model"),
        N_("base model|base models|one base"),
        N_(
            "The base model is the pretrained model that an adapter is made for and "
            "cannot work without."
        ),
        HU,
        part="§2",
        pages=("parameters", "training_lab"),
    ),
    Term(
        "frozen",
        N_("frozen"),
        N_("frozen"),
        N_("A frozen weight takes part in the computation, but training does not change it."),
        HU,
        part="§4.1",
        formula=Formula(r"\frac{\mathrm{d}W}{\mathrm{d}t} = 0", "W(t) = W(0)"),
        pages=("start", "full_or_lora", "forward_pass", "layer_map"),
    ),
    Term(
        "full_fine_tuning",
        N_("full fine-tuning"),
        N_("full fine-tuning|trained in full"),
        N_("Full fine-tuning trains every weight of the model."),
        HU,
        part="§2",
        pages=("full_or_lora", "parameters"),
    ),
    Term(
        "matrix_a",
        N_("A"),
        N_(
            "[A] and B|an [A] and|and [A]|× [A]|matrices, [A]|[A] is r × in|[A] is "
            "random|[A] starts|and [A]'s|[A] narrows"
        ),
        N_(
            "A is the first thin matrix of an adapter, r × in: it turns the input of a "
            "layer into r numbers."
        ),
        HU,
        part="§4.1",
        formula=Formula(r"A \in \mathbb{R}^{r \times \mathrm{in}}", "A: r × in"),
        pages=("start", "decomposition", "forward_pass"),
    ),
    Term(
        "matrix_b",
        N_("B"),
        N_("A and [B]|a [B]|[B] and A|[B] × A|[B] is zero|[B] starts|[B] is out × r|[B] widens"),
        N_(
            "B is the second thin matrix of an adapter, out × r: it starts at zero and "
            "widens r numbers to the layer's output."
        ),
        HU,
        part="§4.1",
        formula=Formula(
            r"B \in \mathbb{R}^{\mathrm{out} \times r},\ B_0 = 0", "B: out × r, B₀ = 0"
        ),
        pages=("start", "decomposition", "forward_pass"),
    ),
    Term(
        "weight_w",
        N_("W"),
        N_("W"),
        N_("W is the weight matrix of a layer, out × in, as the base model has it."),
        HU,
        part="§4.1",
        formula=Formula(r"W \in \mathbb{R}^{\mathrm{out} \times \mathrm{in}}", "W: out × in"),
        pages=("start", "training_process"),
    ),
    Term(
        "delta_w",
        N_("ΔW"),
        N_("ΔW"),
        N_("ΔW is the change that training makes to W; LoRA writes it as B times A, scaled."),
        HU,
        part="§4.1",
        formula=Formula(r"\Delta W = \frac{\alpha}{r}\,BA", "ΔW = (α/r)·B·A"),
        pages=("decomposition", "training_process"),
    ),
    Term(
        "merge",
        N_("merge"),
        N_("merge|merged|merging"),
        N_("Merging adds ΔW to W once, so that the layer then costs no more than before."),
        HU,
        part="§4.1",
        formula=Formula(r"W' = W + \Delta W", "W′ = W + ΔW"),
        pages=("forward_pass",),
    ),
    Term(
        "break_even",
        N_("break-even"),
        N_("break-even"),
        N_("Break-even is the rank at which A and B hold as many values as the weight W."),
        HU,
        part="§4.1",
        formula=Formula(
            r"r = \frac{\mathrm{in} \cdot \mathrm{out}}{\mathrm{in} + \mathrm{out}}",
            "r = in · out / (in + out)",
        ),
        pages=("decomposition",),
    ),
    Term(
        "dora",
        N_("DoRA"),
        N_("DoRA"),
        N_("DoRA trains one magnitude for each output of a layer, in addition to A and B."),
        LIU,
        part="§4",
        formula=Formula(
            r"W' = m \cdot \frac{W + \Delta W}{\lVert W + \Delta W \rVert}",
            "W′ = m · (W + ΔW) / ‖W + ΔW‖",
        ),
        fields=("dora",),
    ),
    Term(
        "rslora",
        N_("rsLoRA"),
        N_("rsLoRA"),
        N_(
            "rsLoRA multiplies the output of an adapter by alpha/√r, so that it does not "
            "fade at high ranks."
        ),
        KALAJDZIEVSKI,
        formula=Formula(r"\frac{\alpha}{\sqrt{r}}", "α/√r"),
        fields=("rslora",),
    ),
    Term(
        "singular_values",
        N_("singular values"),
        N_("singular values|singular value"),
        N_(
            "The singular values of a matrix say how much of it each further rank can "
            "hold, the largest first."
        ),
        GOODFELLOW_ALGEBRA,
        part="§2.8",
        formula=Formula(r"\Delta W = \sum_i \sigma_i u_i v_i^\top", "ΔW = Σ σᵢ uᵢ vᵢᵀ"),
        pages=("training_process",),
    ),
    Term(
        "frobenius_norm",
        N_("Frobenius norm"),
        N_("Frobenius norm|Frobenius norms|Frobenius"),
        N_(
            "The Frobenius norm measures the size of a matrix: the root of the sum of its"
            " squared values."
        ),
        GOODFELLOW_ALGEBRA,
        part="§2.5",
        formula=Formula(r"\lVert M \rVert = \sqrt{\sum_{i,j} M_{ij}^2}", "‖M‖ = √Σ Mᵢⱼ²"),
    ),
)
