import { describe, expect, it } from "vitest";
import { addressOf, EVERYTHING, filtersOf, isFiltered, lastDays, toggled, viewOf, type View } from "./view";

const JUNE = "019ab3c5-7c1e-7f00-8a54-3f5d1f0e9a11";
const FULL: View = {
  q: "comité d’équipe",
  status: ["COMPLETED", "FAILED"],
  from: "2026-11-01",
  to: "2026-11-21",
  person: [JUNE],
  speaker: "Mme Perrin",
  tag: ["budget", "équipe & co"],
  sort: "title",
};

describe("the address of the list", () => {
  it("brings back exactly what was shown", () => {
    expect(viewOf(new URLSearchParams(addressOf(FULL)))).toEqual(FULL);
    expect(viewOf(new URLSearchParams(addressOf(EVERYTHING)))).toEqual(EVERYTHING);
  });

  it("is empty when nothing is filtered", () => {
    expect(addressOf(EVERYTHING)).toBe("");
    expect(addressOf({ ...EVERYTHING, q: "   " })).toBe("");
  });

  it("leaves out what it does not understand", () => {
    const view = viewOf(new URLSearchParams("?status=lost&status=failed&from=2026-13-01&person=me&sort=colour&tag=&tag=a&tag=a"));
    expect(view).toEqual({ ...EVERYTHING, status: ["FAILED"], tag: ["a"] });
  });

  it("asks the service only for what was chosen", () => {
    expect(filtersOf(EVERYTHING)).toEqual({ sort: "-held_on" });
    expect(filtersOf(FULL)).toEqual({
      q: "comité d’équipe",
      status: ["COMPLETED", "FAILED"],
      held_from: "2026-11-01",
      held_to: "2026-11-21",
      person: [JUNE],
      speaker: "Mme Perrin",
      tag: ["budget", "équipe & co"],
      sort: "title",
    });
  });
});

it("an order filters nothing", () => {
  expect(isFiltered({ ...EVERYTHING, sort: "title" })).toBe(false);
  expect(isFiltered({ ...EVERYTHING, tag: ["a"] })).toBe(true);
});

it("chosen twice is not chosen", () => {
  expect(toggled(["a"], "b")).toEqual(["a", "b"]);
  expect(toggled(["a", "b"], "a")).toEqual(["b"]);
});

it("the last seven days end today and cross months", () => {
  expect(lastDays(7, new Date(2026, 2, 3, 23, 59))).toEqual({ from: "2026-02-25", to: "2026-03-03" });
});
