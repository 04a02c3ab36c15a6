import { describe, expect, it } from "vitest";
import { spokenWords, wordAt, wordStarts } from "./carets";

const TEXT = "Bonjour à tous, je vous propose";
const WORDS = spokenWords(TEXT);

describe("the word at a caret", () => {
  it("is the one that the caret stands before", () => expect(wordAt(TEXT, WORDS, TEXT.indexOf("tous"))).toBe(2));
  it("is the next one when the caret stands in the space", () => expect(wordAt(TEXT, WORDS, TEXT.indexOf("tous") - 1)).toBe(2));
  it("is the one that the caret stands in", () => expect(wordAt(TEXT, WORDS, TEXT.indexOf("tous") + 2)).toBe(2));
  it("is the first at the start and none at the end", () => {
    expect(wordAt(TEXT, WORDS, 0)).toBe(0);
    expect(wordAt(TEXT, WORDS, TEXT.length)).toBe(WORDS.length);
  });
  it("is counted in the engine's words, which may share a space or have none", () => {
    const words = [{ word: "今天" }, { word: "天气" }, { word: "好" }];
    expect(wordStarts("今天天气好", words)).toEqual([0, 2, 4]);
    expect(wordAt("今天天气好", words, 2)).toBe(1);
    expect(wordAt("l'ordre du jour", [{ word: " l'" }, { word: "ordre" }, { word: " du" }, { word: " jour" }], 2)).toBe(1);
  });
});
