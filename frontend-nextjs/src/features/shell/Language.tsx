"use client";
/** The language of the interface: French or English, chosen here or by the browser; kept in this browser. Only the
 * chosen catalogue is loaded. */
import { NextIntlClientProvider, type Messages } from "next-intl";
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import type { Language } from "@/lib/format";

const KEY = "scribe.language";

/** Compiled by `scripts/messages.mjs` from `src/messages`. Asked for until it comes: nothing can be said without it. */
async function catalogue(language: Language): Promise<Messages> {
  for (;;) {
    const answer = await fetch(`/messages/${language}.json`).catch(() => null);
    if (answer?.ok) return (await answer.json()) as Messages;
    await new Promise((next) => setTimeout(next, 1000));
  }
}

const Chosen = createContext<{ language: Language; setLanguage: (language: Language) => void }>({
  language: "en",
  setLanguage: () => undefined,
});

export function useLanguage() {
  return useContext(Chosen);
}

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [loaded, setLoaded] = useState<{ language: Language; messages: Messages } | null>(null);

  const load = useCallback((language: Language) => {
    void catalogue(language).then((messages) => {
      document.documentElement.lang = language;
      setLoaded({ language, messages });
    });
  }, []);

  useEffect(() => {
    load(document.documentElement.lang === "fr" ? "fr" : "en");
  }, [load]);

  const setLanguage = useCallback(
    (language: Language) => {
      localStorage.setItem(KEY, language);
      load(language);
    },
    [load],
  );

  const value = useMemo(() => ({ language: loaded?.language ?? "en", setLanguage }), [loaded, setLanguage]);
  if (!loaded) return null; // a tenth of a second; theme.js has painted the background
  return (
    <Chosen.Provider value={value}>
      <NextIntlClientProvider locale={loaded.language} messages={loaded.messages} timeZone={Intl.DateTimeFormat().resolvedOptions().timeZone}>
        {children}
      </NextIntlClientProvider>
    </Chosen.Provider>
  );
}
