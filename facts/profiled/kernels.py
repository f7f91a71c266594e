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


@compiled
def _starts(raw, kinds):  # type: ignore[no-untyped-def]
    """Where runs of one kind of byte begin, in a loop without a branch, and how many there are."""
    found = np.empty(len(raw) + 1, np.int32)
    count, left, before = 0, 0, 0
    for at in range(len(raw)):
        byte = raw[at]
        lead = ((byte >= 0xE2) & (byte <= 0xE9)) | (byte == 0xEF)
        left = 3 if lead else left - 1
        kind = _IDEOGRAPH if left > 0 else kinds[byte]
        found[count] = at
        count += (kind != before) | (kind == _MARK) | lead
        before = kind
    found[count] = len(raw)
    return found, count


@compiled
def tokenise(raw, windows, masks, kinds, begins):  # type: ignore[no-untyped-def]
    """Hash, start, length and kind of each token, and the first token of each text.

    The last byte must be a space. See ``tokens.tokenise`` and ``tokens._hash``.
    """
    starts, count = _starts(raw, kinds)
    hashes, start = np.empty(count, np.uint64), np.empty(count, np.int64)
    length, sort = np.empty(count, np.int64), np.empty(count, np.uint8)
    offsets = np.empty(len(begins), np.int64)
    tokens = text = 0
    for index in range(count):
        at = starts[index]
        byte = raw[at]
        kind = kinds[byte]
        if kind == _SPACE:
            continue
        while text < len(begins) and begins[text] <= at:
            offsets[text] = tokens
            text += 1
        if ((byte >= 0xE2) & (byte <= 0xE9)) | (byte == 0xEF):
            kind = _IDEOGRAPH
        elif 48 <= byte < 58:
            kind = _DIGIT
        size = starts[index + 1] - at
        value = windows[at] & masks[min(size, 8)]
        if size > 8:
            value ^= windows[at + size - 8] * _GOLDEN + np.uint64(size)
        hashes[tokens] = _mix(value)
        start[tokens], length[tokens], sort[tokens] = at, size, kind
        tokens += 1
    offsets[text:] = tokens
    return hashes[:tokens], start[:tokens], length[:tokens], sort[:tokens], offsets


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
def sketch(found):  # type: ignore[no-untyped-def]
    """One byte of each bin: see ``near._sketch``."""
    made = np.empty(found.shape, np.uint8)
    for row in range(found.shape[0]):
        for column in range(found.shape[1]):
            value = found[row, column]
            made[row, column] = 0 if value == _EMPTY else value % np.uint32(255) + np.uint32(1)
    return made


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
def runs_found(  # type: ignore[no-untyped-def]
    hashes, rows, size, first, shift, table, bitmap, high
):
    """Where runs stand in a sorted table, where each begins, and its row: see ``held.hits``."""
    found = np.empty(len(hashes), np.int64)
    begins, owner = np.empty_like(found), np.empty_like(found)
    count = 0
    for row in range(len(rows) - 1):
        for at in range(rows[row], rows[row + 1] - size + 1):
            value = _run(hashes, at, size)
            bit = np.int64(value >> high)
            if not bitmap[bit >> 3] >> (bit & 7) & 1:
                continue
            leading = np.int64(value >> shift)
            for spot in range(first[leading], first[leading + 1]):
                if table[spot] == value:
                    found[count], begins[count], owner[count] = spot, at, row
                    count += 1
                    break
    return found[:count], begins[:count], owner[:count]


@compiled
def repeats(hashes, offsets, size):  # type: ignore[no-untyped-def]
    """Of each output, runs that repeat an earlier one, and all runs: see ``repetition``."""
    rows = len(offsets) // 2
    again, runs = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    table = np.zeros(1024, np.uint64)
    for row in range(rows):
        begin, end = offsets[2 * row + 1], offsets[2 * row + 2] - size + 1
        runs[row] = max(0, end - begin)
        room = 64
        while room < 2 * runs[row]:
            room *= 2
        if room > len(table):
            table = np.zeros(room, np.uint64)
        table[:room] = 0
        last = np.uint64(room - 1)
        for at in range(begin, end):
            # Zero marks a free place, so that no run may have it as its hash.
            value = _run(hashes, at, size) | np.uint64(1)
            spot = (value >> np.uint64(20)) & last
            while table[spot] != 0 and table[spot] != value:
                spot = (spot + np.uint64(1)) & last
            if table[spot] == value:
                again[row] += 1
            table[spot] = value
    return again, runs


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
