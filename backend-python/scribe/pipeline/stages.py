"""One function a stage: what it takes, which port it uses, what it gives.

Owns nothing but the calls; the order, the checkpoints and the costs are ``run.py``'s.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from scribe.domain.audio import Waveform
from scribe.domain.carry_over import HandMoves
from scribe.domain.fusion import Fusion, fuse
from scribe.domain.namings import Recognised
from scribe.domain.speech import Diarization, Span, TranscribedBlock, Transcript
from scribe.domain.voices import Identification, Voiceprint
from scribe.pipeline.ports import Identifier, VoiceprintExtractor

UNHEARD = Identification(None, None, None, None, "no-voiceprint")
"""The verdict on a speaker who never spoke alone for long enough."""


def identify_speakers(diarization: Diarization, identifier: Identifier) -> Recognised:
    """A verdict for every speaker, also for those too short to have a voiceprint; for nobody else."""
    recognised = identifier.identify(diarization.voiceprints)
    verdicts = {speaker: recognised.verdicts.get(speaker, UNHEARD) for speaker in diarization.speakers}
    return Recognised(verdicts, recognised.warnings)


def join_blocks(blocks: Iterable[TranscribedBlock], duration_s: float) -> Transcript:
    blocks = tuple(blocks)
    segments = tuple(segment for block in blocks for segment in block.segments)
    spoken_s: defaultdict[str, float] = defaultdict(float)
    for segment in segments:
        spoken_s[segment.language] += segment.end_s - segment.start_s
    language = max(spoken_s, key=lambda code: (spoken_s[code], code)) if spoken_s else None
    return Transcript(duration_s, language, segments, tuple(span for block in blocks for span in block.speech))


def fuse_words_and_turns(
    transcript: Transcript,
    diarization: Diarization | None,
    waveform: Callable[[], Waveform],
    extractor: VoiceprintExtractor,
    moves: HandMoves | None = None,
) -> Fusion:
    """Gives every word its speaker; without a diarization the words stand without speakers.

    ``moves``: what a human gave to somebody in the minutes of an earlier run; those who are found again in this
    diarization keep it, and words that sound like it follow. ``waveform`` is opened only if a word is doubtful enough
    to listen again.
    """
    if diarization is None:
        return fuse(transcript, Diarization(transcript.duration_s, (), ()), None)

    def second_opinion(spans: Sequence[Span]) -> list[Voiceprint | None]:
        return extractor.voiceprints(waveform(), spans)

    return fuse(transcript, diarization, second_opinion, moves.onto(diarization) if moves is not None else ())
