import { describe, expect, it } from "vitest";
import type { Quote } from "@/lib/api/search";
import { firstMatch, groupsOf, piecesOf, quoteKey } from "./pieces";

function quote(meetingId: string, index: number): Quote {
  return {
    meeting: { id: meetingId, title: meetingId, held_on: null, created_at: "2026-01-01T00:00:00Z" },
    segment: { index, start: index, end: index + 1, speaker: null, name: null, text: "x", language: "fr" },
    matches: [],
    before: null,
    after: null,
  };
}

describe("what was found in a quote", () => {
  it("is marked where the service says", () => {
    expect(piecesOf("le budget de mars", [[3, 9]])).toEqual([
      { text: "le ", isMatch: false },
      { text: "budget", isMatch: true },
      { text: " de mars", isMatch: false },
    ]);
  });
  it("is right behind an emoji, too", () => {
    expect(piecesOf("👍 budget", [[2, 8]]).at(-1)).toEqual({ text: "budget", isMatch: true });
  });
  it("loses no character, whatever the ranges are", () => {
    for (const ranges of [[[5, 3]], [[0, 99]], [[4, 8], [2, 6]], [[3, 9], [3, 9]], []]) {
      const pieces = piecesOf("le budget de mars", ranges);
      expect(pieces.map((piece) => piece.text).join("")).toBe("le budget de mars");
    }
  });
  it("is what the meeting page looks for", () => {
    expect(firstMatch("nous décidons", [[5, 13]])).toBe("décidons");
    expect(firstMatch("nous", [])).toBeUndefined();
  });
});

describe("quotes of one meeting", () => {
  const shape = (groups: ReturnType<typeof groupsOf>) => groups.map((group) => [group.meeting.id, ...group.quotes.map((one) => one.segment.index)]);
  it("stand together, the meeting of the best one first", () => {
    expect(shape(groupsOf([{ items: [quote("b", 1), quote("a", 2), quote("b", 3)] }]))).toEqual([["b", 1, 3], ["a", 2]]);
  });
  it("of a later page move nothing that is in sight", () => {
    expect(shape(groupsOf([{ items: [quote("a", 1), quote("b", 2)] }, { items: [quote("b", 3), quote("a", 4)] }]))).toEqual([["a", 1], ["b", 2, 3], ["a", 4]]);
  });
  it("have keys of their own", () => {
    expect(quoteKey(quote("a", 1))).not.toBe(quoteKey(quote("a", 11)));
  });
});
