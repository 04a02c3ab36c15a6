"""The card's benchmark refuses clearly without one, and its table says what was measured."""

from pathlib import Path

import pytest

from bench import gpu
from bench.gpu import Measured, Trial, report, trials, word_errors
from scribe.engines.card_driver import Card, find_cards

CARD = Card(0, "NVIDIA RTX A2000 12GB", 12_282, "00000000:01:00.0")


@pytest.mark.skipif(bool(find_cards()), reason="there is a card")
def test_without_a_card_it_refuses_and_says_where_to_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert gpu.main([]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "CTranslate2 finds no card" in told.err
    assert "docs/gpu.md" in told.err


def test_every_rung_is_a_row_and_a_failure_is_one_too() -> None:
    options = gpu._options(["--models", "whisper-base", "--batches", "16,1", "--types", "float16"])
    assert [trial.name for trial in trials(options)] == [
        "diarization, cuda",
        "diarization, cpu",
        "whisper-base float16 x16, cuda",
        "whisper-base float16 x1, cuda",
        "whisper-base int8 x4, cpu",
    ]
    on_card = Trial("transcribe", "cuda", "whisper-base", "float16", 16)
    table = report(
        [
            Measured(on_card, 60.0, 0.5, 2.0, 1_500.4, 310.0, "a b c d", steps=("gpu.step_down.batch",)),
            Measured(Trial("transcribe", "cpu", "whisper-base", "int8", 4), 60.0, 6.0, text="a b c e"),
            Measured(Trial("diarize", "cuda"), 60.0, 0.25, speakers=3),
            Measured(on_card, problem="killed"),
        ],
        "A, b; c.",
        CARD,
    ).splitlines()
    assert table[0].startswith("NVIDIA RTX A2000 12GB, 12,282 MB, driver ")
    columns = [line.count("|") for line in table[2:]]
    assert columns == [10] * len(columns)
    assert table[4] == (
        "| whisper-base float16 x16, cuda (gave way: gpu.step_down.batch) | 120.0 | 0.50 | 2.00 | 1,500 | "
        f"{gpu._mb(gpu._estimate(on_card))} | 310 | 33.3 | 25.0 |"
    )
    assert "3 speakers" in table[6]
    assert "failed: killed" in table[7]


def test_word_errors_are_of_plain_words_and_none_without_a_reference() -> None:
    assert word_errors("Bonjour, à tous.", "bonjour à tous") == "0.0"
    assert word_errors(None, "x") == "–"


def test_a_recording_s_reference_lies_beside_it(tmp_path: Path) -> None:
    assert gpu.reference_of(tmp_path / "a.flac") is None
    (tmp_path / "a.stm").write_text(";; header\na 1 x 0.0 1.0 one two\na 1 y 1.0 2.0 three\n")
    assert gpu.reference_of(tmp_path / "a.flac") == "one two three"
