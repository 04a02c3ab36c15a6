"use client";
import { ChevronDown, ChevronUp, Search, X } from "lucide-react";
import { useTranslations } from "next-intl";
import { useEffect, useRef, type KeyboardEvent } from "react";
import { IconButton } from "@/components/ui/IconButton";
import type { Find } from "./useFind";

export function FindBar({ find }: { find: Find }) {
  const t = useTranslations("meeting");
  const common = useTranslations("common");
  const input = useRef<HTMLInputElement>(null);
  const { asked, ahead } = find;
  useEffect(() => {
    const box = input.current;
    box?.focus();
    if (ahead() === "") box?.select();
    else box?.setSelectionRange(box.value.length, box.value.length);
  }, [asked, ahead]);
  const press = (event: KeyboardEvent) => {
    if (event.key === "Escape") find.close();
    else if (event.key === "Enter") find.step(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
  };
  const hasQuery = find.query.trim() !== "";
  return (
    <search className="flex min-w-0 flex-1 items-center gap-1">
      <Search aria-hidden className="size-4 shrink-0 text-ink-faint" />
      <input
        ref={input}
        data-find-box
        type="text"
        inputMode="search"
        enterKeyHint="search"
        autoComplete="off"
        spellCheck={false}
        aria-label={t("find.label")}
        placeholder={t("find.placeholder")}
        value={find.query}
        onChange={(event) => find.search(event.target.value)}
        onKeyDown={press}
        className="h-9 min-w-0 flex-1 rounded-sm bg-transparent px-2 text-sm max-sm:h-10 text-ink placeholder:text-ink-faint focus-visible:outline-offset-0"
      />
      <p role="status" className="tabular shrink-0 px-2 text-xs whitespace-nowrap text-ink-soft">
        {hasQuery && (find.matches.length > 0 ? t("find.count", { number: find.place + 1, total: find.matches.length }) : t("find.none"))}
      </p>
      <IconButton label={t("find.previous")} shortcut="N" size="sm" className="max-sm:size-10" disabled={find.matches.length === 0} onClick={() => find.step(-1)}>
        <ChevronUp />
      </IconButton>
      <IconButton label={t("find.next")} shortcut="n" size="sm" className="max-sm:size-10" disabled={find.matches.length === 0} onClick={() => find.step(1)}>
        <ChevronDown />
      </IconButton>
      <IconButton label={common("close")} size="sm" className="max-sm:size-10" onClick={find.close}>
        <X />
      </IconButton>
    </search>
  );
}
