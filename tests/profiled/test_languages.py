"""The language mix: languages by script and small words, code and mathematics as such."""

from __future__ import annotations

from pathlib import Path

import planted as data
import pytest
from transxlab.facts.profiled.facts import as_split
from transxlab.facts.profiled.measures.languages import judged
from transxlab.facts.profiled.profile import profile

TEXTS = {
    "en": "Write a haiku about autumn leaves.",
    "de": "Der Hund läuft durch den Garten und bellt die Katze an.",
    "fr": "Quelle est la capitale de la France et combien d'habitants a-t-elle ?",
    "es": "¿Cuál es la capital de España y cuántos habitantes tiene?",
    "pt": "Qual é a capital do Brasil e quantos habitantes ela tem?",
    "it": "Qual è la capitale d'Italia e quanti abitanti ha?",
    "nl": "Wat is de hoofdstad van Nederland en hoeveel inwoners heeft het?",
    "sv": "Vad är huvudstaden i Sverige och hur många bor där?",
    "fi": "Mikä on Suomen pääkaupunki ja kuinka monta asukasta siellä on?",
    "pl": "Jaka jest stolica Polski i ilu ma mieszkańców?",
    "tr": "Bu kitap çok güzel ve daha önce okuduğum her şey gibi değil.",
    "vi": "Thủ đô của Pháp là gì và có bao nhiêu người?",
    "ru": "Какой город является столицей России и сколько в нём жителей?",
    "uk": "Яке місто є столицею України і скільки в ньому мешканців?",
    "ar": "ما هي عاصمة مصر وكم عدد سكانها في هذا العام؟",
    "zh": "法国的首都是哪里？有多少人口？",
    "ja": "フランスの首都はどこですか？人口は何人ですか？",
    "ko": "프랑스의 수도는 어디이며 인구는 얼마나 됩니까?",
    "hi": "फ्रांस की राजधानी क्या है और इसकी जनसंख्या कितनी है?",
    "code": "def f(x):\n    return [i * i for i in range(x) if i % 2 == 0]\n\nprint(f(10))\n",
    "maths": r"\frac{a}{b} + \sqrt{x^2 + 3} = \frac{12}{7}",
    "und": "Hm. 17!",
}


def test_languages_code_and_mathematics_are_told_apart() -> None:
    assert dict(zip(TEXTS, judged(list(TEXTS.values())), strict=True)) == {c: c for c in TEXTS}


def test_a_text_is_judged_the_same_alone() -> None:
    assert [judged([text])[0] for text in TEXTS.values()] == judged(list(TEXTS.values()))


def test_the_mix_is_shown_by_share(tmp_path: Path) -> None:
    rows = [(TEXTS["de"], 60), (TEXTS["en"], 25), (TEXTS["code"], 15)]
    texts = [f"{text}\n({n})" for text, count in rows for n in range(count)]
    path = data.write(tmp_path / "t.jsonl", [{"prompt": "1", "completion": t} for t in texts])
    split = as_split(profile({"train": path}).splits["train"])
    assert (split.language, split.language_share) == ("de", 0.6)
    assert split.other_language_share == 0.25
    assert split.languages == ("de 60 %", "en 25 %", "code 15 %")


@pytest.mark.parametrize(
    ("name", "code", "least"),
    [("gsm8k_test", "en", 0.99), ("boolq", "en", 0.99), ("nq_open_val", "en", 0.97),
     ("oaast_zh", "zh", 0.92), ("alpaca_zh_demo", "zh", 0.92)],
)  # fmt: skip
def test_sets_of_one_language(name: str, code: str, least: float) -> None:
    path = Path(__file__).parents[2] / ".." / "shared" / "corpus" / "data" / f"{name}.jsonl"
    if not path.exists():
        pytest.skip("no corpus beside the project")
    found = profile({"train": path}).splits["train"].languages
    assert found.language == code
    assert found.share is not None and found.share >= least
