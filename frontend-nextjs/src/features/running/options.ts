/** The form of a run's options, and what is sent of it. */
import type { Schemas } from "@/lib/api/client";

type Options = Schemas["OptionsOut"];
type Wishes = Schemas["OptionsIn"];

export interface OptionsForm {
  /** `auto`, `fr+en` (found by itself, of these), or a code. */
  language: string;
  count: "auto" | "exact" | "between";
  exact: string;
  least: string;
  most: string;
  vocabulary: string;
  /** Empty: the one this installation prefers. */
  model: string;
  lookForVoices: boolean;
}

export const FRENCH_AND_ENGLISH = "fr+en";

export function formOf(options: Options): OptionsForm {
  return {
    language: options.language ?? (options.allowed_languages.length > 0 ? options.allowed_languages.join("+") : "auto"),
    count: options.speakers !== null ? "exact" : options.min_speakers !== null || options.max_speakers !== null ? "between" : "auto",
    exact: options.speakers?.toString() ?? "",
    least: options.min_speakers?.toString() ?? "",
    most: options.max_speakers?.toString() ?? "",
    vocabulary: options.vocabulary.join("\n"),
    model: options.model ?? "",
    lookForVoices: options.voices !== "none",
  };
}

export type Mistake = "count" | "range" | "term" | "terms";

/** What the service would refuse; null: nothing. */
export function mistakeIn(form: OptionsForm): Mistake | null {
  if (form.count === "exact" && !isCount(form.exact)) return "count";
  if (form.count === "between") {
    if (form.least === "" && form.most === "") return "range";
    if ([form.least, form.most].some((number) => number !== "" && !isCount(number))) return "range";
    if (form.least !== "" && form.most !== "" && Number(form.least) > Number(form.most)) return "range";
  }
  const terms = itemsOf(form.vocabulary);
  if (terms.length > 200) return "terms";
  if (terms.some((term) => term.length > 100)) return "term";
  return null;
}

export function wishesOf(form: OptionsForm, before: Options): Wishes {
  const several = form.language.includes("+");
  return {
    language: several || form.language === "auto" ? null : form.language,
    allowed_languages: several ? form.language.split("+") : [],
    speakers: form.count === "exact" ? Number(form.exact) : null,
    min_speakers: form.count === "between" && form.least !== "" ? Number(form.least) : null,
    max_speakers: form.count === "between" && form.most !== "" ? Number(form.most) : null,
    vocabulary: itemsOf(form.vocabulary),
    model: form.model === "" ? null : form.model,
    voices: !form.lookForVoices ? "none" : before.voices === "none" ? "all" : (before.voices as Wishes["voices"]),
    reading_language: before.reading_language as Wishes["reading_language"],
  };
}

/** Separated by commas, semicolons or lines; each once. */
export function itemsOf(text: string): string[] {
  return [...new Set(text.split(/[,;\n]/).map((item) => item.trim()))].filter((item) => item !== "");
}

function isCount(text: string): boolean {
  return /^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= 50;
}
