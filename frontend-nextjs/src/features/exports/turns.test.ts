import { expect, it } from "vitest";
import { turnsOf, type Spoken } from "./turns";

const line = (start: number, speaker: string | null, text: string): Spoken => ({ start, speaker, name: null, text });

it("what one person says at a stretch is one turn", () => {
  const turns = turnsOf([line(0, "SPEAKER_00", "Bonjour. "), line(2, "SPEAKER_00", " Asseyez-vous."), line(4, "SPEAKER_01", "Merci.")]);
  expect(turns).toEqual([
    { start_s: 0, speaker: "SPEAKER_00", name: null, paragraphs: ["Bonjour. Asseyez-vous."] },
    { start_s: 4, speaker: "SPEAKER_01", name: null, paragraphs: ["Merci."] },
  ]);
});

it("a long turn has paragraphs and loses no word", () => {
  const segments = Array.from({ length: 40 }, (_, i) => line(i, "SPEAKER_00", `Phrase ${i} ${"mot ".repeat(10)}fin.`));
  const [turn] = turnsOf(segments);
  expect(turn?.paragraphs.length).toBeGreaterThan(2);
  expect(turn?.paragraphs.join(" ")).toBe(segments.map((segment) => segment.text).join(" "));
});

it("nobody known is a speaker of its own; silence is not printed", () => {
  expect(turnsOf([line(0, "SPEAKER_00", "Oui."), line(1, null, "Hm."), line(2, null, "  ")])).toHaveLength(2);
});
