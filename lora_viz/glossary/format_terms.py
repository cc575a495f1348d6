"""Words for number formats, units and files."""

from __future__ import annotations

from lora_viz.glossary.origins import (
    DETTMERS,
    NIST,
    PEFT_CHECKPOINT,
    SAFETENSORS,
    TORCH_DTYPE,
)
from lora_viz.glossary.term import Formula, Term
from lora_viz.i18n import N_

FORMAT_TERMS = (
    Term(
        "qlora",
        N_("QLoRA"),
        N_("QLoRA"),
        N_("QLoRA is LoRA over a base model whose linear layers are stored in 4 bits."),
        DETTMERS,
        part="§3",
    ),
    Term(
        "nf4",
        N_("NF4"),
        N_("NF4"),
        N_(
            "NF4 is a 4-bit number format: its 16 values lie where normally distributed "
            "weights need them."
        ),
        DETTMERS,
        part="§3",
    ),
    Term(
        "quantization",
        N_("quantization"),
        N_("quantization|quantized|quantize"),
        N_(
            "Quantization stores each number as one of a few values, times a constant "
            "that a group of numbers shares."
        ),
        DETTMERS,
        part="§2",
    ),
    Term(
        "double_quantization",
        N_("double quantization"),
        N_("double quantization"),
        N_(
            "Double quantization stores the constants of the first quantization in 8 bits"
            " instead of 32."
        ),
        DETTMERS,
        part="§3",
        fields=("double_quant",),
    ),
    Term(
        "dtype",
        N_("dtype"),
        N_("dtype|dtypes|float32|bfloat16|float16"),
        N_(
            "A dtype is the number format of a tensor: float32 takes 4 bytes a value, "
            "bfloat16 and float16 take 2."
        ),
        TORCH_DTYPE,
        fields=("base_dtype", "adapter_dtype"),
    ),
    Term(
        "mb",
        N_("MB"),
        N_("MB|GB|kB"),
        N_("MB and GB count in powers of 1,000: 1 MB is 10⁶ bytes."),
        NIST,
        formula=Formula(r"1\,\mathrm{MB} = 10^6\,\mathrm{B}", "1 MB = 10⁶ B = 1,000,000 B"),
        pages=("full_or_lora", "checkpoints", "summary"),
    ),
    Term(
        "mib",
        N_("MiB"),
        N_("MiB|GiB|KiB"),
        N_("MiB and GiB count in powers of 1,024: 1 MiB is 2²⁰ bytes."),
        NIST,
        formula=Formula(r"1\,\mathrm{MiB} = 2^{20}\,\mathrm{B}", "1 MiB = 2²⁰ B = 1,048,576 B"),
        pages=("checkpoints", "trust"),
    ),
    Term(
        "safetensors",
        N_("safetensors"),
        N_("safetensors"),
        N_("safetensors is a file format for tensors: a header that names them, then their bytes."),
        SAFETENSORS,
        part="Format",
    ),
    Term(
        "checkpoint",
        N_("checkpoint"),
        N_("checkpoint|checkpoints"),
        N_("A checkpoint is what training saves, to be loaded later or to continue from."),
        PEFT_CHECKPOINT,
        pages=("checkpoints",),
    ),
)
