"""whisperX JSON, for the tools that read that dialect.

``{"segments": [{"start", "end", "text", "speaker", "words": [{"word", "start", "end", "score", "speaker"}]}],
"word_segments": [...], "language"}``. A speaker is the name where known, else the label; where nobody is known the
key is left out, as whisperX does: its own writers print whatever value they find there.
"""

from collections.abc import Mapping

from pydantic import JsonValue

from scribe.domain.exports.names import names_or_labels
from scribe.domain.results import FusionDocument
from scribe.domain.results.encode import encode_json
from scribe.domain.results.parts import AttributedWordPart


def write_whisperx(document: FusionDocument) -> str:
    names = names_or_labels(document)
    segments: list[JsonValue] = []
    all_words: list[JsonValue] = []
    for segment in document.segments:
        words: list[JsonValue] = [_word(word, names) for word in segment.words]
        all_words += words
        spoken: dict[str, JsonValue] = {"start": segment.start, "end": segment.end, "text": segment.text}
        if segment.speaker:
            spoken["speaker"] = names[segment.speaker]
        segments.append(spoken | {"words": words})
    return encode_json({"segments": segments, "word_segments": all_words, "language": document.language})


def _word(word: AttributedWordPart, names: Mapping[str, str]) -> dict[str, JsonValue]:
    spoken: dict[str, JsonValue] = {
        "word": word.word,
        "start": word.start,
        "end": word.end,
        "score": word.confidence,
    }
    return spoken | ({"speaker": names[word.speaker]} if word.speaker else {})
