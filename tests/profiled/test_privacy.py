"""Personal data and secrets: what is found, what is an example of one, and that nothing is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import planted as data
import pytest
from transxlab.facts.profiled.profile import profile
from transxlab.facts.profiled.results import SplitProfile

KEY = "".join(chr(65 + (7 * i) % 26) for i in range(10)) + "3Q9ZT2"
TOKEN = "aB3dE5gH7jK9mN1pQ4sT6vW8yZ0cF2hL5nR8"

PLANTED = {
    "email": "Write to maria.keller@uni-freiburg.de about it.",
    "phone": "You can reach the office at (213) 484-0480 today.",
    "ip_address": "The login came from 81.169.145.156 at night.",
    "credit_card": "He paid with 4539 1488 0343 6467 and left.",
    "iban": "Please transfer to AT61 1904 3002 3457 3201 soon.",
    "social_security": "Her number is 536-22-8716 as far as I know.",
    "national_id": "身份证号码是11010519491231002X，请核对。",
    "private_key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAx9z0Yq3Jm1k2u8\n",
    "cloud_key": f"aws_access_key_id AKIA{KEY}",
    "service_token": f"git clone with ghp_{TOKEN}",
    "signed_token": "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJ1aWQiOjk4MTIzfQ." + TOKEN,
    "assigned_secret": f'client_secret = "{TOKEN}"',
    "password_in_address": "postgres://svc_app:h7Kq2vXw@10.1.2.3/prod",
}

HARMLESS = [
    "Write to jane@example.com or your.name@gmail.com or git@github.com",
    "See logo@2x.png, and user@localhost, and info@mycompany.com",
    "The server listens on 127.0.0.1 and 192.168.0.10 behind 255.255.255.0",
    "Install version 28.0.0.137 and read section 4.3.2.1",
    "Call (555) 123-4567 or 213-555-0123 or 1-800-123-4567",
    "Compute 472547338\n+960397912423686\n and 213-484-0480 = -751",
    "3760139000000 milligrams, 4539148803436467 * 2, 10105199 / 3",
    "The digits are 3.14159265358979323846264338327950288",
    "<<20*5=100>>100 and <<213*484=103092>>103092",
    "password = os.environ['DATABASE_PASSWORD_FOR_PRODUCTION_1']",
    "api_key = 'YOUR_API_KEY_GOES_HERE_12345', token: <your-access-token-0123456789>",
    "export OPENAI_API_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "AKIAIOSFODNN7EXAMPLE is the key in the manual",
    "mysql://user:password@localhost/db and redis://:secret123@host:6379",
    "card 4111 1111 1111 1111, account DE89 3704 0044 0532 0130 00, SSN 123-45-6789",
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A",
    "ISBN 978-3-16-148410-0, tracked 2023-01-15 12:30:45, sha 9f86d081884c7d659a2feaa0c55ad015",
    "an_identifier_that_is_longer_than_sixteen_letters(assigned_secret_token=None)",
]


def measured(path: Path, rows: list[str]) -> SplitProfile:
    data.write(path, [{"instruction": "Say it.", "output": row} for row in rows])
    return profile({"train": path}).splits["train"]


@pytest.mark.parametrize("kind", PLANTED)
def test_what_is_planted_is_found_by_kind_and_line(tmp_path: Path, kind: str) -> None:
    rows = data.natural(20)
    rows[12] += " " + PLANTED[kind]
    found = measured(tmp_path / "train.jsonl", rows)
    assert found.privacy.kinds == ((kind, 1),)
    ((named, places),) = found.privacy.places
    assert named == kind
    assert [found.where(place) for place in places] == [f"{tmp_path / 'train.jsonl'}:13"]


@pytest.mark.parametrize("text", HARMLESS)
def test_examples_and_arithmetic_are_not(tmp_path: Path, text: str) -> None:
    found = measured(tmp_path / "train.jsonl", [*data.natural(3), text])
    assert found.privacy.kinds == ()
    assert found.privacy.rows == 0


def test_the_rejected_answer_and_the_end_of_a_long_row_are_looked_at(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"prompt": "Who?", "chosen": "Nobody.", "rejected": PLANTED["email"]},
        {"prompt": "Who?", "chosen": "word " * 50_000 + PLANTED["phone"], "rejected": "Nobody."},
    ]
    found = profile({"train": data.write(tmp_path / "t.jsonl", rows)}).splits["train"]
    assert found.privacy.kinds == (("email", 1), ("phone", 1))


def test_it_is_counted_and_named_and_never_printed(tmp_path: Path, transxlab: Any) -> None:
    path = tmp_path / "train.jsonl"
    data.write(path, [{"instruction": f"Say {n}.", "output": t} for n, t in enumerate(secrets())])
    for form in ("text", "json"):
        shown = transxlab("data", str(path), "--format", form)
        assert shown.code == 1
        text = " ".join(shown.out.split())
        assert "private key in 1 row" in text and "train.jsonl:8" in text
        for planted in secrets():
            assert planted[-12:] not in shown.out and planted[:25] not in shown.out
    plain = json.loads(shown.out)
    assert {"DAT006", "DAT014"} <= {found["rule"] for found in plain["findings"]}


def secrets() -> list[str]:
    return list(PLANTED.values())


def test_natural_sets_do_not_cry_wolf() -> None:
    folder = Path(__file__).parents[2] / ".." / "shared" / "corpus" / "data"
    if not folder.exists():
        pytest.skip("no corpus beside the project")
    for name in ("gsm8k_test", "math_dm", "human_eval", "alpaca_en_demo", "nq_open_val", "dpo_en"):
        found = profile({"train": folder / f"{name}.jsonl"}).splits["train"].privacy
        assert found.rows == 0, (name, found.kinds)
