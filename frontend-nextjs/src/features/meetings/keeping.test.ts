import { describe, expect, it } from "vitest";
import { changesOf, isDueNow, isMistaken, wishOf } from "./keeping";

const kept = (rule: "installation" | "for_good" | "days", days: number | null) => ({ rule, days, removal_at: null });
const retention = { audio: kept("installation", 30), results: kept("for_good", null), audio_removed_at: null };

describe("how long a meeting is kept", () => {
  it("sends nothing where nothing was changed", () => {
    expect(changesOf(wishOf(retention), retention)).toBeNull();
  });
  it("sends only the side that was changed", () => {
    const wish = { ...wishOf(retention), audio: { rule: "days" as const, days: "7" } };
    expect(changesOf(wish, retention)).toEqual({ audio: { rule: "days", days: 7 } });
    expect(changesOf({ ...wishOf(retention), results: { rule: "installation", days: "90" } }, retention)).toEqual({ results: { rule: "installation" } });
  });
  it.each(["", "0", "1.5", "-3", "36501", "soon"])("wants a number of days, not %j", (days) => {
    expect(isMistaken({ ...wishOf(retention), audio: { rule: "days", days } })).toBe(true);
    expect(isMistaken({ ...wishOf(retention), audio: { rule: "for_good", days } })).toBe(false);
  });
  it("asks before days that are over already", () => {
    const now = new Date("2026-11-20T12:00:00Z").getTime();
    const meeting = { published_at: "2026-11-10T12:00:00Z", created_at: "2026-01-01T00:00:00Z" };
    expect(isDueNow({ audio: { rule: "days", days: 10 } }, meeting, now)).toBe(true);
    expect(isDueNow({ audio: { rule: "days", days: 11 } }, meeting, now)).toBe(false);
    expect(isDueNow({ results: { rule: "for_good" } }, meeting, now)).toBe(false);
    expect(isDueNow(null, meeting, now)).toBe(false);
  });
});
