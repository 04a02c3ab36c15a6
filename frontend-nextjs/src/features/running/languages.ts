/** Languages that may be spoken in a meeting. */
import type { Language } from "@/lib/format";

/** Of the 99 that the recogniser knows, those most meetings are held in; the reader's own two first. */
const COMMON = ["de", "es", "it", "pt", "nl", "pl", "ru", "uk", "ro", "cs", "sv", "da", "no", "fi", "el", "hu", "tr", "ar", "he", "zh", "ja", "ko", "vi", "hi"];

/** `fr` → `français` (in French), `French` (in English). */
export function languageName(code: string, language: Language): string {
  try {
    return new Intl.DisplayNames(language, { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** For a list of choices, by name; `also` stands in it, too. */
export function spokenLanguages(language: Language, also: string | null): { code: string; name: string }[] {
  const others = also && !["fr", "en", ...COMMON].includes(also) ? [...COMMON, also] : COMMON;
  const named = (codes: string[]) => codes.map((code) => ({ code, name: languageName(code, language) }));
  return [...named(["fr", "en"]), ...named(others).sort((one, other) => one.name.localeCompare(other.name, language))];
}
