"""Fusion documents that hypothesis makes up: any text, any times, any overlap."""

from hypothesis import strategies as st

from scribe.domain.coverage import Coverage
from scribe.domain.results import DiarizationDocument, FusionDocument
from scribe.domain.speech import AttributedWord, Segment, SpeakerLabel, speaker_label
from scribe.domain.voices import Identification
from tests.domain.exports.meeting import fusion_document, run_facts

DURATION_S = 60.0

AWKWARD = [
    "Bonjour", "l'équipe", "Oui", "dernière ?", "!", "«", "»", '"', ":", "?", "1.", "#", "---", "-->", "<b>", "</v>",
    "1\u00a0", "&amp;", "{\\an8}", "予算について。", "مرحبا", "👩‍👩‍👧‍👦", "https://a.org/?b=1;c", "Anticonstitution",
    "x" * 60, "\n\n", "\u202e", "\u200d", "\u00a0",
]  # fmt: skip
anything = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=12)
spoken = st.one_of(anything, st.sampled_from(AWKWARD))
times = st.floats(0, DURATION_S, allow_nan=False).map(lambda seconds: round(seconds, 3))


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    start_s, end_s = sorted((draw(times), draw(times)))
    texts = draw(st.lists(spoken, max_size=25))
    label = draw(st.sampled_from([speaker_label(0), speaker_label(1), None]))
    edges = sorted(draw(st.lists(st.floats(start_s, end_s), min_size=2 * len(texts), max_size=2 * len(texts))))
    words = tuple(
        AttributedWord(edges[2 * i], edges[2 * i + 1], text, draw(st.floats(0, 1)), label)
        for i, text in enumerate(texts)
    )
    language = draw(st.sampled_from(["fr", "en", "ja"]))
    text = " ".join(texts) if draw(st.booleans()) or not texts else "des mots corrigés à la main"
    return Segment(start_s, end_s, label, text, words, language)


@st.composite
def meetings(draw: st.DrawFn) -> tuple[FusionDocument, DiarizationDocument]:
    named = draw(st.one_of(st.none(), anything, st.just("Prénom " * 9)))
    turns_of = [segment(0.0, 1.0, speaker_label(0)), segment(0.5, 2.0, speaker_label(1))]
    made_up = draw(st.lists(segments(), max_size=8))
    names = {0: Identification(named, 0.9, None, None, "matched")}
    coverage = Coverage(DURATION_S, 10.0, 0.0, 0.0, 50.0, ())
    return fusion_document([*turns_of, *made_up], coverage, names, run_facts("été 2026.wav", DURATION_S))


def segment(start_s: float, end_s: float, label: SpeakerLabel) -> Segment:
    return Segment(start_s, end_s, label, "", (), "fr")
