"""
The digest of every weight of SmolLM2-135M-Instruct's GGUF file as transformers loads it: SHA-256 (first 16 hex
digits) of the float32 values, row-major and little-endian.

Writes test/fixtures/smollm2/weights.json.
Run: python gguf_weights.py --model FOLDER
"""

import hashlib

from common import FIXTURES, arguments, load_smollm2, provenance, write_json

_, model = load_smollm2(arguments("model").model)
weights = {
    name: [list(p.shape), hashlib.sha256(p.detach().numpy().astype("<f4").tobytes()).hexdigest()[:16]]
    for name, p in model.named_parameters()
}
config = model.config.to_dict()
keep = ["model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
        "num_key_value_heads", "head_dim", "max_position_embeddings", "rms_norm_eps", "rope_parameters",
        "tie_word_embeddings", "bos_token_id", "eos_token_id"]
write_json(FIXTURES / "smollm2" / "weights.json",
           {**provenance("gguf_weights.py"), "config": {k: config.get(k) for k in keep}, "weights": weights})
