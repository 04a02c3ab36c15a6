"""Two meetings that hold everything an export may meet, built with the same functions as a real run."""

from datetime import UTC, datetime

import numpy as np

from scribe.domain.audio import AudioFacts
from scribe.domain.coverage import Coverage
from scribe.domain.fusion import Fusion
from scribe.domain.meeting import RunWarning, Stage, StageMetrics
from scribe.domain.results import (
    DiarizationDocument,
    FusionDocument,
    ModelFacts,
    RunFacts,
    build_diarization,
    build_fusion,
)
from scribe.domain.speech import AttributedWord, Diarization, Segment, Span, Turn, speaker_label
from scribe.domain.voices import Identification, Voiceprint

CREATED_AT = datetime(2026, 11, 21, 14, 3, 0, tzinfo=UTC)
UNKNOWN = Identification(None, 0.41, "Marc Petit", 0.39, "below-threshold")


def run_facts(recording: str, duration_s: float, warnings: tuple[RunWarning, ...] = ()) -> RunFacts:
    return RunFacts(
        recording=recording,
        audio=AudioFacts(duration_s, "mov,mp4,m4a", "aac", 48_000, 2, "average", 0.0, "ab" * 32, 12_345_678),
        created_at=CREATED_AT,
        product_version="1.2.3",
        models={
            "diarize": [ModelFacts("segmentation-3.0", "12" * 32), ModelFacts("campplus", "34" * 32)],
            "transcribe": [ModelFacts("whisper-base", "56" * 32)],
        },
        settings={
            "diarize": {"max_speakers": None, "step_s": 1.0},
            "transcribe": {"beam_size": 5, "languages": ("fr",)},
        },
        stages=[
            StageMetrics(Stage.CONVERT, 1.25, 1.0, 120.04),
            StageMetrics(Stage.DIARIZE, 20.0, 38.5, 410.0, is_reused=True),
        ],
        warnings=warnings,
    )


def line(
    start_s: float, end_s: float, speaker: int | None, text: str, language: str = "fr", doubts: tuple[str, ...] = ()
) -> Segment:
    """A segment whose words share its time evenly; those in ``doubts`` are uncertain."""
    words = text.split(" ")
    step_s = (end_s - start_s) / len(words)
    label = None if speaker is None else speaker_label(speaker)
    return Segment(
        start_s=start_s,
        end_s=end_s,
        speaker=label,
        text=text,
        words=tuple(
            AttributedWord(
                start_s + i * step_s, start_s + (i + 1) * step_s, word, 0.12 if word in doubts else 0.93, label
            )
            for i, word in enumerate(words)
        ),
        language=language,
    )


def fusion_document(
    segments: list[Segment],
    coverage: Coverage,
    names: dict[int, Identification],
    facts: RunFacts,
) -> tuple[FusionDocument, DiarizationDocument]:
    turns = tuple(Turn(s.start_s, s.end_s, s.speaker) for s in segments if s.speaker is not None)
    print_of = Voiceprint(np.array([1.0, 0.0], dtype=np.float32), "campplus", 12.0)
    diarization = Diarization(
        facts.audio.duration_s, turns, turns, {speaker_label(n): print_of for n in names if n != 2}
    )
    verdicts = {speaker_label(number): verdict for number, verdict in names.items()}
    fusion = Fusion(tuple(segments), coverage, words_moved=3, listened_s=4.5)
    return build_fusion(fusion, facts, diarization, verdicts), build_diarization(diarization, facts, verdicts)


def french_meeting() -> tuple[FusionDocument, DiarizationDocument]:
    segments = [
        line(0.9, 5.6, 0, "Bonjour à tous, je vous propose de commencer. Nous avons trois points à l'ordre du jour."),
        line(5.9, 12.0, 0, "D'abord le budget de l'année prochaine, ensuite le déménagement, et enfin la date."),
        line(12.6, 16.9, 1, "Est-ce que tout le monde a bien reçu le compte rendu ?"),
        line(16.2, 16.8, 2, "Oui !"),
        line(17.4, 24.0, 0, 'Très bien. Il disait : "on verra en septembre"; moi, je préfère juin.', doubts=("juin.",)),
        line(31.0, 39.5, 2, "We signed the contract with Brocksley & Sons, didn't we?", "en", doubts=("Brocksley",)),
        line(40.2, 46.0, 1, "C'est exact : 12 500 euros, à 10:30, sur https://example.org/devis?id=4."),
        line(110.0, 118.0, 1, "Je reviens sur un point. Le bail court jusqu'au 1er mars 2027, pas au-delà."),
        line(119.0, 121.0, None, "Merci à tous."),
    ]
    coverage = Coverage(3725.4, 48.7, 0.6, 7.1, 3669.0, (Span(24.4, 28.5), Span(28.9, 30.9), Span(121.5, 122.5)))
    names = {
        0: Identification("Claire Fontaine", 0.8249, "Marc Petit", 0.21, "matched"),
        1: UNKNOWN,
        2: Identification("José-María O'Connor", 0.71, None, None, "matched"),
    }
    return fusion_document(segments, coverage, names, run_facts("Réunion_de rentrée.m4a", 3725.4))


HOSTILE_NAME = "<script>alert(1)</script> | **Bob** [x](javascript:alert(1))\n\n# Boss"


def hostile_meeting() -> tuple[FusionDocument, DiarizationDocument]:
    long_word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    segments = [
        line(
            0.0, 4.0, 0, "# Not a heading, <b>not bold</b>, [not a link](http://evil.example) and --> no arrow.", "en"
        ),
        line(4.0, 6.0, 1, "</v><v Boss>Fire them all &amp; {\\an8}go\r\n\r\n00:00:01.000 --> 00:00:02.000", "en"),
        line(6.0, 8.0, 0, "1. One | two | ``` $x^2$ ~~gone~~ _soft_ *loud* www.evil.example a@evil.example", "en"),
        line(8.0, 11.0, 2, "مرحبا بالجميع، لنبدأ الاجتماع الآن.", "ar"),
        line(
            11.0,
            16.0,
            2,
            "本日はお集まりいただきありがとうございます。まず予算について話し合いましょう、その後で日程を決めます。",
            "ja",
        ),
        line(16.0, 18.0, 1, "Family: 👩‍👩‍👧‍👦 flag 🇫🇷 wave 👋🏽 done 🎉", "en"),
        line(18.0, 20.0, 1, f"The {long_word} agreed.", "en"),
        line(20.0, 21.0, 0, "--- | :-- | ---", "en"),
        line(21.0, 22.0, 0, "\u202eevil\u202c =SUM(A1)", "en"),
        line(22.0, 23.0, 1, '=HYPERLINK("http://evil.example")', "en"),
        line(23.0, 24.0, 1, "{{ template }} <!-- comment --> `code` \\* &lt;", "en"),
    ]
    coverage = Coverage(25.0, 23.5, 0.5, 0.0, 1.0, ())
    names = {
        0: Identification(HOSTILE_NAME, 0.9, None, None, "matched"),
        1: Identification(
            "Hubert Blaine Wolfeschlegelsteinhausenbergerdorff the Elder of Somewhere", 0.7, None, None, "matched"
        ),
        2: Identification(None, None, None, None, "too-little-speech"),
    }
    facts = run_facts(
        "../../etc/;; <img src=x> _*bold*_ .tar.wav",
        25.0,
        (RunWarning("stage.failed.summarise", "Naming *failed* | <b>."),),
    )
    return fusion_document(segments, coverage, names, facts)
