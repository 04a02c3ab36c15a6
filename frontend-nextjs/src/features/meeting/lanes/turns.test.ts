import { describe, expect, it } from "vitest";
import { line } from "../testLines";
import { nearestOf, nextTurnOf } from "./turns";

const [a, b] = ["SPEAKER_00", "SPEAKER_01"];
const segments = [line(0, 0, 5, a), line(1, 5, 9, a), line(2, 10, 12, b), line(3, 13, 20, a), line(4, 30, 31, null)];

describe("the next turn", () => {
  it("is a turn, not a line, and comes round", () => {
    expect(nextTurnOf(segments, a, 1)?.index).toBe(3);
    expect(nextTurnOf(segments, a, 13)?.index).toBe(0);
    expect(nextTurnOf(segments, null, 0)?.index).toBe(4);
    expect(nextTurnOf(segments, "SPEAKER_09", 0)).toBeNull();
  });
});

describe("the nearest line", () => {
  it("is the one under the time, else the closest", () => {
    expect(nearestOf(segments, a, 6)?.index).toBe(1);
    expect(nearestOf(segments, a, 11)?.index).toBe(1);
    expect(nearestOf(segments, b, 99)?.index).toBe(2);
  });
});
