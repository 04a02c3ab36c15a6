"""One block of audio into segments, with a loaded model.

Owns the way from windows to checked, aligned segments; never reads a recording, holds nothing between blocks.

Usage::

    segments = BlockTranscriber(model, Decoding(), Speed(), (), None, (), {}).transcribe(block, progress)
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from scribe.domain.speech import TranscriptSegment
from scribe.engines.transcription.blocks import Block
from scribe.engines.transcription.guards import Verdict, judge
from scribe.engines.transcription.language import LanguageVote, language_shares, smooth_languages, weigh
from scribe.engines.transcription.segments import Line, build_segments, place_line
from scribe.engines.transcription.skipped import (
    find_holes,
    find_thin_pieces,
    is_better_reading,
    letters_in,
    usual_pace,
)
from scribe.engines.transcription.voice_activity import SampleSpan
from scribe.engines.transcription.whisper import POSITIONS_PER_SECOND, Decoded, Decoding, Encoded, Whisper
from scribe.engines.transcription.windows import Window, cut_windows
from scribe.engines.transcription.words import is_inside

MIN_SLICE_S = 4.0
"""Speech needed for one vote on the language: under 3 s detection is a guess."""
TOKENS_PER_SECOND = 12.0
TOKENS_SLACK = 20
"""Fast French reaches 8 tokens a second; the bound only keeps a runaway decoder short."""
RETRY_NGRAM = 5
"""Second attempts may not say any five tokens twice."""


@dataclass(frozen=True, slots=True)
class Speed:
    batch_size: int = 4
    """Windows decoded at once."""
    encode_batch_size: int = 1
    """Windows encoded at once; 1 on a processor, see ``whisper.py``."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """A window with what is known of it so far."""

    window: Window
    encoded: Encoded
    language: str

    @property
    def duration_s(self) -> float:
        return self.window.duration_s


class BlockTranscriber:
    def __init__(
        self,
        model: Whisper,
        decoding: Decoding,
        speed: Speed,
        vocabulary: Sequence[str],
        fixed_language: str | None,
        allowed_languages: Sequence[str],
        language_shares: Mapping[str, float],
    ) -> None:
        self._model = model
        self._decoding = decoding
        self._speed = speed
        self._vocabulary = vocabulary
        self._fixed = fixed_language
        self._allowed = allowed_languages
        self._shares = language_shares

    def transcribe(self, block: Block, progress: Callable[[float], None]) -> tuple[TranscriptSegment, ...]:
        """``progress`` gets the fraction of the block that is done, after every batch."""
        heard = self._hear(block)
        lines: list[tuple[Heard, Line]] = []
        done_s, total_s = 0.0, sum(item.duration_s for item in heard)
        for batch in self._batches(heard):
            lines += self._place(self._believe(batch, block), block)
            done_s += sum(item.duration_s for item in batch)
            progress(min(done_s / total_s, 1.0))
        read = self._read_skipped(heard, lines, block)
        segments = [segment for line in read for segment in build_segments(line, block)]
        return tuple(sorted(segments, key=lambda segment: segment.start_s))

    def _hear(self, block: Block) -> list[Heard]:
        """Every window encoded, in one language each."""
        cut = cut_windows(block.activity)
        encoded = self._encode_all(cut, block)
        if self._fixed is not None:
            return [Heard(window, states, self._fixed) for window, states in zip(cut, encoded, strict=True)]
        slices = [(index, first, last) for index, window in enumerate(cut) for first, last in slice_pieces(window)]
        votes = [self._vote(cut[index], encoded[index], first, last) for index, first, last in slices]
        shares = self._shares or language_shares(votes)
        languages = smooth_languages(votes, shares)
        heard: list[Heard] = []
        for index, window in enumerate(cut):
            runs = _runs([(s[1], s[2], lang) for s, lang in zip(slices, languages, strict=True) if s[0] == index])
            if len(runs) == 1:
                heard.append(Heard(window, encoded[index], runs[0][2]))
                continue
            for first, last, language in runs:
                part = Window(window.pieces[first:last])
                heard.append(Heard(part, self._encode(part, block), language))
        return heard

    def _encode(self, window: Window, block: Block) -> Encoded:
        return self._model.encode(window.audio(block.samples))

    def _encode_all(self, windows: Sequence[Window], block: Block) -> list[Encoded]:
        sounds = [window.audio(block.samples) for window in windows]
        return self._model.encode_all(sounds, self._speed.encode_batch_size)

    def _vote(self, window: Window, encoded: Encoded, first: int, last: int) -> LanguageVote:
        """The language of some pieces of a window, from that part of its encoding."""
        begin_s = Window(window.pieces[:first]).duration_s
        duration_s = Window(window.pieces[first:last]).duration_s
        begin = math.floor(begin_s * POSITIONS_PER_SECOND)
        length = math.ceil(max(duration_s, MIN_SLICE_S) * POSITIONS_PER_SECOND)
        probabilities = self._model.detect_language(encoded[begin : begin + length])
        return LanguageVote(duration_s, weigh(probabilities, self._allowed))

    def _batches(self, heard: Sequence[Heard]) -> Iterator[list[Heard]]:
        """Windows of one encoded length, by duration: a batch takes as many steps as its longest text."""
        ordered = sorted(heard, key=lambda item: (item.encoded.shape[0], item.duration_s))
        for _, alike in groupby(ordered, key=lambda item: item.encoded.shape[0]):
            items = list(alike)
            for first in range(0, len(items), self._speed.batch_size):
                yield items[first : first + self._speed.batch_size]

    def _decode(self, batch: Sequence[Heard], decoding: Decoding) -> list[Decoded]:
        longest_s = max(item.duration_s for item in batch)
        limit = math.ceil(longest_s * TOKENS_PER_SECOND) + TOKENS_SLACK
        return self._model.decode([item.encoded for item in batch], [item.language for item in batch], decoding, limit)

    def _believe(self, batch: Sequence[Heard], block: Block) -> list[tuple[Heard, Decoded]]:
        believed: list[tuple[Heard, Decoded]] = []
        for item, decoded in zip(batch, self._decode(batch, self._decoding), strict=True):
            verdict = judge(decoded, item.duration_s, self._vocabulary)
            if verdict is Verdict.KEEP:
                believed.append((item, decoded))
            elif verdict is Verdict.RETRY:
                believed += self._retry(item, block)
        return believed

    def _retry(self, item: Heard, block: Block) -> list[tuple[Heard, Decoded]]:
        """A window that ran away, decoded again in two halves, without vocabulary and without repetitions."""
        windows = halves(item.window)
        again = replace(self._decoding, vocabulary="", no_repeat_ngram_size=RETRY_NGRAM)
        believed: list[tuple[Heard, Decoded]] = []
        for window in windows:
            part = Heard(window, self._encode(window, block), item.language)
            [decoded] = self._decode([part], again)
            if judge(decoded, part.duration_s, self._vocabulary) is Verdict.KEEP:
                believed.append((part, decoded))
        return believed

    def _place(self, believed: Sequence[tuple[Heard, Decoded]], block: Block) -> list[tuple[Heard, Line]]:
        """Word times for the batch, one alignment per language and encoded length (second attempts are shorter)."""
        lines: list[tuple[Heard, Line]] = []
        for language, length in sorted({(item.language, item.encoded.shape[0]) for item, _ in believed}):
            group = [pair for pair in believed if (pair[0].language, pair[0].encoded.shape[0]) == (language, length)]
            aligned = self._model.align(
                [item.encoded for item, _ in group],
                [decoded.tokens for _, decoded in group],
                [item.duration_s for item, _ in group],
                language,
            )
            for (item, decoded), tokens in zip(group, aligned, strict=True):
                lines.append((item, place_line(item.window, tokens, decoded, language, block.activity)))
        return lines

    def _read_skipped(self, heard: Sequence[Heard], lines: Sequence[tuple[Heard, Line]], block: Block) -> list[Line]:
        """The lines, with what was passed over read again on its own."""
        words = [word for _, line in lines for word in line.words]
        pace = usual_pace([item.window for item in heard], words)
        skipped: list[tuple[Heard, SampleSpan]] = []
        for item in heard:
            inside = [word for word in words if any(is_inside(piece, word) for piece in item.window.pieces)]
            thin = find_thin_pieces(item.window, inside, pace) if len(item.window.pieces) > 1 else []
            holes = find_holes(item.window.without(thin), sorted(inside, key=lambda w: w.start_s), block.activity)
            skipped += [(item, span) for span in (*thin, *holes)]
        states = self._encode_all([Window((span,)) for _, span in skipped], block)
        again = [Heard(Window((span,)), own, item.language) for (item, span), own in zip(skipped, states, strict=True)]
        found = [line for batch in self._batches(again) for line in self._place(self._believe(batch, block), block)]
        read = [line for _, line in lines]
        for item, line in found:
            old = sum(letters_in(item.window, part.words) for part in read)
            if is_better_reading(letters_in(item.window, line.words), line.decoded.avg_logprob, old):
                read = [part.without(item.window) for part in read] + [line]
        return read


def slice_pieces(window: Window) -> list[tuple[int, int]]:
    """Neighbouring pieces in groups of at least ``MIN_SLICE_S``: (first, one past the last)."""
    slices: list[tuple[int, int]] = []
    first, filled_s = 0, 0.0
    for index, piece in enumerate(window.pieces):
        filled_s += piece.duration_s
        if filled_s >= MIN_SLICE_S:
            slices.append((first, index + 1))
            first, filled_s = index + 1, 0.0
    if first < len(window.pieces):
        start = slices.pop()[0] if slices else 0
        slices.append((start, len(window.pieces)))
    return slices


def _runs(slices: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Neighbouring slices of one language joined."""
    runs: list[tuple[int, int, str]] = []
    for first, last, language in slices:
        if runs and runs[-1][2] == language:
            runs[-1] = (runs[-1][0], last, language)
        else:
            runs.append((first, last, language))
    return runs


def halves(window: Window) -> tuple[Window, ...]:
    """The window cut between two pieces, as near its middle as can be; whole where it is one piece."""
    if len(window.pieces) < 2:
        return (window,)
    middle_s = window.duration_s / 2
    index = min(range(1, len(window.pieces)), key=lambda i: abs(Window(window.pieces[:i]).duration_s - middle_s))
    return window.split_at(index)
