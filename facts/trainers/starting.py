"""Words of shell commands that several trainers share."""

from __future__ import annotations

import shlex

from transxlab.facts.situation import Facts


def training_gpus(facts: Facts) -> int | None:
    """How many GPUs train, where that is known."""
    known = facts.known("machine.train_gpus")
    if known is not None and isinstance(known.value, (int, float)):
        return int(known.value)
    cards = [f for f in facts.all("gpu") if "role" in f.slots and f.slots["role"].value == "train"]
    return len(cards) if cards and facts.is_complete("gpu", "train") else None


def text(facts: Facts, slot: str, otherwise: str) -> str:
    """A slot's text, quoted for the shell."""
    known = facts.known(slot)
    value = known.value if known is not None and isinstance(known.value, str) else otherwise
    return shlex.quote(value)


def output(facts: Facts, otherwise: str) -> str:
    """The output folder, quoted for the shell."""
    return text(facts, "paths.output_dir", otherwise)


def merge_with_peft(facts: Facts, otherwise: str) -> str:
    """The command that merges an adapter with PEFT alone."""
    folder = output(facts, otherwise)
    return (
        'python -c "import sys; from peft import AutoPeftModelForCausalLM as M; '
        "from transformers import AutoTokenizer as T; "
        "M.from_pretrained(sys.argv[1], dtype='auto').merge_and_unload()"
        ".save_pretrained(sys.argv[2]); "
        f'T.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[2])" {folder} {folder}-merged'
    )
