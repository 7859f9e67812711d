"""Prints the order and digest that tests/loader/order.rs expects, without any Rust.

The order of an epoch is a shuffle by rand 0.9's `SliceRandom::shuffle` (indices drawn several at a time, each
32-bit draw by Canon's method) from the ChaCha8 stream whose key is seed, epoch, 2^64-1, 2^64-1. The digest is
FNV-1a over the seed, each name with its length, and each batch of epoch 0 with its length, its two halves
combined by exclusive or. Python 3, standard library only: `python3 order.py`.
"""

import struct

MASK32, MASK64 = 2**32 - 1, 2**64 - 1


def chacha8_words(key):
    def rotate(value, count):
        return (value << count | value >> (32 - count)) & MASK32

    counter = 0
    while True:
        state = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *struct.unpack("<8I", key)]
        state += [counter & MASK32, counter >> 32, 0, 0]
        mixed = list(state)

        def quarter(a, b, c, d):
            for left, right, target, count in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                mixed[left] = (mixed[left] + mixed[right]) & MASK32
                mixed[target] = rotate(mixed[target] ^ mixed[left], count)

        for _ in range(4):
            for place in range(4):
                quarter(place, place + 4, place + 8, place + 12)
            for place in range(4):
                quarter(place, (place + 1) % 4 + 4, (place + 2) % 4 + 8, (place + 3) % 4 + 12)
        yield from ((a + b) & MASK32 for a, b in zip(mixed, state))
        counter += 1


def below(bound, words):
    """Canon's method: one more word where the first leaves the result in doubt."""
    high, low = divmod(next(words) * bound, 2**32)
    if low > 2**32 - bound:
        high += low + (next(words) * bound >> 32) >= 2**32
    return high


def shuffled(count, seed, epoch):
    words = chacha8_words(struct.pack("<4Q", seed, epoch, MASK64, MASK64))
    order = list(range(count))
    chunk, left = 0, 1  # the first index is 0 without a draw
    for place in range(count):
        if left == 0:
            bound, top = place + 1, place + 2
            while bound * top < 2**32:
                bound, top = bound * top, top + 1
            chunk, left = below(bound, words), top - place - 1
        left -= 1
        other = chunk if left == 0 else chunk % (place + 1)
        chunk //= place + 1
        order[place], order[other] = order[other], order[place]
    return order


def digest(count, seed, size):
    order = shuffled(count, seed, 0)
    data = struct.pack("<Q", seed)
    for name in (f"sample {index}".encode() for index in range(count)):
        data += struct.pack("<Q", len(name)) + name
    for batch in (order[start : start + size] for start in range(0, count, size)):
        data += struct.pack(f"<{1 + len(batch)}Q", len(batch), *batch)
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & MASK64
    return (value ^ value >> 32) & MASK32


print(shuffled(40, 7, 3))
print(hex(digest(40, 7, 5)))
