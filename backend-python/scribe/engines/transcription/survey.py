"""Which languages a long recording is in, by listening here and there.

Owns the places to listen at; the decision is in ``language.py``. A recording of one block needs no survey: its own
votes tell. A longer one is heard at a few places first, so that a block of mumbling is read in the language of the
meeting, and a resumed run knows what the first one knew.

Usage::

    shares = survey_languages(model, waveform, detector, allowed=())
"""

from collections.abc import Sequence

from scribe.domain.audio import Waveform
from scribe.engines.transcription.blocks import MAX_BLOCK_S
from scribe.engines.transcription.language import LanguageVote, language_shares, weigh
from scribe.engines.transcription.voice_activity import VoiceActivityDetector
from scribe.engines.transcription.whisper import POSITIONS_PER_SECOND, Whisper
from scribe.engines.transcription.windows import cut_windows

NUM_PLACES = 8
LISTEN_S = 30.0
"""Heard by the voice detector at each place."""
VOTE_S = 10.0
"""Of speech, encoded at each place: 0.1 CPU s with the base model, against 0.8 for 30 s."""
MIN_VOTE_S = 3.0


def survey_languages(
    model: Whisper, waveform: Waveform, detector: VoiceActivityDetector, allowed: Sequence[str]
) -> dict[str, float]:
    """The share of each language, from up to ``NUM_PLACES`` stretches of speech; empty for a short recording."""
    if waveform.duration_s <= MAX_BLOCK_S:
        return {}
    votes = []
    for place in range(NUM_PLACES):
        start_s = waveform.duration_s * (place + 0.5) / NUM_PLACES
        samples = waveform.seconds(start_s, start_s + LISTEN_S)
        for window in cut_windows(detector.listen(samples), max_s=VOTE_S)[:1]:
            if window.duration_s >= MIN_VOTE_S:
                encoded = model.encode(window.audio(samples))
                heard = encoded[: round(window.duration_s * POSITIONS_PER_SECOND)]
                votes.append(LanguageVote(window.duration_s, weigh(model.detect_language(heard), allowed)))
    return language_shares(votes)
