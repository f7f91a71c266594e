"""What the LoRA-like keys of several trainers say, brought to one form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transxlab.facts.trainers.converting import Refuse, names, number, truth
from transxlab.facts.trainers.keymap import literal
from transxlab.facts.trainers.sheet import Sheet


@dataclass(frozen=True, slots=True)
class AdapterKeys:
    """The keys under which one trainer keeps its adapter, and what it does without them."""

    r: str
    """Key of the rank."""
    alpha: str
    """Key of the scale."""
    dropout: str
    """Key of the dropout."""
    targets: str
    """Key of the modules that get an adapter."""
    save: str
    """Key of the modules that are trained whole."""
    rslora: str | None = None
    """Switch of rsLoRA; None where the trainer has none."""
    r_default: str = ""
    """Rank without the key, as a key map spells defaults."""
    alpha_default: str = ""
    """Scale without the key."""
    dropout_default: str = ""
    """Dropout without the key."""
    everywhere: tuple[str, ...] = ("all-linear",)
    """Values of ``targets`` that mean every linear layer."""
    targets_default: str = ""
    """What counts without ``targets``: ``all``, ``none`` (the trainer's table) or not known."""


def fill(sheet: Sheet, keys: AdapterKeys) -> None:
    """Fill ``adapter`` from the keys that hold it."""
    _number(sheet, "adapter.r", keys.r, keys.r_default)
    _number(sheet, "adapter.alpha", keys.alpha, keys.alpha_default)
    _number(sheet, "adapter.dropout", keys.dropout, keys.dropout_default)
    _targets(sheet, keys)
    _list(sheet, "adapter.modules_to_save", keys.save)
    if keys.rslora is not None:
        if sheet.document.has(keys.rslora):
            sheet.put("adapter.use_rslora", sheet.document.on(keys.rslora), keys.rslora)
        else:
            sheet.assume("adapter.use_rslora", False)


def _number(sheet: Sheet, slot: str, key: str, standard: str) -> None:
    if sheet.document.has(key):
        try:
            sheet.put(slot, number(sheet.document.value(key)), key)
        except Refuse:
            return
    elif standard:
        sheet.assume(slot, literal(standard))


def _targets(sheet: Sheet, keys: AdapterKeys) -> None:
    value = sheet.document.value(keys.targets)
    if value is None:
        if keys.targets_default == "all":
            sheet.assume("adapter.all_linear", True)
            sheet.assume("adapter.target_modules", None)
        elif keys.targets_default == "none":
            sheet.assume("adapter.all_linear", False)
            sheet.assume("adapter.target_modules", None)
        return
    try:
        found = names(value)
    except Refuse:
        return
    if isinstance(found, tuple) and any(name in keys.everywhere for name in found):
        sheet.put("adapter.all_linear", True, keys.targets)
        sheet.put("adapter.target_modules", None, keys.targets)
        return
    sheet.put("adapter.all_linear", False, keys.targets)
    sheet.put("adapter.target_modules", found, keys.targets)


def _list(sheet: Sheet, slot: str, key: str) -> None:
    if not sheet.document.has(key):
        sheet.assume(slot, None)
        return
    try:
        found = names(sheet.document.value(key))
    except Refuse:
        return
    sheet.put(slot, found or None, key)


def switch(sheet: Sheet, slot: str, key: str) -> None:
    """Fill a slot from a switch that is off when absent."""
    if not sheet.document.has(key):
        sheet.assume(slot, False)
        return
    try:
        sheet.put(slot, truth(sheet.document.value(key)), key)
    except Refuse:
        return


def with_dora(method: str, dora: bool) -> str:
    """The method once DoRA is switched on or not."""
    return {"lora": "dora", "qlora": "qdora"}.get(method, method) if dora else method


def quantized(
    sheet: Sheet, four: str, eight: str, kind: str | None = None
) -> tuple[str, Sequence[str]]:
    """How frozen weights are stored (none, nf4, fp4, int8), and the keys that say so."""
    if sheet.document.on(four):
        spelled = sheet.document.value(kind) if kind else None
        return ("fp4" if spelled == "fp4" else "nf4"), (four,)
    if sheet.document.on(eight):
        return "int8", (eight,)
    return "none", (four, eight)
