"use client";
/** Words, filters and order above the list. Everything chosen stands in the address. */
import { Keyboard, X } from "lucide-react";
import Link from "next/link";
import { useTranslations } from "next-intl";
import type { RefObject } from "react";
import { Button } from "@/components/ui/Button";
import { IconButton } from "@/components/ui/IconButton";
import type { MeetingOrder } from "@/lib/api/meetings";
import { DateFilter } from "./DateFilter";
import { SearchBox } from "./SearchBox";
import { SpeakerFilter } from "./SpeakerFilter";
import { StatusFilter } from "./StatusFilter";
import { TagFilter } from "./TagFilter";
import { EVERYTHING, isFiltered, ORDERS, type View } from "./view";

interface Props {
  view: View;
  onChange: (change: Partial<View>, isSmall?: boolean) => void;
  searchRef: RefObject<HTMLInputElement | null>;
  onHelp: () => void;
}

export function Filters({ view, onChange, searchRef, onHelp }: Props) {
  const t = useTranslations("meetings");
  return (
    <search aria-label={t("find")} className="flex flex-col gap-3">
      <SearchBox words={view.q} onChange={onChange} inputRef={searchRef} />
      <div className="flex flex-wrap items-center gap-1.5">
        <StatusFilter chosen={view.status} onChange={(status) => onChange({ status })} />
        <DateFilter from={view.from} to={view.to} onChange={onChange} />
        <SpeakerFilter person={view.person} speaker={view.speaker} onChange={onChange} />
        <TagFilter chosen={view.tag} onChange={(tag) => onChange({ tag })} />
        {isFiltered(view) && (
          <Button kind="quiet" size="sm" className="max-sm:h-10" onClick={() => onChange({ ...EVERYTHING, sort: view.sort })}>
            <X aria-hidden />
            {t("clear")}
          </Button>
        )}
        <span className="flex-1" />
        <label className="flex items-center gap-2 text-xs text-ink-soft">
          <span className="max-md:sr-only">{t("sortBy")}</span>
          <select
            value={view.sort}
            onChange={(event) => onChange({ sort: event.target.value as MeetingOrder })}
            className="h-8 rounded-md border border-line bg-surface px-2 text-xs text-ink max-sm:h-10"
          >
            {ORDERS.map((order) => (
              <option key={order} value={order}>
                {t(`sort.${order}`)}
              </option>
            ))}
          </select>
        </label>
        <span className="max-sm:hidden">
          <IconButton label={t("shortcuts")} shortcut="?" size="sm" onClick={onHelp}>
            <Keyboard />
          </IconButton>
        </span>
      </div>
      {view.q.trim() && (
        <p className="text-sm text-ink-soft">
          {t("titlesOnly")}{" "}
          <Link prefetch={false} href={`/search?q=${encodeURIComponent(view.q.trim())}`} className="font-medium text-accent underline underline-offset-4">
            {t("searchSaid", { words: view.q.trim() })}
          </Link>
        </p>
      )}
    </search>
  );
}
