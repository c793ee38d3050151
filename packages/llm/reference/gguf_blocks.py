"""
Random blocks of every GGUF type that Sluice reads, with the values that the gguf package gives them, and a
small whole GGUF file.

Writes test/fixtures/gguf/{blocks.json,blocks.bin,tiny.gguf,tiny.json}.
Run: python gguf_blocks.py
"""

import numpy as np
import gguf
from gguf import GGMLQuantizationType as T
from gguf.quants import dequantize

from common import FIXTURES, hash32, provenance, ramp, write_json

OUT = FIXTURES / "gguf"
OUT.mkdir(parents=True, exist_ok=True)
TYPES = [T.F32, T.F16, T.BF16, T.Q8_0, T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q2_K, T.Q3_K, T.Q4_K, T.Q5_K, T.Q6_K]
# Byte offsets of the float16 scales within a block: random bits there would often be infinite or no number.
HALVES = {
    T.Q8_0: [0], T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q2_K: [80, 82], T.Q3_K: [108],
    T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208],
}


def random_bytes(seed, count):
    return (hash32(np.arange(count) + 1_000_003 * seed) & 255).astype(np.uint8)


blob, table = b"", []
for n, kind in enumerate(TYPES):
    values, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = 4 if values > 1 else 96
    raw = random_bytes(n + 1, blocks * size).reshape(blocks, size).copy()
    if kind in HALVES:
        for k, at in enumerate(HALVES[kind]):
            scale = ramp(500 + 10 * n + k, blocks, 1, 0.75).astype("<f2")
            scale[0] = [0.0, 6.0e-8, -65504.0][n % 3]  # zero, the smallest subnormal, the largest negative
            raw[:, at:at + 2] = scale.view(np.uint8)
    elif kind == T.F32:
        raw = ramp(500, blocks, 1, 3.0).astype("<f4").view(np.uint8).reshape(blocks, 4)
    else:  # no infinities and NaNs: clear one exponent bit
        raw[:, 1] &= 0xBF
    found = dequantize(raw.reshape(-1) if values == 1 else raw, kind).astype("<f4").reshape(-1)
    if kind == T.F32:
        found = raw.reshape(-1).view("<f4")
    assert np.isfinite(found).all() and found.size == blocks * values, kind
    entry = {"type": kind.name, "id": int(kind), "blockValues": values, "blockBytes": size, "blocks": blocks,
             "bytesAt": len(blob)}
    blob += raw.tobytes()
    blob += b"\0" * (-len(blob) % 4)
    entry["valuesAt"] = len(blob)
    blob += found.tobytes()
    table.append(entry)
(OUT / "blocks.bin").write_bytes(blob)
write_json(OUT / "blocks.json", {
    **provenance("gguf_blocks.py"), "blocks": table,
    "sizes": {kind.name: [int(kind), *gguf.GGML_QUANT_SIZES[kind]] for kind in gguf.GGML_QUANT_SIZES},
})

# A whole file: every kind of metadata value, tensors of several types and ranks.
writer = gguf.GGUFWriter(OUT / "tiny.gguf", "llama")
writer.add_uint8("test.uint8", 200)
writer.add_int8("test.int8", -100)
writer.add_uint16("test.uint16", 60000)
writer.add_int16("test.int16", -30000)
writer.add_uint32("test.uint32", 4000000000)
writer.add_int32("test.int32", -2000000000)
writer.add_uint64("test.uint64", 2**63 + 1)
writer.add_int64("test.int64", -(2**40))
writer.add_float32("test.float32", 0.1)
writer.add_float64("test.float64", 0.1)
writer.add_bool("test.bool", True)
writer.add_string("test.string", "żółw 🐢")
writer.add_array("test.strings", ["a", "", "ü"])
writer.add_array("test.numbers", [1, -2, 3])
vector = ramp(601, 1, 7, 2.0).reshape(7)
matrix = ramp(602, 3, 64, 1.0)
writer.add_tensor("vector", vector)
writer.add_tensor("half", matrix.astype(np.float16))
writer.add_tensor("eight", gguf.quants.quantize(matrix, T.Q8_0), raw_dtype=T.Q8_0)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
write_json(OUT / "tiny.json", {
    **provenance("gguf_blocks.py"), "vector": vector.astype(float).tolist(), "shape": [3, 64],
    "half": matrix.astype(np.float16).astype(float).reshape(-1).tolist(),
    "eight": dequantize(gguf.quants.quantize(matrix, T.Q8_0), T.Q8_0).astype(float).reshape(-1).tolist(),
})
