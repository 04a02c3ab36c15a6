import { describe, expect, it } from "vitest";
import type { Segment } from "@/features/meeting/model";
import type { Speaker } from "@/lib/api/speakers";
import { likelihood, shownShare } from "./probability";
import { samplesOf } from "./samples";
import { talkers } from "./shares";

describe("a probability in words", () => {
  it.each([
    [1, "veryLikely"],
    [0.97, "veryLikely"],
    [0.95, "veryLikely"],
    [0.9499, "likely"],
    [0.75, "likely"],
    [0.5, "possible"],
    [0.3, "possible"],
    [0.2999, "unlikely"],
    [0, "unlikely"],
  ] as const)("%f is %s", (probability, words) => expect(likelihood(probability)).toBe(words));

  it("is never shown as certain or impossible", () => {
    expect([shownShare(1), shownShare(0.996), shownShare(0), shownShare(0.002), shownShare(0.874)]).toEqual([0.99, 0.99, 0.01, 0.01, 0.87]);
  });
});

describe("samples of a voice", () => {
  const span = (start_s: number, length: number) => ({ start_s, end_s: start_s + length });
  it("are the three longest, in time order, none longer than eight seconds", () => {
    const spans = [span(0, 2), span(10, 20), span(40, 5), span(50, 3)];
    expect(samplesOf(spans)).toEqual([span(10, 8), span(40, 5), span(50, 3)]);
  });
  it("leave out what is too short to know a voice, unless there is nothing else", () => {
    expect(samplesOf([span(0, 1), span(5, 4)])).toEqual([span(5, 4)]);
    expect(samplesOf([span(0, 1)])).toEqual([span(0, 1)]);
    expect(samplesOf([])).toEqual([]);
  });
});

describe("who speaks how much", () => {
  const speaker = (label: string) => ({ label }) as Speaker;
  const segment = (label: string | null, start: number, end: number) => ({ speaker: label, start, end }) as Segment;
  it("is counted in the transcript as it stands, without those who say nothing any more", () => {
    const found = talkers([speaker("A"), speaker("B"), speaker("C")], [segment("A", 0, 1), segment("B", 1, 4), segment(null, 4, 9), segment("A", 9, 9.5)]);
    expect(found.map(({ speaker: { label }, seconds, num_segments }) => [label, seconds, num_segments])).toEqual([
      ["B", 3, 1],
      ["A", 1.5, 2],
    ]);
    expect(found[0]!.share).toBeCloseTo(2 / 3);
  });
});
