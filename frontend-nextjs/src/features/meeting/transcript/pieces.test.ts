import { describe, expect, it } from "vitest";
import { bound, pieces } from "./pieces";

const words = (...all: [string, number?][]) => all.map(([word, confidence], i) => ({ start: i, end: i + 1, word, confidence: confidence ?? 0.9, speaker: null }));

describe("pieces of a text", () => {
  it("are the text, whatever the words", () => {
    const text = "Oui, c’est  bien le 本日 !";
    expect(pieces(text, words(["Oui,"], [" c’est"], ["faux"], ["bien"], ["本日"]), [{ from: 2, to: 14 }]).map((piece) => piece.text).join("")).toBe(text);
  });
  it("name their word and its doubt", () => {
    expect(pieces("a b", words(["a"], ["b", 0.2]))).toEqual([
      { text: "a", word: 0, isDoubtful: false, match: null },
      { text: " ", word: null, isDoubtful: false, match: null },
      { text: "b", word: 1, isDoubtful: true, match: null },
    ]);
  });
  it("finds the same word twice in order", () => {
    expect(pieces("non non", words(["non"], ["non"])).map((piece) => piece.word)).toEqual([0, null, 1]);
  });
  it("cut a word where a match ends within it", () => {
    const cut = pieces("budget total", words(["budget"], ["total"]), [{ from: 3, to: 8 }]);
    expect(cut.map(({ text, word, match }) => [text, word, match])).toEqual([
      ["bud", 0, null],
      ["get", 0, 0],
      [" ", null, 0],
      ["t", 1, 0],
      ["otal", 1, null],
    ]);
  });
  it("are one without words", () => {
    expect(pieces("abc", null)).toEqual([{ text: "abc", word: null, isDoubtful: false, match: null }]);
    expect(pieces("", words(["a"]))).toEqual([]);
  });
  it("do not let a line end before a French question mark", () => {
    expect(bound("Oui ? « Non »", "fr")).toBe("Oui\u00a0? «\u00a0Non\u00a0»");
    expect(bound("Why ?", "en")).toBe("Why ?");
    expect(pieces("va ?", words(["va ?"]), [], bound("va ?", "fr"))[0]?.text).toBe("va\u00a0?");
  });
});
