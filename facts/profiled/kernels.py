"""The inner loops of the profiler compiled by numba: the extra ``fast``.

Each gives the same bits as the numpy code that it stands for. Imported by ``compiled`` alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_EMPTY = np.uint32(0xFFFFFFFF)
_SPACE, _MARK, _IDEOGRAPH, _DIGIT = 0, 2, 3, 4

compiled: Any = njit(cache=True, nogil=True)
inlined: Any = njit(cache=True, nogil=True, inline="always")


@inlined
def _mix(value):  # type: ignore[no-untyped-def]
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return value ^ (value >> np.uint64(31))


@inlined
def _word(raw, begin, length):  # type: ignore[no-untyped-def]
    """The hash of a token: see ``tokens._hash``."""
    value = np.uint64(0)
    for at in range(min(length, 8)):
        value |= np.uint64(raw[begin + at]) << np.uint64(8 * at)
    if length > 8:
        last = np.uint64(0)
        for at in range(8):
            last |= np.uint64(raw[begin + length - 8 + at]) << np.uint64(8 * at)
        value ^= last * _GOLDEN + np.uint64(length)
    return _mix(value)


@compiled
def tokenise(raw, kinds, begins, size):  # type: ignore[no-untyped-def]
    """Hash, start, length and kind of each token, and the first token of each text."""
    hashes, start = np.empty(size, np.uint64), np.empty(size, np.int64)
    length, kind = np.empty(size, np.int64), np.empty(size, np.uint8)
    offsets = np.zeros(len(begins), np.int64)
    tokens, at, text = 0, 0, 0
    while at < size:
        while text < len(begins) and begins[text] <= at:
            offsets[text] = tokens
            text += 1
        byte = raw[at]
        sort = kinds[byte]
        if sort == _SPACE:
            at += 1
            continue
        end = at + 1
        if ((0xE2 <= byte <= 0xE9) or byte == 0xEF) and at + 2 < size:
            sort, end = _IDEOGRAPH, at + 3
        elif sort != _MARK:
            while end < size and kinds[raw[end]] == sort:
                if ((0xE2 <= raw[end] <= 0xE9) or raw[end] == 0xEF) and end + 2 < size:
                    break
                end += 1
            if 48 <= byte < 58:
                sort = _DIGIT
        start[tokens], length[tokens], kind[tokens] = at, end - at, sort
        hashes[tokens] = _word(raw, at, end - at)
        tokens, at = tokens + 1, end
    offsets[text:] = tokens
    return (
        hashes[:tokens].copy(),
        start[:tokens].copy(),
        length[:tokens].copy(),
        kind[:tokens].copy(),
        offsets,
    )


@compiled
def text_hashes(hashes, offsets):  # type: ignore[no-untyped-def]
    """See ``tokens.text_hashes``."""
    found = np.empty(len(offsets) - 1, np.uint64)
    for text in range(len(found)):
        total, step = np.uint64(0), np.uint64(0)
        for at in range(offsets[text], offsets[text + 1]):
            total += _mix(hashes[at] + step)
            step += _GOLDEN
        found[text] = _mix(total + np.uint64(offsets[text + 1] - offsets[text]))
    return found


@inlined
def _run(hashes, at, size):  # type: ignore[no-untyped-def]
    """The hash of a run of tokens: see ``tokens.ngrams``."""
    value = np.uint64(0)
    for offset in range(size):
        value = (value + hashes[at + offset]) * _GOLDEN
        value ^= value >> np.uint64(32)
    return value


@compiled
def bins(hashes, rows, taken, run, count):  # type: ignore[no-untyped-def]
    """The smallest hash in every bin of the taken rows: see ``near._bins``."""
    found = np.full((len(taken), count), _EMPTY, np.uint32)
    for index in range(len(taken)):
        row, held = taken[index], found[index]
        for at in range(rows[row], rows[row + 1] - run + 1):
            value = _mix(_run(hashes, at, run))
            cell, low = value >> np.uint64(56), np.uint32(value & np.uint64(_EMPTY))
            if low < held[cell]:
                held[cell] = low
    return found


@compiled
def densified(found, wanted, donors):  # type: ignore[no-untyped-def]
    """The first bins, empty ones filled from their donors: see ``near._densified``."""
    filled = found[:, :wanted].copy()
    for row in range(len(found)):
        for column in range(wanted):
            if filled[row, column] != _EMPTY:
                continue
            for attempt in range(donors.shape[1]):
                value = found[row, donors[column, attempt]]
                if value != _EMPTY:
                    break
            filled[row, column] = value if value != _EMPTY else found[row].min()
    return filled


@compiled
def band_keys(filled, bands, size):  # type: ignore[no-untyped-def]
    """One hash for each band of each row: see ``near._band_keys``."""
    keys = np.empty((len(filled), bands), np.uint32)
    for row in range(len(filled)):
        for band in range(bands):
            key = np.uint64(0)
            for at in range(band * size, (band + 1) * size):
                key = _mix(key * np.uint64(3) + np.uint64(filled[row, at]))
            keys[row, band] = np.uint32(key >> np.uint64(32))
    return keys


@compiled
def runs_found(hashes, rows, size, filter_, shift, table):  # type: ignore[no-untyped-def]
    """Where runs of tokens stand in a sorted table, and the row of each: see ``overlap``."""
    hits, owners = np.empty(len(hashes), np.int64), np.empty(len(hashes), np.int64)
    count = 0
    for row in range(len(rows) - 1):
        for at in range(rows[row], rows[row + 1] - size + 1):
            value = _run(hashes, at, size)
            if not filter_[value >> shift]:
                continue
            spot = np.searchsorted(table, value)
            if spot < len(table) and table[spot] == value:
                hits[count], owners[count] = spot, row
                count += 1
    return hits[:count].copy(), owners[:count].copy()


@inlined
def _ones(value):  # type: ignore[no-untyped-def]
    """Bits that are set."""
    value -= (value >> np.uint64(1)) & np.uint64(0x5555555555555555)
    value = (value & np.uint64(0x3333333333333333)) + (
        (value >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    value = (value + (value >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (value * np.uint64(0x0101010101010101)) >> np.uint64(56)


@compiled
def agreement(prints, one, two):  # type: ignore[no-untyped-def]
    """Bins that both fill, that either fills, and that agree: see ``alike.likely``."""
    both, held = np.empty(len(one), np.int64), np.empty(len(one), np.int64)
    agreeing = np.empty(len(one), np.int64)
    half = prints.shape[1] // 2
    for pair in range(len(one)):
        left, right = prints[one[pair]], prints[two[pair]]
        shared = union = equal = np.uint64(0)
        for word in range(half):
            filled = left[half + word] & right[half + word]
            shared += _ones(filled)
            union += _ones(left[half + word] | right[half + word])
            equal += _ones(~(left[word] ^ right[word]) & filled)
        both[pair], held[pair], agreeing[pair] = shared, union, equal
    return both, held, agreeing
