/** Languages offered for a recording. */
import type { Language } from "@/lib/format";

const CODES = ["fr", "en", "de", "es", "it", "pt", "nl", "pl", "ro", "cs", "sk", "sl", "hr", "hu", "bg", "el", "da", "sv", "fi", "et", "lv", "lt", "mt", "uk", "ru", "tr", "ar", "zh", "ja", "ko"];

/** French and English first, the others by name. */
export function languageChoices(language: Language): { code: string; name: string }[] {
  const names = new Intl.DisplayNames(language, { type: "language" });
  const choices = CODES.map((code) => ({ code, name: capital(names.of(code) ?? code, language) }));
  return [...choices.slice(0, 2), ...choices.slice(2).sort((a, b) => a.name.localeCompare(b.name, language))];
}

function capital(name: string, language: Language): string {
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}
