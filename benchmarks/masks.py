"""Our masks beside those of the trainers' own code, on random conversations and eight families.

    python benchmarks/masks.py [rows]

Each of axolotl, TRL and LLaMA-Factory that is installed is called as it is; the others are named as
missing. Tokenizers and chat templates are those of the tests.
"""

from __future__ import annotations

import copy
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "profiled"))
import families
from transxlab.facts.profiled.seen.codec import codec
from transxlab.facts.profiled.seen.frames import frame
from transxlab.facts.profiled.seen.lens import Lens
from transxlab.facts.profiled.seen.view import view

Row = dict[str, Any]
Made = tuple[list[int], list[bool]]
Case = tuple[str, Lens, list[Row], Callable[[list[Row]], list[Made]]]
WORDS = (
    "why",
    "Paris",
    "the",
    "<think>\nhm\n</think>\n\n",
    "def",
    "a+b",
    "你好",
    "é",
    "\n",
    "  so",
)
FRAMES = {
    "chatml": ("chatml", "qwen", "qwen3", "qwen3_nothink", "yi", "default", "alpaca", "vicuna"),
    "llama3": ("llama3",),
    "llama2": ("llama2", "mistral", "ministral", "deepseek", "solar"),
    "gemma": ("gemma", "gemma2"),
    "phi3": ("phi", "phi_small"),
    "zephyr": ("zephyr",),
}
"""LLaMA-Factory's templates whose special tokens a family has."""


def text(draw: random.Random, most: int) -> str:
    words = (
        draw.choice(" _").strip("_") + draw.choice(WORDS) for _ in range(draw.randint(1, most))
    )
    return "".join(words).strip() or "x"


def talks(count: int, *, system: bool) -> list[Row]:
    draw, made = random.Random(7), []
    for _ in range(count):
        turns = (
            [{"role": "system", "content": text(draw, 4)}] if system and draw.random() < 0.4 else []
        )
        for _ in range(draw.randint(1, 3)):
            turns.append({"role": "user", "content": text(draw, 12)})
            turns.append({"role": "assistant", "content": text(draw, 8)})
        made.append({"messages": turns})
    return made


def axolotl(folder: Path, count: int) -> Iterator[Case]:
    from axolotl.prompt_strategies.chat_template import ChatTemplatePrompter, ChatTemplateStrategy

    for name, family in families.FAMILIES.items():
        kit = families.tokenizer(name)
        for roles, ends in ((("assistant",), "turn"), (("assistant", "user"), "last"), ((), "all")):
            strategy = ChatTemplateStrategy(
                ChatTemplatePrompter(kit, chat_template=kit.chat_template), kit, False, 4096,
                roles_to_train=list(roles), train_on_eos=ends,
            )  # fmt: skip
            lens = Lens(families.saved(folder, name), roles=roles, ends=ends, end_tokens=())

            def theirs(rows: list[Row], strategy: Any = strategy) -> list[Made]:
                made = [strategy._tokenize_single_prompt(copy.deepcopy(row)) for row in rows]
                return [(row["input_ids"], [x != -100 for x in row["labels"]]) for row in made]

            yield name, lens, talks(count, system=family.takes_system), theirs


def trl(folder: Path, count: int) -> Iterator[Case]:
    from datasets import Dataset
    from trl import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    for name, family in families.FAMILIES.items():
        kit, chats = families.tokenizer(name), talks(count, system=family.takes_system)
        apart = [{"prompt": r["messages"][:-1], "completion": r["messages"][-1:]} for r in chats]
        last = [[turn["content"] for turn in r["messages"][-2:]] for r in chats]
        plain = [{"prompt": question, "completion": answer} for question, answer in last]
        for rows in (chats, apart, plain):
            config = SFTConfig(
                output_dir=str(folder), max_length=48, use_cpu=True, bf16=False, report_to=[]
            )
            bare = SimpleNamespace(
                _tokenizer=kit, chat_template=None, completion_only_loss="prompt" in rows[0]
            )

            def theirs(
                rows: list[Row], bare: Any = bare, kit: Any = kit, config: Any = config
            ) -> list[Made]:
                data = Dataset.from_list(copy.deepcopy(rows))
                made = SFTTrainer._prepare_dataset(bare, data, kit, config, False, None, "train")
                return [(row["input_ids"], [x != -100 for x in row["labels"]]) for row in made]

            lens = Lens(families.saved(folder, name), trainer="trl", chat="all", asked="apart",
                        speakers=(), max_tokens=48)  # fmt: skip
            yield name, lens, rows, theirs


def llamafactory(folder: Path, count: int) -> Iterator[Case]:
    from llamafactory.data.processor.supervised import SupervisedDatasetProcessor
    from llamafactory.data.template import TEMPLATES

    for name, frames in FRAMES.items():
        for named in frames:
            for history, limit in ((False, 4096), (True, 4096), (False, 48), (True, 48)):
                held = frame(named)
                assert held is not None
                kit, template = copy.deepcopy(families.tokenizer(name)), TEMPLATES[named]
                template.mm_plugin = TEMPLATES["default"].mm_plugin
                template.fix_special_tokens(kit)
                arguments = SimpleNamespace(
                    mask_history=history, train_on_prompt=False, cutoff_len=limit
                )
                processor = SupervisedDatasetProcessor(template, kit, None, arguments)

                def theirs(rows: list[Row], processor: Any = processor) -> list[Made]:
                    made = [_encoded(processor, copy.deepcopy(row["messages"])) for row in rows]
                    return [(ids, [x != -100 for x in labels]) for ids, labels in made]

                lens = Lens(families.saved(folder, name), frame=named, chat="pairs", asked="pairs",
                            last_only=history, max_tokens=limit)  # fmt: skip
                yield f"{name} {named}", lens, talks(count, system=True), theirs


def _encoded(processor: Any, turns: list[dict[str, str]]) -> tuple[list[int], list[int]]:
    system = turns.pop(0)["content"] if turns[0]["role"] == "system" else ""
    found: tuple[list[int], list[int]] = processor._encode_data_example(
        turns[:-1], turns[-1:], system, "", [], [], []
    )
    return found


def ours(rows: list[Row], lens: Lens) -> list[Made]:
    """TRL leaves rows without a trained token out of what it hands on."""
    views = [view(row, lens, codec(lens)) for row in rows]
    kept = [v for v in views if v is not None and (v.trains or lens.trainer != "trl")]
    return [(list(v.ids), list(v.trained)) for v in kept]


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    rows, differing, said = 0, 0, []
    with TemporaryDirectory() as folder:
        for cases in (axolotl, trl, llamafactory):
            seen = wrong = 0
            try:
                for name, lens, given, theirs in cases(Path(folder), count):
                    made = [(list(ids), mask) for ids, mask in theirs(given)]
                    mine = ours(given, lens)
                    bad = sum(a != b for a, b in zip(mine, made, strict=False))
                    bad += abs(len(mine) - len(made))
                    if bad:
                        print(f"  {cases.__name__} {name}: {bad} of {len(given)} differ")
                    seen, wrong = seen + len(given), wrong + bad
                said.append(f"{cases.__name__} {wrong} of {seen} differ")
            except ImportError as missing:
                said.append(f"{cases.__name__} not installed ({missing.name})")
            rows, differing = rows + seen, differing + wrong
    print(f"all: {differing} of {rows} rows differ  " + "  ".join(said))


if __name__ == "__main__":
    main()
