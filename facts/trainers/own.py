"""Our own format: every slot by its path, by its bare name, or by an alias of own.csv."""

from __future__ import annotations

import re

from transxlab.facts.origin import Origin
from transxlab.facts.trainers import adapters, sources
from transxlab.facts.trainers.converting import Refuse, cadence, dtype, number, precision, truth
from transxlab.facts.trainers.document import Cell
from transxlab.facts.trainers.scalars import meant
from transxlab.facts.trainers.sheet import Sheet
from transxlab.facts.vocabulary.template import Slot

_STAGES = {
    "pretraining": "pretrain",
    "pretrain": "pretrain",
    "classification": "classification",
    "token_classification": "token_classification",
    "embedding": "embedding",
    "preference": "dpo",
}
_FILES = {
    "train": ("train_file", "train_data", "data.train", "data.train_file"),
    "val": ("val_file", "validation_file", "eval_file", "data.val", "data.validation"),
    "test": ("test_file", "data.test"),
}
_GIB = re.compile(r"\s*([\d.]+)\s*(?:gi?b?)?\s*\Z", re.IGNORECASE)
_COUNTED = re.compile(r"\s*(?:(?P<count>\d+)\s*[x×]\s*)?(?P<name>.+?)\s*\Z")
SINGLE = ("task", "limits", "model", "architecture", "tokenizer", "config", "adapter")
SECTIONS = (*SINGLE, "evaluation", "strategy", "paths", "run", "machine")
"""Templates that a file of ours may hold as sections."""


def derive(sheet: Sheet) -> None:
    """Fill the slots that the file names by path, and what several keys decide together."""
    _by_path(sheet)
    _task(sheet)
    _method(sheet)
    _precision(sheet)
    _data(sheet)
    _machine(sheet)
    _lists(sheet)


def slot_at(sheet: Sheet, key: str) -> Slot | None:
    """The slot that a key names by its path, or None."""
    template, _, name = key.partition(".")
    if template not in SECTIONS or "." in name:
        return None
    return sheet.facts.vocabulary[template].slots.get(name)


def _by_path(sheet: Sheet) -> None:
    for cell in list(sheet.document.cells.values()):
        row = sheet.map.row(cell.key)
        if row is not None and row.slot is not None:
            continue
        slot = slot_at(sheet, cell.key)
        if slot is not None and cell.type != "map":
            sheet.put(slot.path, _fitting(slot, cell), cell.key)
            continue
        section, _, leaf = cell.key.partition(".")
        alias = sheet.map.row(leaf) if section in (*SECTIONS, "data") else None
        if alias is not None and alias.slot is not None and sheet.known(alias.slot) is None:
            sheet.convert(alias, cell)


def _fitting(slot: Slot, cell: Cell) -> object:
    try:
        if slot.type == "number" and cell.value is not None:
            return number(cell.value)
        if slot.type == "truth" and cell.value is not None:
            return truth(cell.value)
    except Refuse:
        return cell.value
    if slot.type == "list" and isinstance(cell.value, str):
        return (cell.value,)
    if slot.path in ("evaluation.strategy", "config.save_strategy") and cell.value is False:
        return cadence(False)
    return cell.value


def _task(sheet: Sheet) -> None:
    document = sheet.document
    key = next(
        (k for k in ("task_type", "task.type", "task.kind", "task") if document.has(k)), None
    )
    word = document.value(key) if key else None
    if isinstance(word, str) and key is not None and key != "task.kind":
        plain = word.strip().lower().replace("-", "_").replace(" ", "_")
        kinds = sheet.facts.vocabulary["task"]["kind"].values or ()
        if plain in kinds:
            sheet.put("task.kind", plain, key)
        else:
            sheet.put("task.description", word, key)
        stage = _STAGES.get(plain)
        if stage is not None and sheet.known("config.stage") is None:
            sheet.put("config.stage", stage, key)
    if document.has("from_scratch"):
        init = "scratch" if document.on("from_scratch") else "pretrained"
        sheet.put("model.init", init, "from_scratch")


def _method(sheet: Sheet) -> None:
    document = sheet.document
    kind, keys = adapters.quantized(sheet, "load_in_4bit", "load_in_8bit")
    if any(document.has(key) for key in keys) and sheet.known("config.quantization") is None:
        sheet.settle("config.quantization", kind, *keys)
    if document.has("use_lora") and sheet.known("config.method") is None:
        adapted = "qlora" if kind == "nf4" else "lora"
        sheet.put("config.method", adapted if document.on("use_lora") else "full", "use_lora")


def _precision(sheet: Sheet) -> None:
    document = sheet.document
    if sheet.known("config.precision") is not None:
        return
    for key in ("bf16", "fp16"):
        if document.on(key):
            sheet.put("config.precision", key, key)
            return
    if document.has("dtype") and sheet.known("config.model_dtype") is None:
        try:
            sheet.put("config.model_dtype", dtype(document.value("dtype")), "dtype")
            sheet.put("config.precision", precision(document.value("dtype")), "dtype")
        except Refuse:
            return


def _data(sheet: Sheet) -> None:
    document = sheet.document
    named: set[str] = set()
    for role, keys in _FILES.items():
        for key in keys:
            for held in document.items(key):
                if isinstance(held, str):
                    sources.add_source(sheet, role, held, key)
                    named.add(role)
    if "train" in named:
        sources.seal(sheet)
    holdout = sheet.value("evaluation.holdout")
    if sheet.known("evaluation.has_data") is None:
        if "val" in named:
            key = next(k for k in _FILES["val"] if document.has(k))
            sheet.put("evaluation.has_data", True, key)
        elif isinstance(holdout, (int, float)) and holdout > 0:
            sheet.put("evaluation.has_data", True, "val_size")
        elif "train" in named:
            sheet.put("evaluation.has_data", False)
    sources.model_exists(sheet)


def _machine(sheet: Sheet) -> None:
    """``gpu: 2x RTX 4090`` and ``vram: 24GB``: the cards, one fact each, by name and memory."""
    document = sheet.document
    key = next((k for k in ("gpu", "gpus", "machine.gpu") if document.has(k)), None)
    memory, memory_key = _gib(sheet)
    spelled = [text for text in document.items(key) if isinstance(text, str)] if key else []
    if key is None and memory is None:
        return
    origin: Origin = sheet.origin(key or memory_key)
    count_key = next((k for k in ("n_gpus", "num_gpus") if document.has(k)), None)
    for text in spelled or [""]:
        match = _COUNTED.match(text)
        name = match["name"] if match else None
        stated = document.value(count_key) if count_key else (match["count"] if match else None)
        count = meant(str(stated)) if stated is not None else 1
        for _ in range(min(int(count or 1), 4096)):
            fact = sheet.facts.new("gpu", "train")
            sheet.facts.put(fact, "role", "train", origin)
            if name:
                sheet.facts.put(fact, "name", name, origin)
            if memory is not None:
                sheet.facts.put(fact, "memory_gib", memory, sheet.origin(memory_key))
    sheet.facts.mark_complete("gpu", "train")


def _gib(sheet: Sheet) -> tuple[float | None, str | None]:
    for key in ("vram", "vram_gb"):
        value = sheet.document.value(key)
        match = _GIB.match(str(value)) if value is not None else None
        if match:
            return float(match[1]), key
    return None, None


def _lists(sheet: Sheet) -> None:
    targets = sheet.known("adapter.target_modules")
    if targets is not None and targets.value in (("all-linear",), ("all",)):
        facts = sheet.facts
        facts.put(facts.one("adapter"), "all_linear", True, targets.origin)
        facts.put(facts.one("adapter"), "target_modules", None, targets.origin)
