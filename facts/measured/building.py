"""The real class of a model with its adapters, on simulated tensors that hold no numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transxlab.facts.catalogued.table import rows
from transxlab.facts.estimated.parameters import Adapters
from transxlab.facts.estimated.setup import Profile, Setup
from transxlab.facts.measured.quantized import adapted, quantize
from transxlab.facts.measured.torched import CannotSimulate, package

TYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
"""Storage types that torch itself has."""
QUANTIZED = ("nf4", "fp4", "int8")
"""Storage types that are simulated by byte-sized weights."""
LOADERS = 4
"""Tensors on their way into the device at once (transformers 5 core_model_loading.py)."""
CLASSES = {
    "classification": "AutoModelForSequenceClassification",
    "token_classification": "AutoModelForTokenClassification",
    "rm": "AutoModelForSequenceClassification",
    "prm": "AutoModelForTokenClassification",
    "embedding": "AutoModel",
}
"""The class a stage trains, where it is not a language model."""


def dtype(name: str | None) -> Any:
    """The torch type of a storage type; bf16 for quantised and unknown ones."""
    return getattr(package("torch"), TYPES.get(name or "", "bfloat16"))


def spelled(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config under the names that its own class in transformers takes."""
    kind = config.get("model_type")
    own = dict(config)
    for row in rows("transxlab.facts.measured", "spelling.csv"):
        if row["model_type"] == kind and row["key"] in own:
            value = own.pop(row["key"])
            own.update({name: own.get(name, value) for name in row["name"].split()})
    if kind == "gpt_neo" and "attention_types" not in own:
        own["attention_types"] = [[["global", "local"], own["num_hidden_layers"] // 2]]
    return own


def configured(config: Mapping[str, Any], stage: str | None = None) -> Any:
    """The config object of transformers; CannotSimulate for a family it does not have."""
    own = spelled(config)
    kind = own.pop("model_type", None)
    own.pop("quantization_config", None)
    auto = package("transformers").AutoConfig
    try:
        found = auto.for_model(kind, **own)
    except Exception as problem:
        said = str(problem).strip().partition(". ")[0].partition("\n")[0]
        raise CannotSimulate(f"transformers cannot configure {kind!r}: {said}") from None
    found.use_cache = False
    if found.is_encoder_decoder and getattr(found, "decoder_start_token_id", None) is None:
        found.decoder_start_token_id = 0  # configs of checkpoints say it, dimensions alone do not
    if stage in ("classification", "rm"):  # what transformers else reads from the labels
        found.num_labels = 1 if stage == "rm" else max(2, found.num_labels)
        found.problem_type = "regression" if stage == "rm" else "single_label_classification"
        found.pad_token_id = 0 if found.pad_token_id is None else found.pad_token_id
    return found


def maker(config: Any, stage: str | None) -> Any:
    """The auto class that builds the model a stage trains."""
    transformers = package("transformers")
    if stage in CLASSES:
        return getattr(transformers, CLASSES[stage])
    named = (getattr(config, "architectures", None) or [""])[0]
    own = getattr(transformers, named, None) if "For" in named else None
    if own is not None:
        return _Named(own)
    autos = package("transformers.models.auto.modeling_auto")
    kind = config.model_type
    for names, auto in (
        (autos.MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING_NAMES, "AutoModelForSpeechSeq2Seq"),
        (autos.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES, "AutoModelForSeq2SeqLM"),
        (autos.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES, "AutoModelForImageTextToText"),
        (autos.MODEL_FOR_MASKED_LM_MAPPING_NAMES, "AutoModelForMaskedLM"),
        (autos.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, "AutoModelForCausalLM"),
    ):
        decodes = getattr(config, "is_decoder", False) and auto == "AutoModelForMaskedLM"
        if kind in names and not decodes:
            return getattr(transformers, auto)
    return transformers.AutoModel


class _Named:
    """A class that a config names, built as the auto classes build theirs."""

    def __init__(self, made: Any) -> None:
        self.from_config = made._from_config


def bare(config: Any, stage: str | None, weights: str | None, attention: str | None) -> Any:
    """The model on the meta device, without adapters."""
    torch = package("torch")
    kernel = "eager" if attention == "eager" else "sdpa"
    with torch.device("meta"):
        try:
            made = maker(config, stage).from_config(
                config, dtype=dtype(weights), attn_implementation=kernel
            )
        except ValueError:  # families without SDPA attention train with eager attention
            made = maker(config, stage).from_config(
                config, dtype=dtype(weights), attn_implementation="eager"
            )
    return made


def with_adapters(model: Any, adapters: Adapters, stage: str | None) -> Any:
    """The model wrapped by PEFT; CannotSimulate where PEFT refuses."""
    peft = package("peft")
    targets: Any = list(adapters.targets) or None
    if adapters.all_linear or adapters.targets == ("all-linear",):
        targets = "all-linear"
    tasks = {"classification": "SEQ_CLS", "rm": "SEQ_CLS", "token_classification": "TOKEN_CLS"}
    task = tasks.get(stage or "")
    if task is None and hasattr(model, "prepare_inputs_for_generation"):
        seq2seq = getattr(model.config, "is_encoder_decoder", False)
        task = "SEQ_2_SEQ_LM" if seq2seq else "CAUSAL_LM"
    lora = peft.LoraConfig(
        r=adapters.rank,
        target_modules=targets,
        exclude_modules=list(adapters.excluded) or None,
        modules_to_save=list(adapters.saved) or None,
        lora_dropout=adapters.dropout,
        use_dora=adapters.dora,
        bias=adapters.bias,
        task_type=task,
        layers_to_transform=None if adapters.layers is None else list(range(adapters.layers)),
    )
    with package("torch").device("meta"):
        try:
            return peft.get_peft_model(model, lora, low_cpu_mem_usage=True)
        except ValueError as problem:
            raise CannotSimulate(f"PEFT refuses these adapters: {problem}") from None


def prepared(model: Any) -> None:
    """Freeze all, and make fp32 what is not quantised (``prepare_model_for_kbit_training``)."""
    torch = package("torch")
    for parameter in model.parameters():
        parameter.requires_grad = False
        if parameter.dtype in (torch.float16, torch.bfloat16):
            parameter.data = parameter.data.to(torch.float32)


def build(config: Any, setup: Setup, profile: Profile, stage: str | None) -> Any:
    """The model a run trains, on the meta device, with adapters and quantised layers."""
    if setup.quantized and setup.weights not in QUANTIZED:
        raise CannotSimulate(f"weights stored as {setup.weights} are not simulated")
    kept = setup.compute if setup.quantized else setup.weights
    model = bare(config, stage, kept, setup.attention)
    layers = []
    if setup.quantized:
        layers = quantize(
            model,
            str(setup.weights),
            dtype(setup.compute),
            double=setup.double_quantized,
            head=profile.head_quantized,
        )
        if profile.kbit_fp32:
            prepared(model)
    if setup.adapter:
        if setup.adapters is None:
            raise CannotSimulate("the rank of the adapters is not known")
        model = with_adapters(model, setup.adapters, stage)
        _settle(model, layers, dtype(profile.adapter))
    if setup.checkpointing == "full":
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        if setup.adapter:
            model.enable_input_require_grads()
    elif setup.checkpointing not in (None, "none"):
        raise CannotSimulate(f"{setup.checkpointing} checkpointing is not simulated")
    return model.train()


def _settle(model: Any, quantized: list[Any], wanted: Any) -> None:
    """Give adapters their type, and quantised layers the forward pass that PEFT gives them."""
    from types import MethodType

    inside = {id(layer) for layer in quantized}
    for parameter in model.parameters():
        if parameter.requires_grad and parameter.dtype != wanted:
            parameter.data = parameter.data.to(wanted)
    for module in model.modules():
        base = getattr(module, "base_layer", None)
        if base is not None and id(base) in inside:
            module.forward = MethodType(adapted, module)


def simulate_tensors(model: Any, ledger: Any) -> None:
    """Replace every parameter and buffer by a simulated tensor; tied ones stay tied.

    Quantised layers pass through 16 bits, several at a time, as when a checkpoint is loaded: that
    decides how the allocator cuts the blocks their bytes come to lie in.
    """
    torch = package("torch")
    done: dict[int, Any] = {}
    coming = [m for m in model.modules() if hasattr(m, "compute")]
    wide: list[Any] = []
    for module in model.modules():
        ledger.kind = "weights"
        while hasattr(module, "compute") and coming and len(wide) < LOADERS:
            ahead = coming.pop(0)
            wide.append(torch.empty((ahead.out_features, ahead.in_features), dtype=ahead.compute))
        for name, held in list(module._buffers.items()):
            if held is not None:
                module._buffers[name] = torch.empty(held.shape, dtype=held.dtype)
        for name, held in list(module._parameters.items()):
            if held is None:
                continue
            if id(held) not in done:
                ledger.kind = "adapters" if _is_adapter(model, held) else "weights"
                empty = torch.empty(held.shape, dtype=held.dtype)
                made = torch.nn.Parameter(empty, requires_grad=held.requires_grad)
                done[id(held)] = (made, held)
            module._parameters[name] = done[id(held)][0]
        if hasattr(module, "compute"):
            wide.pop(0)


def _is_adapter(model: Any, parameter: Any) -> bool:
    """Whether a parameter belongs to adapters: it trains inside a model that PEFT wrapped."""
    return bool(parameter.requires_grad and hasattr(model, "peft_config"))
