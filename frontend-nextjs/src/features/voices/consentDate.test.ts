import { describe, expect, it } from "vitest";
import { instantOf, today } from "./consentDate";

const NOW = new Date(2026, 2, 4, 9, 30);

describe("the day of a consent", () => {
  it("is today unless another one is picked", () => {
    expect(today(NOW)).toBe("2026-03-04");
    expect(instantOf("2026-03-04", NOW)).toBeNull();
    expect(instantOf("", NOW)).toBeNull();
  });
  it("is never to come", () => expect(instantOf("2027-01-01", NOW)).toBeNull());
  it("is that day where the reader is", () => {
    const instant = new Date(instantOf("2026-02-28", NOW) ?? "");
    expect([instant.getMonth(), instant.getDate(), instant.getHours()]).toEqual([1, 28, 12]);
  });
});
