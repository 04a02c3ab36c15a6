"""bench/normalise.py: spellings that must compare equal."""

import pytest

from bench.normalise import french_number, normaliser


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "zéro"),
        (17, "dix-sept"),
        (21, "vingt et un"),
        (71, "soixante et onze"),
        (80, "quatre-vingt"),
        (81, "quatre-vingt un"),
        (91, "quatre-vingt onze"),
        (99, "quatre-vingt dix-neuf"),
        (100, "cent"),
        (200, "deux cent"),
        (1789, "mille sept cent quatre-vingt neuf"),
        (2026, "deux mille vingt six"),
        (3_000_001, "trois million un"),
    ],
)
def test_numbers_in_french_words(value: int, words: str) -> None:
    assert french_number(value) == words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("C’est l'été, n'est-ce pas ?", "c est l été n est ce pas"),
        ("L'œuf coûte 20 €.", "l'oeuf coûte vingt euros"),
        ("Il y a 80 personnes", "il y a quatre-vingts personnes"),
        ("20 h", "vingt heures"),
        ("10 000 habitants", "dix mille habitants"),
        ("M. Dupont et Mme Durand", "monsieur Dupont et madame Durand"),
        ("le 1er mai", "le premier mai"),
    ],
)
def test_two_french_spellings_compare_equal(one: str, other: str) -> None:
    assert normaliser("fr")(one) == normaliser("fr")(other)


def test_english_uses_whispers_own_rules() -> None:
    assert normaliser("en")("I don't know twenty-one colours!") == normaliser("en")("i do not know 21 colors")


def test_different_words_stay_different() -> None:
    assert normaliser("fr")("dessert") != normaliser("fr")("désert")
