/** Languages that may be spoken in a meeting. */
import { languageChoices } from "@/features/uploads/languages";
import type { Language } from "@/lib/format";

/** `fr` → `français` (in French), `French` (in English). */
export function languageName(code: string, language: Language): string {
  try {
    return new Intl.DisplayNames(language, { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** The choices of a new recording; `also` stands among them, too. */
export function spokenLanguages(language: Language, also: string | null): { code: string; name: string }[] {
  const choices = languageChoices(language);
  return also === null || choices.some(({ code }) => code === also) ? choices : [...choices, { code: also, name: languageName(also, language) }];
}
