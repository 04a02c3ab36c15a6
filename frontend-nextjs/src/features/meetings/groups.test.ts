import { expect, it } from "vitest";
import { dayOfMeeting, grouped, headingOf, monthName } from "./groups";

const TODAY = new Date(2026, 10, 23, 0, 30);

it("today, yesterday, this week, then months; the future stands under its month", () => {
  expect(headingOf("2026-11-23", TODAY)).toEqual({ kind: "today" });
  expect(headingOf("2026-11-22", TODAY)).toEqual({ kind: "yesterday" });
  expect(headingOf("2026-11-17", TODAY)).toEqual({ kind: "week" });
  expect(headingOf("2026-11-16", TODAY)).toEqual({ kind: "month", month: "2026-11" });
  expect(headingOf("2026-12-01", TODAY)).toEqual({ kind: "month", month: "2026-12" });
});

it("keeps the order and loses nobody", () => {
  const days = ["2026-11-23", "2026-11-23", "2026-11-22", "2026-10-01", "2025-10-01"];
  const groups = grouped(days, (day) => day, TODAY);
  expect(groups.map((group) => [group.key, group.meetings.length])).toEqual([["today", 2], ["yesterday", 1], ["2026-10", 1], ["2025-10", 1]]);
  expect(groups.flatMap((group) => group.meetings)).toEqual(days);
});

it("a meeting without a day has that of its upload", () => {
  expect(dayOfMeeting({ held_on: "2026-01-02", created_at: "2026-11-21T14:03:00Z" })).toBe("2026-01-02");
  expect(dayOfMeeting({ held_on: null, created_at: "2026-11-21T12:00:00Z" })).toBe("2026-11-21");
});

it("months begin with a capital letter in either language", () => {
  expect(monthName("2026-11", "fr")).toBe("Novembre 2026");
  expect(monthName("2026-11", "en")).toBe("November 2026");
});
