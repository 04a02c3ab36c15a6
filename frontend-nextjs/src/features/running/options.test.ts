import { describe, expect, it } from "vitest";
import type { Schemas } from "@/lib/api/client";
import { formOf, itemsOf, mistakeIn, wishesOf } from "./options";

const NOTHING: Schemas["OptionsOut"] = {
  language: null,
  allowed_languages: [],
  speakers: null,
  min_speakers: null,
  max_speakers: null,
  vocabulary: [],
  model: null,
  voices: "all",
  reading_language: null,
};

describe("the options of a run", () => {
  const wishes = {
    nothing: NOTHING,
    language: { ...NOTHING, language: "de" },
    languages: { ...NOTHING, allowed_languages: ["fr", "en"] },
    count: { ...NOTHING, speakers: 4 },
    range: { ...NOTHING, min_speakers: 2, max_speakers: 6 },
    words: { ...NOTHING, vocabulary: ["Scribe", "Madame Perrin"] },
    model: { ...NOTHING, model: "whisper-small" },
    nobody: { ...NOTHING, voices: "none" },
    some: { ...NOTHING, voices: ["June", "Allison"], reading_language: "fr" },
  };
  it.each(Object.entries(wishes))("come through the form as they were: %s", (_name, options) => {
    expect(mistakeIn(formOf(options))).toBeNull();
    expect(wishesOf(formOf(options), options)).toEqual(options);
  });
  it("named voices that were switched off and on again are all voices", () => {
    expect(wishesOf({ ...formOf(wishes.nobody), lookForVoices: true }, wishes.nobody).voices).toBe("all");
  });
  it("are checked before they are sent", () => {
    const form = formOf(NOTHING);
    expect(mistakeIn({ ...form, count: "exact", exact: "" })).toBe("count");
    expect(mistakeIn({ ...form, count: "exact", exact: "51" })).toBe("count");
    expect(mistakeIn({ ...form, count: "between", least: "5", most: "3" })).toBe("range");
    expect(mistakeIn({ ...form, count: "between" })).toBe("range");
    expect(mistakeIn({ ...form, count: "between", least: "2" })).toBeNull();
    expect(mistakeIn({ ...form, vocabulary: "x".repeat(101) })).toBe("term");
    expect(mistakeIn({ ...form, vocabulary: Array.from({ length: 201 }, (_, i) => i).join("\n") })).toBe("terms");
  });
});

it("items are separated by commas or lines, each once", () => {
  expect(itemsOf(" Perrin, budget\nPerrin ;\n, Scribe ")).toEqual(["Perrin", "budget", "Scribe"]);
});
