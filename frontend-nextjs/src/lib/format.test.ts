import { describe, expect, it } from "vitest";
import { ago, bytes, clock, day, duration, percent } from "./format";

const NB = "\u00a0";

describe("a place in a recording", () => {
  it("has hours only when it needs them", () => {
    expect(clock(0)).toBe("0:00");
    expect(clock(75.2)).toBe("1:15");
    expect(clock(3675)).toBe("1:01:15");
    expect(clock(36_000)).toBe("10:00:00");
  });
  it("is never rounded up past what is heard, and never negative", () => {
    expect(clock(59.99)).toBe("0:59");
    expect(clock(-3)).toBe("0:00");
  });
});

describe("a duration", () => {
  it("is as fine as it matters", () => {
    expect(duration(42, "fr")).toBe(`42${NB}s`);
    expect(duration(59.6, "en")).toBe(`1${NB}min`);
    expect(duration(148, "fr")).toBe(`2${NB}min`);
    expect(duration(7200, "en")).toBe(`2${NB}h`);
  });
  it("has its minutes as each language writes them", () => {
    expect(duration(3660, "fr")).toBe(`1${NB}h${NB}01${NB}min`);
    expect(duration(3660, "en")).toBe(`1${NB}h${NB}1${NB}min`);
  });
  it("never says sixty minutes", () => {
    expect(duration(3599, "fr")).toBe(`1${NB}h`);
    expect(duration(7199, "en")).toBe(`2${NB}h`);
  });
});

describe("a size", () => {
  it("is decimal, in the reader's units", () => {
    expect(bytes(28_311_552, "fr")).toBe(`28,3${NB}Mo`);
    expect(bytes(28_311_552, "en")).toBe(`28.3${NB}MB`);
    expect(bytes(999, "en")).toBe(`999${NB}B`);
    expect(bytes(1000, "en")).toBe(`1${NB}kB`);
  });
  it("goes to the next unit before it would be rounded there", () => {
    expect(bytes(999_950, "en")).toBe(`1${NB}MB`);
  });
  it("has no unit beyond the last", () => {
    expect(bytes(5e16, "en")).toBe(`50,000${NB}TB`);
  });
});

it("a share is a whole percentage", () => {
  expect(percent(0.5, "en")).toBe("50%");
  expect(percent(0.5, "fr").replaceAll(/\s/g, " ")).toBe("50 %");
});

describe("a date", () => {
  it("without a time is that day everywhere on earth", () => {
    expect(day("2026-03-01", "fr")).toBe("1 mars 2026");
    expect(day("2026-03-01", "en")).toBe("Mar 1, 2026");
  });
  it("is told from now", () => {
    const now = Date.parse("2026-03-03T12:00:00Z");
    expect(ago("2026-03-03T11:57:00Z", "fr", now)).toBe("il y a 3 minutes");
    expect(ago("2026-03-02T11:00:00Z", "en", now)).toBe("yesterday");
    expect(ago("2026-03-03T11:59:50Z", "en", now)).toBe("just now");
    expect(ago("2024-01-01T00:00:00Z", "en", now)).toBe("2 years ago");
  });
});
