# SPDX-License-Identifier: GPL-3.0-or-later
"""Batches for a spool, made and read by hand: doc/contracts/batch.md."""
import ctypes
import time

TEXT_MAX = 1000000
zstd, xxhash = ctypes.CDLL("libzstd.so.1"), ctypes.CDLL("libxxhash.so.0")
zstd.ZSTD_compressBound.restype = zstd.ZSTD_compress.restype = zstd.ZSTD_decompress.restype = ctypes.c_size_t
zstd.ZSTD_compressBound.argtypes = [ctypes.c_size_t]
zstd.ZSTD_compress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
zstd.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
xxhash.XXH3_64bits.restype = ctypes.c_uint64
xxhash.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def name(producer, sequence):
    return f"bench.{producer}.{sequence:016d}.zst"


def pack(producer, sequence, lines):
    """The bytes of a batch of event lines (bytes, each with its LF) of host bench."""
    text = (f"#onus-batch 1\n#type events\n#host bench\n#producer {producer}\n#sequence {sequence}\n"
            f"#created {int(time.time())}\n#positions 0\n#onus-events 1\n").encode() + b"".join(lines)
    text += f"#end {len(lines)} 0 ".encode()
    text += f"{xxhash.XXH3_64bits(text, len(text)):016x}\n".encode()
    room = ctypes.create_string_buffer(zstd.ZSTD_compressBound(len(text)))
    n = zstd.ZSTD_compress(room, len(room), text, len(text), 1)
    return room.raw[:n]


def unpack(packed):
    """The text of a batch; b"" when it is none."""
    room = ctypes.create_string_buffer(TEXT_MAX)
    n = zstd.ZSTD_decompress(room, TEXT_MAX, packed, len(packed))
    return room.raw[:n] if n <= TEXT_MAX else b""
