"""Alignment with a wav2vec2 directory: a tiny network with random weights has the interface of a real one."""

import json
from pathlib import Path

import pytest

from backends import torchaudio_compat
from backends.wav2vec2 import Wav2Vec2Aligner
from pipelines.isolation import IsolationConfig, run_isolated
from schemas.outcomes import BadInputError
from tests.makers import speech
from transforms.spoken_words import spoken_words


def save_tiny_model(folder: Path) -> Path:
    """Write a wav2vec2 CTC model of a few thousand random weights as transformers saves one."""
    torchaudio_compat.install()
    import torch
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2CTCTokenizer,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForCTC,
        Wav2Vec2Processor,
    )

    folder.mkdir()
    letters = ["[PAD]", "[UNK]", "|", *"abcdefghijklmnopqrstuvwxyz'"]
    vocabulary = folder / "vocab.json"
    vocabulary.write_text(json.dumps({c: i for i, c in enumerate(letters)}))
    tokenizer = Wav2Vec2CTCTokenizer(
        str(vocabulary), unk_token="[UNK]", pad_token="[PAD]", word_delimiter_token="|"
    )
    extractor = Wav2Vec2FeatureExtractor(sampling_rate=16000, return_attention_mask=False)
    Wav2Vec2Processor(extractor, tokenizer).save_pretrained(folder)
    torch.manual_seed(0)
    config = Wav2Vec2Config(
        vocab_size=len(letters), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, conv_dim=(16,) * 7, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=2,
    )  # fmt: skip
    Wav2Vec2ForCTC(config).save_pretrained(folder)
    return folder


def align_tiny(folder: str) -> list[tuple[float, float] | None]:
    aligner = Wav2Vec2Aligner(str(save_tiny_model(Path(folder) / "tiny")))
    assert aligner.name.endswith("/tiny") and aligner.aligns("pt")
    found = aligner.align(speech(3.0), spoken_words(["it", "cost", "$5", "in", "the", "U.S."]))
    return [None if at is None else (at.start_seconds, at.end_seconds) for at in found.words]


def test_words_get_times_in_order(tmp_path: Path) -> None:
    # In a process of its own: transformers leaves lazy modules behind that Hypothesis trips over.
    config = IsolationConfig(num_processes=1)
    found = run_isolated(align_tiny, str(tmp_path), config=config, media_seconds=60)
    assert len(found) == 6 and None not in found
    edges = [edge for at in found if at is not None for edge in at]
    assert edges == sorted(edges) and edges[-1] <= 3.1


def test_a_directory_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"config\.json is missing"):
        Wav2Vec2Aligner(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"a pickle")
    with pytest.raises(BadInputError, match=r"model\.safetensors is missing"):
        Wav2Vec2Aligner(str(tmp_path))
