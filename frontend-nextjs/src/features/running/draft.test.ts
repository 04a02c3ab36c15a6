import { describe, expect, it } from "vitest";
import { byTalkTime, isToSay, newest, stepKey, turnsOf } from "./draft";

const cost = { seconds: 2, cpu_seconds: 4, peak_rss_mb: 300, is_reused: false };
const meeting = { run: 1, attempt: 1, status: "PROCESSING", stage: "transcribe", stage_percent: 41, stages: [{ stage: "convert", ...cost }] } as const;
const line = (start: number, speaker: string | null, text: string, more: { end?: number; language?: string } = {}) => ({ start, end: start + 3, language: "fr", speaker, text, ...more });

describe("asking again", () => {
  const key = (change: Partial<Parameters<typeof stepKey>[0]> = {}) => stepKey({ ...meeting, stages: [...meeting.stages], ...change });
  it("is for every twentieth of a stage, not for every percent", () => {
    expect(key({ stage_percent: 44.9 })).toBe(key());
    expect(key({ stage_percent: 45 })).not.toBe(key());
  });
  it("is over when all is written", () => {
    const stages = [...meeting.stages, { stage: "transcribe" as const, ...cost }];
    expect(key({ stages })).not.toBe(key());
    expect(key({ stages, stage: "fuse", stage_percent: 80 })).toBe(key({ stages, stage_percent: 100 }));
    expect(key({ stages: [...stages, { stage: "fuse", ...cost }], status: "COMPLETED" })).toBe(key({ stages }));
  });
  it("is for a stage that is done, another attempt, another run, the end", () => {
    const others = [key({ stages: [...meeting.stages, { stage: "diarize", ...cost }] }), key({ stage: "fuse" }), key({ attempt: 2 }), key({ run: 2 }), key({ status: "CANCELLED" })];
    expect(new Set([...others, key()]).size).toBe(6);
  });
});

describe("turns", () => {
  it("are the lines of one voice that follow each other", () => {
    const turns = turnsOf([line(0, "A", "Bonjour."), line(3, "A", "On commence ?"), line(6, "B", "Oui."), line(9, "A", "Bien.")]);
    expect(turns.map(({ speaker, text, goesOn }) => [speaker, text, goesOn])).toEqual([
      ["A", "Bonjour. On commence ?", false],
      ["B", "Oui.", false],
      ["A", "Bien.", false],
    ]);
  });
  it("are paragraphs when they are long, after a silence and in another language", () => {
    const long = turnsOf(Array.from({ length: 40 }, (_, at) => line(at * 3, null, String(at))));
    expect(long.map((turn) => turn.start)).toEqual([0, 60]);
    expect(long.map((turn) => turn.goesOn)).toEqual([false, true]);
    expect(turnsOf([line(0, "A", "Un."), line(7, "A", "Deux.")])).toHaveLength(2);
    expect(turnsOf([line(0, "A", "Un."), line(3, "A", "Two.", { language: "en" })])).toHaveLength(2);
  });
  it("keep what begins them when more is written", () => {
    const lines = [line(0, "A", "Un."), line(3, "B", "Deux."), line(6, "B", "Trois.")];
    expect(turnsOf(lines).map((turn) => turn.start)).toEqual(turnsOf(lines.slice(0, 2)).map((turn) => turn.start));
  });
  it("of nothing are none", () => {
    expect(turnsOf([])).toEqual([]);
    expect(newest([], 10)).toEqual({ shown: [], hidden: 0 });
  });
  it("are shown from the end", () => {
    const turns = turnsOf([line(0, "A", "Un."), line(3, "B", "Deux."), line(6, "A", "Trois.")]);
    expect(newest(turns, 2).shown.map((turn) => turn.text)).toEqual(["Deux.", "Trois."]);
    expect(newest(turns, 2).hidden).toBe(1);
    expect(newest(turns, 5).hidden).toBe(0);
  });
});

it("new text is said now and then, never twice", () => {
  const said = { until_s: 60, at: 100_000 };
  expect(isToSay(120, said, 110_000)).toBe(false);
  expect(isToSay(120, said, 130_000)).toBe(true);
  expect(isToSay(60, said, 200_000)).toBe(false);
});

it("voices begin with who speaks longest; of many, the others are put away", () => {
  const speakers = [5, 30, 10, 1, 2, 3, 4].map((speech_s) => ({ speech_s }));
  expect(byTalkTime(speakers.slice(0, 6))).toEqual({ first: [30, 10, 5, 3, 2, 1].map((speech_s) => ({ speech_s })), others: [] });
  expect(byTalkTime(speakers)).toEqual({ first: [30, 10, 5, 4, 3].map((speech_s) => ({ speech_s })), others: [{ speech_s: 2 }, { speech_s: 1 }] });
  expect(byTalkTime([])).toEqual({ first: [], others: [] });
});
