"""Make `lora_viz/data/tiny_gpt2`: `python -m scripts.pretrain_tiny_gpt2`, 15 minutes on one core.

A GPT-2 of 4 layers × 128 with its own byte-level BPE tokenizer, trained from random weights
on Jane Austen's novels (`scripts/austen.py` says what that needs). The last part of each novel is
held out: the loss on it goes into the model card, and the text itself ships with the model.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch.nn import functional
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from scripts.austen import read_novels, split
from scripts.tiny_gpt2_card import Pretraining, write_card

OUT = Path(__file__).parents[1] / "lora_viz" / "data" / "tiny_gpt2"
END = "<|endoftext|>"
VOCABULARY, CONTEXT, LAYERS, WIDTH, HEADS = 1024, 256, 4, 128, 4
BATCH, PEAK_LEARNING_RATE, WARMUP_STEPS, WEIGHT_DECAY = 8, 4e-3, 100, 0.1
DECAY_SHARE = 0.42  # of the steps, at their end
INITIAL_DEVIATION = 0.05  # GPT-2's 0.02 is for a width of 768 and more
SEED = 0


def main() -> None:
    """Train, or go on from the checkpoint in the work folder, and write the model and its card."""
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(SEED)
    arguments.work.mkdir(parents=True, exist_ok=True)
    parts = [split(novel) for novel in read_novels(arguments.work).values()]
    train_texts, held_out = [train for train, _ in parts], [end for _, end in parts]

    tokenizer = train_tokenizer(train_texts)
    stream = _tokens(tokenizer, train_texts)
    model = GPT2LMHeadModel(configuration(tokenizer))
    seconds = train(model, stream, arguments.steps, arguments.work / "checkpoint.pt")

    model.half().save_pretrained(arguments.out)
    tokenizer.save_pretrained(arguments.out)
    separator = f"\n{END}\n"
    (arguments.out / "held_out.txt").write_text(separator.join(held_out), encoding="utf-8")
    loss, tokens = held_out_loss(model.float(), tokenizer, held_out)
    result = Pretraining(
        parameters=model.num_parameters(),
        steps=arguments.steps,
        tokens_a_step=BATCH * CONTEXT,
        training_tokens=len(stream),
        training_characters=sum(map(len, train_texts)),
        held_out_tokens=tokens,
        held_out_characters=sum(map(len, held_out)),
        held_out_loss=loss,
        seconds=seconds,
    )
    write_card(arguments.out / "README.md", result)


def train_tokenizer(texts: list[str]) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer as GPT-2's, of `VOCABULARY` tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END,
        eos_token=END,
        pad_token=END,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )


def configuration(tokenizer: PreTrainedTokenizerFast) -> GPT2Config:
    """GPT-2's architecture, small; no dropout, because the text is seen only a few times."""
    end = tokenizer.get_vocab()[END]
    return GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=CONTEXT,
        n_layer=LAYERS,
        n_embd=WIDTH,
        n_head=HEADS,
        activation_function="gelu_pytorch_tanh",
        initializer_range=INITIAL_DEVIATION,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
    )


def train(model: GPT2LMHeadModel, stream: torch.Tensor, steps: int, checkpoint: Path) -> float:
    """Train in place on random windows of the stream; returns the seconds of processor time."""
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=PEAK_LEARNING_RATE, betas=(0.9, 0.95), weight_decay=WEIGHT_DECAY
    )
    first, earlier_seconds = 0, 0.0
    if checkpoint.is_file():
        state = torch.load(checkpoint)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first, earlier_seconds = state["step"], state["seconds"]
    start = time.process_time() - earlier_seconds
    for step in range(first, steps):
        optimizer.param_groups[0]["lr"] = PEAK_LEARNING_RATE * _schedule(step, steps)
        loss = _window_loss(model, _batch(stream, step))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if (step + 1) % 100 == 0:
            seconds = time.process_time() - start
            print(
                f"{step + 1} of {steps}: loss {loss.item():.3f}, {seconds:.0f} s of processor time",
                flush=True,
            )
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save({**state, "step": step + 1, "seconds": seconds}, checkpoint)
    return time.process_time() - start


def held_out_loss(
    model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast, texts: list[str]
) -> tuple[float, int]:
    """Mean nats a token over all tokens, and their number.

    Each text begins with the end-of-text token and is cut into windows that do not overlap.
    """
    total, tokens = 0.0, 0
    for text in texts:
        for window in _windows(_tokens(tokenizer, [text])):
            with torch.no_grad():
                total += _window_loss(model, window[None]).item() * (len(window) - 1)
            tokens += len(window) - 1
    return total / tokens, tokens


def _tokens(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> torch.Tensor:
    """All texts as one stream, each after an end-of-text token; (tokens,)."""
    stream: list[int] = []
    for text in texts:
        stream += [tokenizer.bos_token_id, *tokenizer.encode(text, verbose=False)]
    return torch.tensor(stream)


def _windows(stream: torch.Tensor) -> Iterator[torch.Tensor]:
    """Windows whose last token is the next one's first, so that each token is predicted once."""
    for start in range(0, len(stream) - 1, CONTEXT):
        yield stream[start : start + CONTEXT + 1]


def _batch(stream: torch.Tensor, step: int) -> torch.Tensor:
    """The windows of one step, the same ones whether or not the run was resumed."""
    generator = torch.Generator().manual_seed(SEED + step)
    starts = torch.randint(len(stream) - CONTEXT, (BATCH,), generator=generator)
    return torch.stack([stream[start : start + CONTEXT + 1] for start in starts])


def _window_loss(model: GPT2LMHeadModel, windows: torch.Tensor) -> torch.Tensor:
    logits = model(windows[:, :-1]).logits  # (batch, tokens, vocabulary)
    return functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())


def _schedule(step: int, steps: int) -> float:
    """A linear warm-up, then the peak, then a straight line down to zero.

    Until the decay begins nothing depends on `steps`: a run can be made longer on its way.
    """
    return min((step + 1) / WARMUP_STEPS, 1.0, (1 - step / steps) / DECAY_SHARE)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--work", type=Path, default=Path("/tmp/pretrain_tiny_gpt2"))
    parser.add_argument("--steps", type=int, default=1900)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
