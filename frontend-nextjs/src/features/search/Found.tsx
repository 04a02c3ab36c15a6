"use client";
import Link from "next/link";
import { useTranslations } from "next-intl";
import type { KeyboardEvent, RefObject } from "react";
import { Button } from "@/components/ui/Button";
import { useToast } from "@/components/ui/Toast";
import { useLanguage } from "@/features/shell/Language";
import type { Quote } from "@/lib/api/search";
import { day } from "@/lib/format";
import { groupsOf, quoteKey } from "./pieces";
import { QuoteCard } from "./QuoteCard";
import { useSnippet } from "./useSnippet";

interface Props {
  pages: { items: Quote[] }[];
  /** Where ↑ leads from the first quote. */
  box: RefObject<HTMLInputElement | null>;
  list: RefObject<HTMLDivElement | null>;
  /** The meeting that is searched alone; empty: all. */
  meetingId: string;
  onOnly: (meetingId: string) => void;
}

/** Quotes by meeting. ↓ and ↑ go from one to the next, Enter opens, P plays. */
export function Found({ pages, box, list, meetingId, onOnly }: Props) {
  const t = useTranslations("search");
  const say = useToast();
  const { language } = useLanguage();
  const snippet = useSnippet(() => say(t("playRefused"), { kind: "error" }));
  const groups = groupsOf(pages);
  const quotes = groups.flatMap((group) => group.quotes);
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const links = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-quote]")];
    const at = links.findIndex((link) => link.parentElement?.contains(document.activeElement));
    if (at < 0) return;
    const quote = quotes[at];
    if (event.key === "ArrowDown") links[at + 1]?.focus();
    else if (event.key === "ArrowUp") (links[at - 1] ?? box.current)?.focus();
    else if (event.key.toLowerCase() === "p" && quote) snippet.toggle(quote);
    else return;
    event.preventDefault();
  };
  return (
    <div ref={list} onKeyDown={onKeyDown} className="flex flex-col gap-8">
      {groups.map((group, number) => (
        <section key={`${group.meeting.id}-${number}`} aria-labelledby={`found-${number}`}>
          <div className="flex flex-wrap items-baseline gap-x-3 border-b border-line pb-2">
            <h2 id={`found-${number}`} className="min-w-0 font-serif text-lg font-semibold">
              <Link prefetch={false} href={`/meetings/${group.meeting.id}`} className="hover:text-accent">
                {group.meeting.title}
              </Link>
            </h2>
            <span className="text-sm text-ink-faint">{day(group.meeting.held_on ?? group.meeting.created_at, language)}</span>
            {meetingId === "" && (
              <Button kind="quiet" size="sm" className="ml-auto" onClick={() => onOnly(group.meeting.id)} aria-label={t("onlyThisOf", { title: group.meeting.title })}>
                {t("onlyThis")}
              </Button>
            )}
          </div>
          <ul className="mt-1.5">
            {group.quotes.map((quote) => (
              <QuoteCard
                key={quoteKey(quote)}
                quote={quote}
                isPlaying={snippet.playing === quoteKey(quote)}
                share={snippet.share}
                onPlay={() => snippet.toggle(quote)}
              />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
