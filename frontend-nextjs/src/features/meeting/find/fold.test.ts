import { describe, expect, it } from "vitest";
import { line } from "../testLines";
import { byIndex, findAll, firstFrom } from "./findAll";
import { fold, rangesOf } from "./fold";

const found = (text: string, query: string) => rangesOf(fold(text), fold(query).text, text.length).map(([from, to]) => text.slice(from, to));

describe("folding", () => {
  it("ignores case and accents, composed or not", () => {
    expect(found("L’École d’été", "ecole")).toEqual(["École"]);
    expect(found("e\u0301te\u0301 fini", "été")).toEqual(["e\u0301te\u0301"]);
    expect(found("CHÂTEAU", "chateau")).toEqual(["CHÂTEAU"]);
  });
  it("knows ligatures, quotes and narrow spaces", () => {
    expect(found("une œuvre d’art", "oeuvre d'art")).toEqual(["œuvre d’art"]);
    expect(found("Oui\u202f!", "oui !")).toEqual(["Oui\u202f!"]);
    expect(found("cœur", "co")).toEqual(["cœ"]);
  });
  it("leaves other scripts and emoji in one piece", () => {
    expect(found("予算について", "について")).toEqual(["について"]);
    expect(found("👩‍👧 budget é", "budget e")).toEqual(["budget é"]);
  });
  it("finds nothing for nothing, and no overlaps", () => {
    expect(found("aaaa", "")).toEqual([]);
    expect(found("aaaa", "aa")).toEqual(["aa", "aa"]);
  });
});

describe("finding in a transcript", () => {
  const segments = [line(0, 0, 1, null, "Le budget et le Budget"), line(1, 1, 2, null, "rien"), line(2, 2, 3, null, "budgétaire")];
  it("tells every place, grouped by line", () => {
    const matches = findAll(segments, " BUDGET ");
    expect(matches).toEqual([
      { index: 0, from: 3, to: 9 },
      { index: 0, from: 16, to: 22 },
      { index: 2, from: 0, to: 6 },
    ]);
    expect(byIndex(matches).get(0)).toHaveLength(2);
    expect(firstFrom(matches, 1)).toBe(2);
    expect(firstFrom(matches, 9)).toBe(0);
  });
});
