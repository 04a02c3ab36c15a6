import { describe, expect, it } from "vitest";
import type { Segment } from "@/features/meeting/model";
import { predict } from "./predict";
import { said } from "./testSegments";

const nobody = () => null;
const only = (segments: Segment[]) => segments[0]!;

describe("what an edit will become", () => {
  it("keeps the times of words that stay and spreads the new ones between", () => {
    const segment = said(10, "A", "bonjour tous le monde");
    const [text] = predict({ kind: "text", lines: [segment], text: " bonjour  à tout le monde " }, [segment], nobody);
    expect(text!.text).toBe("bonjour à tout le monde");
    expect(text!.words!.map(({ word, start }) => [word, start])).toEqual([["bonjour", 10], ["à", 11], ["tout", 11.2], ["le", 12], ["monde", 13]]);
    expect(text!.words!.map((word) => word.confidence)).toEqual([0.4, 1, 1, 0.4, 0.4]);
    expect(text!.words!.every((word) => word.end > word.start)).toBe(true);
    expect(text!.num_doubtful).toBe(3);
  });
  it("is nothing when the text is emptied", () => {
    const segment = said(0, "A", "euh");
    expect(predict({ kind: "text", lines: [segment], text: "  " }, [segment], nobody)).toEqual([]);
  });
  it("splits before the word at the caret, at its time", () => {
    const segment = said(10, "A", "un deux trois");
    const [first, second] = predict({ kind: "split", lines: [segment], caret: 3 }, [segment], nobody);
    expect([first!.text, first!.start, first!.end]).toEqual(["un", 10, 11]);
    expect([second!.text, second!.start, second!.end, second!.words!.length]).toEqual(["deux trois", 11, 13, 2]);
  });
  it("splits also where the words are not known yet", () => {
    const segment = { ...said(10, "A", "un deux trois"), words: null };
    const halves = predict({ kind: "split", lines: [segment], caret: 3 }, [segment], nobody);
    expect(halves.map(({ text }) => text)).toEqual(["un", "deux trois"]);
    expect(halves[0]!.end).toBe(halves[1]!.start);
  });
  it("does not split off nothing", () => {
    const segment = said(0, "A", "un deux");
    for (const caret of [0, segment.text.length]) expect(predict({ kind: "split", lines: [segment], caret }, [segment], nobody)).toEqual([segment]);
  });
  it("joins under the first one's speaker", () => {
    const [one, other] = [said(0, "A", "un"), said(3, "B", "deux trois")];
    const joined = only(predict({ kind: "join", lines: [one, other] }, [one, other], nobody));
    expect([joined.text, joined.start, joined.end, joined.speaker]).toEqual(["un deux trois", 0, 5, "A"]);
    expect(joined.words!.map((word) => word.speaker)).toEqual(["A", "A", "A"]);
  });
  it("gives lines to another speaker under that one's name", () => {
    const segment = said(0, "A", "un deux");
    const moved = only(predict({ kind: "move", lines: [segment], to_label: "B" }, [segment], () => "Claire"));
    expect([moved.speaker, moved.name, moved.words![0]!.speaker]).toEqual(["B", "Claire", "B"]);
  });
});
