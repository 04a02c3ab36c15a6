import { describe, expect, it } from "vitest";
import { beginsTurn, lastStarted, merged, missingWords, patched, silenceAt, silences, speakingAt, talkTimes, withWords, wordAt } from "./segments";
import { line } from "./testLines";

const word = (start: number, end: number) => ({ start, end, word: "a", confidence: 0.9, speaker: null });
const four = [line(0, 0, 2), line(1, 2, 4), line(2, 5, 6, "SPEAKER_01"), line(3, 9, 10)];

describe("an edit laid over the lines", () => {
  it("replaces one by two and moves the places of those after it", () => {
    const result = patched(four, { from_index: 1, num_removed: 1, segments: [line(1, 2, 3), line(2, 3, 4)] });
    expect(result.map((segment) => segment.index)).toEqual([0, 1, 2, 3, 4]);
    expect(result.map((segment) => segment.start)).toEqual([0, 2, 3, 5, 9]);
  });
  it("leaves the other objects alone when the number stays", () => {
    const result = patched(four, { from_index: 1, num_removed: 1, segments: [line(1, 2, 4, "SPEAKER_00", "new")] });
    expect(result[0]).toBe(four[0]);
    expect(result[3]).toBe(four[3]);
    expect(result[1]?.text).toBe("new");
  });
  it("removes and joins", () => {
    expect(patched(four, { from_index: 0, num_removed: 2, segments: [line(0, 0, 4)] }).map((segment) => segment.index)).toEqual([0, 1, 2]);
    expect(patched(four, { from_index: 3, num_removed: 1, segments: [] })).toHaveLength(3);
  });
  it("is quick at ten thousand lines", () => {
    const many = Array.from({ length: 10_000 }, (_, i) => line(i, i, i + 1));
    const began = performance.now();
    for (let i = 0; i < 10; i += 1) patched(many, { from_index: 5, num_removed: 1, segments: [line(5, 5, 5.5), line(6, 5.5, 6)] });
    expect((performance.now() - began) / 10).toBeLessThan(50);
  });
});

describe("lines that were read again", () => {
  it("keep the object where nothing changed, words where only the place did", () => {
    const words = [word(0, 1)];
    const known = four.map((segment) => ({ ...segment, words }));
    const read = [line(0, 0, 2), line(1, 1.5, 2, "SPEAKER_00", "new"), ...four.slice(1).map((segment) => ({ ...segment, index: segment.index + 1 }))];
    const result = merged(known, read);
    expect(result[0]).toBe(known[0]);
    expect(result[1]?.words).toBeNull();
    expect(result[2]).toMatchObject({ index: 2, words });
    expect(result).toHaveLength(5);
  });
  it("do not keep the words of a line that somebody confirmed", () => {
    const known = [{ ...line(0, 0, 2), num_doubtful: 2, words: [word(0, 1)] }];
    expect(merged(known, [line(0, 0, 2)])[0]?.words).toBeNull();
  });
});

describe("words", () => {
  it("are laid only into the very line", () => {
    const read = [{ ...line(1, 2, 4), words: [word(2, 3)] }, { ...line(2, 5, 6, "SPEAKER_07"), words: [word(5, 6)] }];
    const result = withWords(four, read);
    expect(result[1]?.words).toHaveLength(1);
    expect(result[2]).toBe(four[2]);
  });
  it("are missed where they are missing", () => {
    const some = withWords(four, [{ ...line(1, 2, 4), words: [] }]);
    expect(missingWords(some, 0, 3)).toEqual({ from: 0, to: 3 });
    expect(missingWords(some, 1, 1)).toBeNull();
    expect(missingWords(some, -5, 99)).toEqual({ from: 0, to: 3 });
  });
});

describe("what is heard", () => {
  it("is found by time", () => {
    expect([-1, 0, 1.9, 2, 5.5, 100].map((at) => lastStarted(four, at))).toEqual([-1, 0, 0, 1, 2, 3]);
    expect([0, 4.5, 5.5, 7, 9.5].map((at) => speakingAt(four, at))).toEqual([0, -1, 2, -1, 3]);
  });
  it("looks under a short line that interrupts a long one", () => {
    expect(speakingAt([line(0, 0, 20), line(1, 5, 6)], 10)).toBe(0);
  });
  it("keeps a word until the next, not through a pause", () => {
    const words = [word(0, 1), word(1.2, 2), word(8, 9)];
    expect([0.5, 1.1, 1.5, 2.3, 5, 8.5].map((at) => wordAt(words, at))).toEqual([0, 0, 1, 1, -1, 2]);
  });
});

describe("turns and silences", () => {
  it("begin with another speaker", () => {
    expect(four.map((_, i) => beginsTurn(four, i))).toEqual([true, false, true, true]);
  });
  it("are where nobody speaks", () => {
    expect(silences(four, 20, 1.5, 0.3)).toEqual([
      { start: 6.3, end: 8.7 },
      { start: 10.3, end: 19.7 },
    ]);
    expect(silences([line(0, 5, 6)], 6)[0]).toEqual({ start: 0, end: 4.7 });
    expect(silences([], 20)).toEqual([]);
  });
  it("counts no silence under a long line", () => {
    expect(silences([line(0, 0, 10), line(1, 1, 2)], 10)).toEqual([]);
  });
  it("are found by time", () => {
    const found = silences(four, 20);
    expect(silenceAt(found, 7)?.end).toBe(8.7);
    expect(silenceAt(found, 8.7)).toBeNull();
    expect(silenceAt(found, 1)).toBeNull();
  });
  it("add up to talk times", () => {
    expect(talkTimes(four).map(({ label, seconds }) => [label, seconds])).toEqual([
      ["SPEAKER_00", 5],
      ["SPEAKER_01", 1],
    ]);
  });
});
