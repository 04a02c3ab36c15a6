import { describe, expect, it } from "vitest";
import { addressOf, daysBefore, isFiltered, NO_FILTER, periodOf, wishesIn } from "./wishes";

const TODAY = new Date(2026, 2, 3, 9);

describe("what is searched for", () => {
  it("comes out of the address as it went in", () => {
    const wishes = { q: '"budget prévisionnel" -2025', who: "Perrin & fils", personId: "p", meetingId: "m", from: "2026-01-01", to: "2026-02-01" };
    expect(wishesIn(new URL(addressOf(wishes), "http://x").searchParams)).toEqual(wishes);
  });
  it("is nothing at a plain address", () => {
    expect(wishesIn(new URLSearchParams())).toEqual({ q: "", ...NO_FILTER });
    expect(addressOf({ q: "", ...NO_FILTER })).toBe("/search");
  });
  it("leaves dates out that are none", () => {
    expect(wishesIn(new URLSearchParams("from=yesterday&to=2026-99-99"))).toMatchObject({ from: "", to: "" });
  });
  it("is filtered by anything but the words", () => {
    expect(isFiltered({ q: "x", ...NO_FILTER })).toBe(false);
    expect(isFiltered({ q: "", ...NO_FILTER, who: "June" })).toBe(true);
  });
});

describe("a period", () => {
  it("is known by its first day", () => {
    expect(daysBefore(TODAY, 7)).toBe("2026-02-24");
    expect(periodOf({ from: "2026-02-24", to: "" }, TODAY)).toBe("7");
    expect(periodOf({ from: "", to: "" }, TODAY)).toBe("any");
  });
  it("is one's own choice otherwise", () => {
    expect(periodOf({ from: "2026-02-24", to: "2026-03-01" }, TODAY)).toBe("custom");
    expect(periodOf({ from: "2026-02-25", to: "" }, TODAY)).toBe("custom");
  });
});
