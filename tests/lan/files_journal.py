"""Reads what a receiver has noted of a transfer (app/files/journal.h), while it is being written."""

import collections
import os

ITEM, NAME, CHUNK, MISSING, PLACING, PLACED = 2, 3, 4, 5, 6, 7
MAGIC = b"BFJRNL1\n"
CHUNK_SIZE = 1024 * 1024
HEADER = 11  # check, kind, length


class Notes:
    def __init__(self):
        self.kinds = collections.Counter()
        self.seen = set()

    @property
    def chunks(self):
        return len(self.seen)

    @property
    def bytes(self):
        """At least so many, if it is one file: its last chunk may be a short one."""
        return max(0, (len(self.seen) - 1) * CHUNK_SIZE) if len({chunk[:4] for chunk in self.seen}) == 1 else 0


def read(states):
    """Of the one transfer that has a folder here; None when there is none."""
    try:
        folder = next(iter(os.listdir(states)), None)
        with open(os.path.join(states, folder or "", "journal"), "rb") as source:
            raw = source.read()
    except OSError:
        return None
    notes = Notes()
    at = len(MAGIC)
    while at + HEADER <= len(raw):
        kind, length = raw[at + 8], int.from_bytes(raw[at + 9:at + 11], "little")
        payload = raw[at + HEADER:at + HEADER + length]
        if len(payload) < length:
            break
        notes.kinds[kind] += 1
        if kind == CHUNK:
            notes.seen.add(payload[:12])
        at += HEADER + length
    return notes
