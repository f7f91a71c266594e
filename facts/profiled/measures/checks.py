"""Tests on what looks like personal data or a key: check digits, number plans, randomness."""

from __future__ import annotations

import re
from collections.abc import Callable

VARIED = 10
"""Different characters a key has at least: fewer are a placeholder."""

_CARD_DIGITS = re.compile(
    r"4\d{15}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6011\d{12}|65\d{14}|35\d{14}"
)
_SAMPLE_CARDS = re.compile(r"41111|42424|55555|37828|37144|40128|40000|51051|60111|35303|(\d)\1{9}")
_MADE_UP = re.compile(r"1234567|(\d)\1{6}")


def card(found: str) -> bool:
    """Whether a number is one that issuers give out and its check digit is right.

    Lengths, first digits and the check digit are those of ISO/IEC 7812-1, annex B; the numbers
    that payment services publish for tests are left out.
    """
    digits = "".join(c for c in found if c.isdigit())
    if not _CARD_DIGITS.fullmatch(digits) or _SAMPLE_CARDS.match(digits):
        return False
    doubled = [sum(divmod(2 * int(d), 10)) for d in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def iban(found: str) -> bool:
    """Whether the check digits of an account number are right (ISO 13616, mod 97)."""
    plain = found.replace(" ", "")
    moved = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def identity(found: str) -> bool:
    """Whether the check digit of a Chinese identity number is right (ISO 7064, mod 11-2)."""
    total = sum(int(d) * pow(2, 17 - place, 11) for place, d in enumerate(found[:17]))
    return "10X98765432"[total % 11] == found[17].upper()


def public_address(found: str) -> bool:
    """Whether an IP address is a public one (RFC 6890)."""
    from ipaddress import AddressValueError, IPv4Address

    try:
        return IPv4Address(found).is_global
    except AddressValueError:
        return False


def phone(found: str) -> bool:
    """Whether a phone number can be one and is not made up.

    ITU E.164 has 8 to 15 digits; in the North American plan neither area nor exchange begins with
    0 or 1, no area is 555, and 555-0100 to 555-0199 are for fiction.
    """
    digits = "".join(c for c in found if c.isdigit())
    if not 8 <= len(digits) <= 15 or _MADE_UP.search(digits):
        return False
    foreign = (found.startswith("+") and not found.startswith("+1")) or digits.startswith("0")
    if foreign or re.fullmatch(r"1[3-9]\d(?:[ -]?\d{4}){2}", found):
        return True
    local = digits[-10:]
    numbered = re.fullmatch(r"1?[2-9][0-8]\d[2-9]\d{6}", digits) is not None
    return numbered and local[:3] != "555" and not local[3:].startswith("55501")


def varied(found: str) -> bool:
    """Whether a key is made of many different characters, digits among them."""
    return len(set(found)) >= VARIED and any(c.isdigit() for c in found)


def random(found: str) -> bool:
    """Whether what is assigned is a key and not a name: varied, and with digits between letters."""
    value = re.split(r"[:=]\s*[\"']?", found, maxsplit=1)[-1]
    turns = re.findall(r"[A-Za-z]\d|\d[A-Za-z]", value)
    return varied(value) and len(turns) >= 3


def password(found: str) -> bool:
    """Whether the password of an address is more than a word for one."""
    value = found.split("://", 1)[1].rpartition("@")[0].split(":", 1)[1]
    return len(set(value)) >= 6 and any(c.isdigit() for c in value)


CHECKS: dict[str | None, Callable[[str], bool]] = {
    "card": card,
    "iban": iban,
    "identity": identity,
    "public_address": public_address,
    "phone": phone,
    "varied": varied,
    "random": random,
    "password": password,
}
