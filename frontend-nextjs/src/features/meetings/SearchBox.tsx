"use client";
import { Search } from "lucide-react";
import { useTranslations } from "next-intl";
import { useEffect, useState, type RefObject } from "react";
import type { View } from "./view";

const PAUSE_MS = 250;

interface Props {
  words: string;
  onChange: (change: Partial<View>, isSmall?: boolean) => void;
  inputRef: RefObject<HTMLInputElement | null>;
}

/** Asks once the writer pauses; one entry of the history for one search, not for each letter. */
export function SearchBox({ words, onChange, inputRef }: Props) {
  const t = useTranslations("meetings");
  const [draft, setDraft] = useState(words);
  const [shown, setShown] = useState(words);
  const [sent, setSent] = useState(words);
  if (words !== shown) {
    setShown(words); // the address changed: by us after a pause, by the back button, or by "clear"
    if (words !== sent) setDraft(words);
  }
  useEffect(() => {
    if (draft === words) return;
    const timer = setTimeout(() => {
      setSent(draft);
      onChange({ q: draft }, words !== "" && draft !== "");
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [draft, words, onChange]);
  return (
    <label className="relative block">
      <span className="sr-only">{t("searchLabel")}</span>
      <Search aria-hidden className="pointer-events-none absolute top-3 left-3 size-4.5 text-ink-faint" />
      <input
        ref={inputRef}
        type="search"
        value={draft}
        placeholder={t("searchPlaceholder")}
        aria-keyshortcuts="/"
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            if (draft) setDraft("");
            else event.currentTarget.blur();
          }
          if (event.key === "ArrowDown" || event.key === "Enter") {
            event.preventDefault();
            document.querySelector<HTMLElement>("[data-meeting] a")?.focus();
          }
        }}
        className="h-11 w-full rounded-md border border-line-strong bg-surface pr-3 pl-10 text-sm text-ink placeholder:text-ink-faint focus-visible:outline-offset-0"
      />
    </label>
  );
}
