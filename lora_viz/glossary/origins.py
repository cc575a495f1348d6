"""Papers and documentation that the glossary is written from."""

from __future__ import annotations

from lora_viz.glossary.term import Origin


def _deep_learning(chapter: str) -> Origin:
    """A chapter of the book, as its site names it."""
    return Origin(
        "Goodfellow, Bengio and Courville 2016, Deep Learning",
        f"https://www.deeplearningbook.org/contents/{chapter}.html",
    )


HU = Origin(
    "Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models",
    "https://arxiv.org/abs/2106.09685",
)
LIU = Origin(
    "Liu et al. 2024, DoRA: Weight-Decomposed Low-Rank Adaptation",
    "https://arxiv.org/abs/2402.09353",
)
KALAJDZIEVSKI = Origin(
    "Kalajdzievski 2023, A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA",
    "https://arxiv.org/abs/2312.03732",
)
DETTMERS = Origin(
    "Dettmers et al. 2023, QLoRA: Efficient Finetuning of Quantized LLMs",
    "https://arxiv.org/abs/2305.14314",
)
KINGMA = Origin(
    "Kingma and Ba 2014, Adam: A Method for Stochastic Optimization",
    "https://arxiv.org/abs/1412.6980",
)
CHEN = Origin(
    "Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost",
    "https://arxiv.org/abs/1604.06174",
)
VASWANI = Origin(
    "Vaswani et al. 2017, Attention Is All You Need", "https://arxiv.org/abs/1706.03762"
)
BIDERMAN = Origin(
    "Biderman et al. 2024, LoRA Learns Less and Forgets Less", "https://arxiv.org/abs/2405.09673"
)
GOODFELLOW_ALGEBRA = _deep_learning("linear_algebra")
GOODFELLOW_NUMERICAL = _deep_learning("numerical")
GOODFELLOW_LEARNING = _deep_learning("ml")
GOODFELLOW_NETWORKS = _deep_learning("mlp")
GOODFELLOW_OPTIMIZATION = _deep_learning("optimization")
PEFT_LORA = Origin(
    "PEFT, LoRA reference", "https://huggingface.co/docs/peft/package_reference/lora"
)
PEFT_CHECKPOINT = Origin(
    "PEFT, checkpoint format", "https://huggingface.co/docs/peft/developer_guides/checkpoint"
)
SAFETENSORS = Origin("safetensors", "https://huggingface.co/docs/safetensors/index")
TRANSFORMERS_GLOSSARY = Origin(
    "transformers, Glossary", "https://huggingface.co/docs/transformers/glossary"
)
TRANSFORMERS_PERPLEXITY = Origin(
    "transformers, Perplexity of fixed-length models",
    "https://huggingface.co/docs/transformers/perplexity",
)
ACCELERATE = Origin(
    "accelerate, Performing gradient accumulation",
    "https://huggingface.co/docs/accelerate/usage_guides/gradient_accumulation",
)
TORCH_PARAMETER = Origin(
    "PyTorch, torch.nn.parameter.Parameter",
    "https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html",
)
TORCH_LINEAR = Origin(
    "PyTorch, torch.nn.Linear",
    "https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html",
)
TORCH_CROSS_ENTROPY = Origin(
    "PyTorch, torch.nn.CrossEntropyLoss",
    "https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html",
)
TORCH_DTYPE = Origin(
    "PyTorch, torch.dtype", "https://docs.pytorch.org/docs/stable/tensor_attributes.html"
)
TORCH_PEAK = Origin(
    "PyTorch, torch.cuda.max_memory_allocated",
    "https://docs.pytorch.org/docs/stable/generated/torch.cuda.max_memory_allocated.html",
)
TORCH_CUDA = Origin(
    "PyTorch, CUDA semantics", "https://docs.pytorch.org/docs/stable/notes/cuda.html"
)
TORCH_TUTORIAL = Origin(
    "PyTorch tutorials, Learn the Basics, optimization loop",
    "https://docs.pytorch.org/tutorials/beginner/basics/optimization_tutorial.html",
)
CUDA_GUIDE = Origin(
    "NVIDIA, CUDA C++ Programming Guide",
    "https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html",
)
NIST = Origin(
    "NIST, Prefixes for binary multiples", "https://physics.nist.gov/cuu/Units/binary.html"
)
