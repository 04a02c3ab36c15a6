import { describe, expect, it } from "vitest";
import { diffWords } from "./diff";

const told = (before: string, after: string) => diffWords(before, after).map(({ kind, text }) => `${kind[0]}:${text}`).join("|");

describe("the difference of two texts", () => {
  it("is nothing between a text and itself", () => expect(told("a b c", "a b c")).toBe("s:a b c"));
  it("shows one word in place of another", () => expect(told("bonjour tous le monde", "bonjour tout le monde")).toBe("s:bonjour|g:tous|n:tout|s:le monde"));
  it("shows words that come and words that go", () => {
    expect(told("a b c", "a c")).toBe("s:a|g:b|s:c");
    expect(told("a c", "a b c")).toBe("s:a|n:b|s:c");
    expect(told("a b", "")).toBe("g:a b");
    expect(told("", "a b")).toBe("n:a b");
  });
  it("keeps a word that moved past another", () => expect(told("a b c d", "b c d a")).toBe("g:a|s:b c d|n:a"));
  it("keeps narrow spaces inside a word", () => expect(told("oui\u202f!", "oui\u202f?")).toBe("g:oui\u202f!|n:oui\u202f?"));
  it("gives back both texts", () => {
    const [before, after] = ["un deux trois quatre cinq six", "un trois deux quatre six sept"];
    const pieces = diffWords(before, after);
    const side = (without: string) => pieces.filter(({ kind }) => kind !== without).map(({ text }) => text).join(" ");
    expect(side("new")).toBe(before);
    expect(side("gone")).toBe(after);
  });
  it("gives up on texts that nobody compares", () => {
    const many = (word: string) => Array.from({ length: 3000 }, (_, n) => word + n).join(" ");
    expect(diffWords(many("a"), many("b")).map(({ kind }) => kind)).toEqual(["gone", "new"]);
  });
});
