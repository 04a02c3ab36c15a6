import { describe, expect, it } from "vitest";
import { whoChanged } from "./authors";

const claire = { id: "c", username: "claire", display_name: "Claire" };
const thomas = { id: "t", username: "thomas", display_name: "" };
const at = (time: string) => `2026-11-20T${time}:00Z`;
const edit = (id: string, from: number, to: number, time: string, author = claire) => ({ id, author, created_at: at(time), start_s: from, end_s: to, undone_at: null, undone_by: null });

describe("who changed a stretch", () => {
  const edits = [edit("3", 0, 2, "10:02"), edit("2", 4, 6, "10:01", thomas), edit("1", 4, 6, "10:00")];

  it("is the author of the edit that stands there, also while more is read", () => {
    expect(whoChanged(edits, { start: 4, end: 6 }, "1", false)).toBe(claire);
  });
  it("is nobody yet while the history is read", () => {
    expect(whoChanged(edits, { start: 4, end: 6 }, null, false)).toBeNull();
  });
  it("is who did something there last when no edit stands there", () => {
    expect(whoChanged(edits, { start: 4, end: 6 }, null, true)).toBe(thomas);
  });
  it("is who took an edit back", () => {
    const undone = { ...edit("1", 4, 6, "09:00"), undone_at: at("10:03"), undone_by: claire };
    expect(whoChanged([edits[1]!, undone], { start: 4, end: 6 }, null, true)).toBe(claire);
  });
  it("is nobody where nobody did anything", () => {
    expect(whoChanged(edits, { start: 20, end: 22 }, null, true)).toBeNull();
  });
});
