"""The parts of the script that are the same for every scenario."""

from __future__ import annotations

READING = '''
def read_texts(file):
    """The texts of a file: one, or the "text" of each line of JSON."""
    content = Path(file).read_text(encoding="utf-8")
    if Path(file).suffix != ".jsonl":
        return [content]
    return [json.loads(line)["text"] for line in content.splitlines() if line.strip()]
'''
BLOCKS = '''
def sequences(texts, tokenizer):
    """All texts one after the other, cut into blocks of as many tokens: nothing is padded."""
    end = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    tokens = [token for text in texts for token in tokenizer(text)["input_ids"] + end]
    whole = range(0, len(tokens) - SEQUENCE_LENGTH + 1, SEQUENCE_LENGTH)
    blocks = [tokens[start : start + SEQUENCE_LENGTH] for start in whole]
    return blocks or ([tokens] if len(tokens) > 1 else [])


def collate(blocks):
    tokens = torch.tensor(blocks)
    return {"input_ids": tokens, "labels": tokens.clone()}
'''
PADDED = '''
def sequences(texts, tokenizer):
    """Each text for itself, cut off where it is too long."""
    end = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    made = [(tokenizer(text)["input_ids"] + end)[:SEQUENCE_LENGTH] for text in texts]
    return [tokens for tokens in made if len(tokens) > 1]


def collate(texts):
    """Texts padded to the longest; what is padded is masked and not learned."""
    tokens = [torch.tensor(text) for text in texts]
    pad = partial(torch.nn.utils.rnn.pad_sequence, batch_first=True)
    return {
        "input_ids": pad(tokens),
        "attention_mask": pad([torch.ones_like(text) for text in tokens]),
        "labels": pad(tokens, padding_value=-100),
    }
'''
ARGUMENTS = """
def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", help="a text, or .jsonl with a \\"text\\" in each line")
    parser.add_argument("--out", default="trained", help="the folder for what was trained")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--learning-rate", type=float, default=%s)
    return parser.parse_args()
"""
MAIN = """
def main():
    given = parse_arguments()
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    examples = sequences(read_texts(given.data), tokenizer)
    if not examples:
        raise SystemExit(f"{given.data} holds too little text.")
    trainer = Trainer(
        model=load_model(),
        args=training_arguments(given),
        train_dataset=examples,
        data_collator=collate,%s
    )
    trainer.train()
    trainer.save_model(given.out)
    tokenizer.save_pretrained(given.out)


if __name__ == "__main__":
    main()
"""
OF_MODEL = """
def load_model():
    model = AutoModelForCausalLM.from_pretrained(MODEL, **LOADING)
"""
EMBEDDINGS_IN_BFLOAT16 = """\
    model.get_input_embeddings().to(torch.bfloat16)
    model.get_output_embeddings().to(torch.bfloat16)
"""
ADAPTER_DTYPE = """\
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.to(torch.%s)
"""
