"""Masking as LLaMA-Factory does it: question and answer tokenised apart, both cut to the length."""

from __future__ import annotations

import re

from transxlab.facts.profiled.seen.codec import Codec, Refused
from transxlab.facts.profiled.seen.frames import Frame
from transxlab.facts.profiled.seen.lens import Lens
from transxlab.facts.profiled.seen.masking import Labelled
from transxlab.facts.profiled.seen.talk import Talk, Turn

_THOUGHT = ("<think>\n", "\n</think>\n\n")
"""What stands around a thought in templates that think."""


def pairs(codec: Codec, lens: Lens, row: Talk) -> Labelled:
    """Answers are trained; of a row that is too long, each pair loses its share of both ends."""
    frame = codec.frame
    assert frame is not None
    encoded = _encoded(codec, frame, lens, row)
    whole = sum(len(source) + len(target) for source, target in encoded) + frame.bare_end
    limit = whole + 1 if lens.max_tokens is None else lens.max_tokens
    total = int(frame.bare_end)
    kept: list[tuple[list[int], list[bool]]] = []
    end_cut = False
    ordered = encoded[::-1] if lens.last_only else encoded
    for index, (source, target) in enumerate(ordered):
        is_last = index == (0 if lens.last_only else len(ordered) - 1)
        if total >= limit:
            end_cut = end_cut or is_last
            break
        left, right = shares(len(source), len(target), limit - total)
        total += left + right
        end_cut = end_cut or (is_last and right < len(target))
        end_cut = end_cut or (not lens.last_only and not is_last and total >= limit)
        trains = not (lens.last_only and index)
        labels = [lens.prompts_too] * left + [trains] * right
        if frame.bare_end and index and left and not lens.prompts_too:
            labels[0] = True
        kept.append((source[:left] + target[:right], labels))
    if lens.last_only:
        kept.reverse()
    ids = [token for tokens, _ in kept for token in tokens]
    trained = [bit for _, bits in kept for bit in bits]
    if frame.bare_end and codec.eos_id is not None:
        ids.append(codec.eos_id)
        trained.append(True)
    return Labelled(ids, trained, max(0, whole - len(ids)), end_cut)


def shares(source: int, target: int, limit: int) -> tuple[int, int]:
    """How many tokens of question and answer stay where both may have ``limit``.

    Source: llamafactory 0.9.5, data/processor/processor_utils.py, infer_seqlen.
    """
    if target * 2 < limit:
        most = limit
    elif source * 2 < limit:
        most = limit - source
    else:
        most = int(limit * (target / (source + target)))
    right = min(most, target)
    return min(max(limit - right, 0), source), right


def _encoded(
    codec: Codec, frame: Frame, lens: Lens, row: Talk
) -> list[tuple[list[int], list[int]]]:
    """Token ids of each question, with what stands before it, and of each answer."""
    said = list(row.turns)
    system = frame.system_prompt
    if said and said[0]["role"] == "system":
        system = said.pop(0)["content"] or system
    _check(said)
    eos, bos = codec.tokenizer.eos_token or "", codec.tokenizer.bos_token or ""
    made = []
    for index in range(0, len(said), 2):
        question, answer = said[index]["content"], said[index + 1]["content"]
        lead = system if index == 0 else ""
        source = _question(frame, question, lead, first=index == 0)
        thought = _thought(frame, answer, lens, last=index == len(said) - 2)
        answer = _stripped(answer) if thought is None else answer
        target = codec.encode(thought or "") + _pieces(codec, frame.assistant, answer, bos, eos)
        made.append(([i for part in source for i in _pieces(codec, *part, bos, eos)], target))
    return made


def _question(frame: Frame, text: str, system: str, *, first: bool) -> list[tuple[str, str]]:
    """The pieces before an answer, each with the text that fills it."""
    parts = [(frame.prefix, "")] if first and frame.prefix else []
    if system and frame.joined:
        text = frame.system.replace("{content}", system) + text
    elif system:
        parts.append((frame.system, system))
    return [*parts, (frame.user, text)]


def _thought(frame: Frame, answer: str, lens: Lens, *, last: bool) -> str | None:
    """The empty thought before an answer without one; None where an earlier one is taken out."""
    if not frame.thinks:
        return ""
    if lens.last_only and not last:
        return None
    held = any(word.strip() in answer for word in _THOUGHT)
    return "" if held else "".join(_THOUGHT)


def _stripped(answer: str) -> str:
    """An answer without its thought."""
    begin, end = map(re.escape, _THOUGHT)
    return re.sub(f"{begin}(.*?){end}", "", answer, flags=re.DOTALL).lstrip("\n")


def _pieces(codec: Codec, frame: str, content: str, bos: str, eos: str) -> list[int]:
    """Token ids of a frame around a text: the text between special tokens is tokenised as one."""
    ids: list[int] = []
    for piece in re.split(r"(\{bos\}|\{eos\})", frame):
        if piece == "{bos}":
            ids += codec.encode(bos) if bos else []
        elif piece == "{eos}":
            ids += codec.encode(eos) if eos else []
        else:
            ids += codec.encode(piece.replace("{content}", content)) if piece else []
    return ids


def _check(said: list[Turn]) -> None:
    """Questions and answers must take turns, and an answer be the last; or the row is dropped."""
    roles = ["assistant" if turn["role"] == "assistant" else "other" for turn in said]
    if not roles or roles != ["other", "assistant"] * (len(roles) // 2):
        raise Refused("questions and answers do not take turns: the trainer drops the row")
