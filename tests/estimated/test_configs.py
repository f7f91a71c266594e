"""A model's config by file, folder, cache or spec: what is read, and what is said otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from transxlab.facts.asked.beside import Beside, beside
from transxlab.facts.calculator import Scope
from transxlab.facts.catalogued.configs import NoConfig, load
from transxlab.facts.catalogued.models import models
from transxlab.facts.estimated.anatomy import Anatomy, Gap
from transxlab.facts.estimated.config import anatomy
from transxlab.facts.estimated.parameters import total
from transxlab.facts.estimated.reading import MODEL, model_of
from transxlab.facts.estimated.scratch import config_of_spec, family
from transxlab.facts.situation import Facts
from transxlab.facts.vocabulary.lab import vocabulary_for

SPEC = {
    "model_type": "encoder_decoder",
    "d_model": 512,
    "n_heads": 8,
    "n_encoder_layers": 6,
    "n_decoder_layers": 6,
    "d_ff": 2048,
    "max_seq_len": 512,
    "vocab_size": 32000,
    "positional_encoding": "learned",
    "normalization": "pre_norm",
}


def given(path: Path) -> Facts:
    facts = Facts(vocabulary_for(path.parent))
    assert beside(Beside(model_config=str(path)), facts) == []
    return facts


@pytest.mark.parametrize("card", models()[::7], ids=lambda card: card.name)
def test_a_given_config_loses_nothing_on_its_way_through_the_slots(
    card: Any, tmp_path: Path
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(card.config()))
    facts = given(path)
    assert facts.known("model.params").value == card.params  # type: ignore[union-attr]
    assert total(model_of(Scope(facts, {}, (*MODEL, "config.stage")))) == card.params


def test_a_spec_is_counted_as_the_family_it_is_built_as(tmp_path: Path) -> None:
    import yaml

    path = tmp_path / "architecture_spec.yaml"
    path.write_text(yaml.safe_dump(SPEC))
    facts = given(path)
    embedding, positions = 32000 * 512, 2 * 514 * 512
    side = 4 * (512 * 512 + 512) + 2 * 512 * 2048 + 2048 + 512
    encoder, decoder = side + 2 * 1024, side + 4 * (512 * 512 + 512) + 3 * 1024
    wanted = embedding + positions + 6 * (encoder + decoder) + 4 * 1024
    assert facts.known("model.params").value == wanted  # type: ignore[union-attr]


def test_what_a_spec_asks_for_names_its_family() -> None:
    decoder = {"model_type": "decoder"}
    assert family({"model_type": "encoder"}) == "bert"
    assert family({**decoder, "n_experts": 8}) == "mixtral"
    assert family({**decoder, "qk_norm": True}) == "qwen3"
    assert family({**decoder, "gated_ffn": True}) == "llama"
    assert family({**decoder, "positional_encoding": "alibi"}) == "bloom"
    assert family(decoder) == "gpt2"
    assert family({**SPEC, "normalization": "post_norm"}) == "bart"
    assert family({**SPEC, "positional_encoding": "relative"}) == "t5"
    small = {"d_model": 64, "n_layers": 2, "n_heads": 4, "vocab_size": 100}
    for kind in ("decoder", "encoder"):
        assert isinstance(anatomy(config_of_spec({"model_type": kind, **small})), Anatomy)  # type: ignore[arg-type]


def test_what_a_spec_lacks_is_named() -> None:
    short = config_of_spec({"model_type": "decoder", "d_model": 64, "n_heads": "eight"})
    assert isinstance(short, Gap)
    assert short.reason.endswith("n_layers, n_heads, vocab_size")
    assert isinstance(config_of_spec({"model_type": "llama"}), Gap)


def test_folders_and_caches_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    snapshot = tmp_path / "hub" / "hub" / "models--some--model" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text('{"model_type": "llama", "hidden_size": 8}')
    assert load(str(snapshot))["hidden_size"] == 8
    assert load("some/model")["hidden_size"] == 8
    kept = tmp_path / "own" / "transxlab" / "configs" / "other--model.json"
    kept.parent.mkdir(parents=True)
    kept.write_text('{"model_type": "gpt2"}')
    assert load("other/model")["model_type"] == "gpt2"
    with pytest.raises(NoConfig, match="HF_HUB_OFFLINE is set"):
        load("no/such")


def test_without_a_network_one_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(NoConfig, match=r"cannot be reached .*give its config.json as a file"):
        load("no/such")


def test_a_fetched_config_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    asked = []

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if "gated" not in self.path else 401)
            self.end_headers()
            self.wfile.write(b'{"model_type": "llama"}')

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    try:
        assert load("a/b") == load("a/b") == {"model_type": "llama"}
        assert asked == ["/a/b/resolve/main/config.json"]
        with pytest.raises(NoConfig, match="is gated"):
            load("a/gated")
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("text", "said"), [("{", "is not JSON"), ("[]", "model_type is missing"), ("", "is not JSON")]
)
def test_broken_files_are_said(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(NoConfig, match=said):
        load(str(path))
