"""Texts as arrays of token hashes: the one pass over the letters that all measures share.

A token is a run of letters and digits (ASCII letters in lower case), one punctuation mark, or one
Chinese or Japanese character. Its hash takes the first and last eight bytes and the length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from transxlab.facts.profiled import compiled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes: TypeAlias = NDArray[np.uint64]
    Counts: TypeAlias = NDArray[np.int64]
    Flags: TypeAlias = NDArray[np.bool_]

SPACE, WORD, MARK, IDEOGRAPH, DIGIT = 0, 1, 2, 3, 4
"""Token kinds; DIGIT is a word that begins with a digit."""

_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of many texts, one after the other."""

    text: bytes
    """The texts in UTF-8, ASCII lower case, a newline after each, then zero bytes."""
    hash: Hashes
    """One hash per token."""
    start: Counts
    """Byte of ``text`` where each token begins."""
    length: Counts
    """Bytes of each token."""
    kind: NDArray[np.uint8]
    """WORD, MARK, IDEOGRAPH or DIGIT."""
    offsets: Counts
    """Index of the first token of each text; one more entry than texts."""

    def word(self, index: int) -> str:
        """A token as text, in lower case."""
        begin = int(self.start[index])
        return self.text[begin : begin + int(self.length[index])].decode("utf-8", "replace")


@lru_cache(maxsize=1)
def _tables() -> tuple[NDArray[np.uint8], bytes, Hashes]:
    import numpy as np

    kinds = np.full(256, MARK, np.uint8)
    kinds[:33] = SPACE
    kinds[127] = SPACE
    for low, high in ((48, 58), (65, 91), (97, 123), (95, 96), (128, 256)):
        kinds[low:high] = WORD
    lower = bytes(b + 32 if 65 <= b < 91 else b for b in range(256))
    masks = np.array([(1 << (8 * k)) - 1 for k in range(9)], np.uint64)
    return kinds, lower, masks


def tokenise(texts: Sequence[str]) -> Tokens:
    """The tokens of some texts; fastest for less than a megabyte at a time."""
    import numpy as np

    kinds, lower, masks = _tables()
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    joined = b"\n".join(encoded).translate(lower) + b"\n" + bytes(16)
    begins = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(e) + 1 for e in encoded], out=begins[1:])
    raw = np.frombuffer(joined, np.uint8)
    if (fast := compiled.kernels()) is not None:
        return Tokens(joined, *fast.tokenise(raw, _windows(joined), masks, kinds, begins))
    kind = kinds[raw]
    first = np.empty(len(kind), bool)
    first[0] = True
    wide = not joined.isascii()
    if wide:
        ideographs = _mark_ideographs(raw, kind)
    np.not_equal(kind[1:], kind[:-1], out=first[1:])
    first |= kind == MARK
    if wide:
        first[ideographs] = True
    start = np.flatnonzero(first)
    length = np.diff(start, append=len(raw))
    token_kind = kind[start]
    keep = token_kind != SPACE
    start, length, token_kind = start[keep], length[keep], token_kind[keep]
    lead = raw[start]
    token_kind[(lead >= 48) & (lead < 58)] = DIGIT
    offsets = np.searchsorted(start, begins)
    return Tokens(joined, _hash(joined, start, length), start, length, token_kind, offsets)


def _mark_ideographs(raw: NDArray[np.uint8], kind: NDArray[np.uint8]) -> Counts:
    """Where one-character tokens begin: U+2000..U+9FFF and full-width forms; marked in ``kind``."""
    import numpy as np

    lead = ((raw >= 0xE2) & (raw <= 0xE9)) | (raw == 0xEF)
    at = np.flatnonzero(lead)
    at = at[at + 2 < len(raw)]
    for offset in range(3):
        kind[at + offset] = IDEOGRAPH
    return at


def _hash(text: bytes, start: Counts, length: Counts) -> Hashes:
    import numpy as np

    masks, windows = _tables()[2], _windows(text)
    value = windows[start] & masks[np.minimum(length, 8)]
    long = np.flatnonzero(length > 8)
    ends = windows[start[long] + length[long] - 8] * np.uint64(_GOLDEN)
    value[long] ^= ends + length[long].astype(np.uint64)
    return mix(value)


def _windows(text: bytes) -> Hashes:
    """The eight bytes from each place on as one number."""
    import numpy as np

    windows: Hashes = np.ndarray((len(text) - 8,), np.dtype("<u8"), text, 0, (1,))
    return windows


def mix(value: Hashes) -> Hashes:
    """A hash whose every bit depends on every bit of the value (the finaliser of splitmix64)."""
    import numpy as np

    value = (value ^ (value >> np.uint64(30))) * np.uint64(_MIX_1)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(_MIX_2)
    mixed: Hashes = value ^ (value >> np.uint64(31))
    return mixed


def ngrams(hashes: Hashes, size: int) -> Hashes:
    """A hash of the ``size`` tokens from each place on; the last ``size - 1`` are not whole."""
    import numpy as np

    value = np.zeros(len(hashes), np.uint64)
    for offset in range(size):
        value[: max(0, len(hashes) - offset)] += hashes[offset:]
        value *= np.uint64(_GOLDEN)
        value ^= value >> np.uint64(32)
    return value


def text_hashes(tokens: Tokens) -> Hashes:
    """One hash per text over its tokens in order: blind to case and white space."""
    import numpy as np

    if (fast := compiled.kernels()) is not None:
        hashes: Hashes = fast.text_hashes(tokens.hash, tokens.offsets)
        return hashes
    counts = np.diff(tokens.offsets)
    place = np.arange(len(tokens.hash)) - np.repeat(tokens.offsets[:-1], counts)
    placed = mix(tokens.hash + place.astype(np.uint64) * np.uint64(_GOLDEN))
    sums = np.zeros(len(counts), np.uint64)
    filled = np.flatnonzero(counts)
    if len(filled):
        sums[filled] = np.add.reduceat(placed, tokens.offsets[:-1][filled])
    return mix(sums + counts.astype(np.uint64))
