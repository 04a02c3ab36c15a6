"use client";
/** Search everywhere: what was said, by whom, when; heard at once or opened at that second. */
import { Search, SearchX, X } from "lucide-react";
import { useTranslations } from "next-intl";
import { Suspense, useEffect, useId, useRef, type KeyboardEvent, type RefObject } from "react";
import { Button } from "@/components/ui/Button";
import { EmptyState } from "@/components/ui/EmptyState";
import { IconButton } from "@/components/ui/IconButton";
import { Notice } from "@/components/ui/Notice";
import { Skeleton } from "@/components/ui/Skeleton";
import { useErrorText } from "@/features/shell/useErrorText";
import { useTitle } from "@/features/shell/useTitle";
import { useSearch } from "@/lib/api/search";
import { cx } from "@/lib/cx";
import { Filters } from "./Filters";
import { Found } from "./Found";
import { Tips } from "./Tips";
import { useWishes } from "./useWishes";
import { isFiltered, NO_FILTER } from "./wishes";

/** More than so many are not counted. */
const MANY = 1000;

export function SearchPage() {
  return (
    <Suspense>
      <Page />
    </Suspense>
  );
}

function Page() {
  const t = useTranslations("search");
  const errorText = useErrorText();
  const { typed, asked, change } = useWishes();
  const found = useSearch(asked);
  const box = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const isAsking = asked.q.trim() !== "";
  useTitle(isAsking ? t("titleOf", { q: asked.q.trim() }) : t("title"));
  useSlash(box);
  const total = found.data?.pages[0]?.total ?? 0;
  const toList = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    list.current?.querySelector<HTMLElement>("[data-quote]")?.focus();
  };
  return (
    <div className="mx-auto w-full max-w-3xl px-4 py-8 sm:px-6">
      <h1 className="mb-4 font-serif text-2xl font-semibold tracking-tight">{t("title")}</h1>
      <search className="flex flex-col gap-3">
        <SearchBox ref={box} value={typed.q} onChange={(q) => change({ q })} onKeyDown={toList} />
        <Filters wishes={typed} onChange={change} />
      </search>
      <p role="status" className={cx("mt-6 mb-4 min-h-5 text-sm text-ink-faint", !isAsking && "sr-only")}>
        {isAsking && found.isSuccess && total > 0 && (total >= MANY ? t("many", { count: MANY }) : t("total", { count: total }))}
        {isAsking && found.isSuccess && total === 0 && <span className="sr-only">{t("nothing", { q: asked.q.trim() })}</span>}
      </p>
      {!isAsking && <Tips onTry={(q) => { change({ q }); box.current?.focus(); }} />}
      {isAsking && found.isError && (
        <Notice tone="danger" actions={<Button size="sm" onClick={() => void found.refetch()}>{t("again")}</Button>}>
          {errorText(found.error)}
        </Notice>
      )}
      {isAsking && found.isPending && <Loading />}
      {isAsking && found.data && total > 0 && (
        <div aria-busy={found.isPlaceholderData} className={cx("transition-opacity", found.isPlaceholderData && "opacity-60")}>
          <Found pages={found.data.pages} box={box} list={list} meetingId={asked.meetingId} onOnly={(meetingId) => change({ meetingId })} />
          {found.hasNextPage && (
            <div className="mt-8 flex justify-center">
              <Button onClick={() => void found.fetchNextPage()} isBusy={found.isFetchingNextPage}>
                {t("more")}
              </Button>
            </div>
          )}
        </div>
      )}
      {isAsking && found.data && total === 0 && !found.isPlaceholderData && (
        <EmptyState
          icon={<SearchX aria-hidden />}
          title={t("nothing", { q: asked.q.trim() })}
          actions={isFiltered(asked) && <Button onClick={() => change(NO_FILTER)}>{t("clearFilters")}</Button>}
        >
          <p>{isFiltered(asked) ? t("nothingFiltered") : t("nothingBody")}</p>
        </EmptyState>
      )}
    </div>
  );
}

interface BoxProps {
  ref: RefObject<HTMLInputElement | null>;
  value: string;
  onChange: (q: string) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

function SearchBox({ ref, value, onChange, onKeyDown }: BoxProps) {
  const t = useTranslations("search");
  const id = useId();
  return (
    <div className="relative">
      <label htmlFor={id} className="sr-only">
        {t("box")}
      </label>
      <Search aria-hidden className="pointer-events-none absolute top-1/2 left-4 size-5 -translate-y-1/2 text-ink-faint" />
      <input
        ref={ref}
        id={id}
        type="search"
        autoFocus
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={onKeyDown}
        placeholder={t("example")}
        autoComplete="off"
        maxLength={200}
        enterKeyHint="search"
        className="h-14 w-full rounded-lg border border-line-strong bg-surface pr-14 pl-12 font-serif text-lg text-ink placeholder:text-ink-faint focus-visible:outline-offset-0 [&::-webkit-search-cancel-button]:hidden"
      />
      {value !== "" && (
        <IconButton
          label={t("clear")}
          className="absolute top-2 right-2"
          onClick={() => {
            onChange("");
            ref.current?.focus();
          }}
        >
          <X />
        </IconButton>
      )}
    </div>
  );
}

function Loading() {
  return (
    <div className="flex flex-col gap-6">
      {[1, 2, 3].map((one) => (
        <div key={one} className="flex gap-4">
          <Skeleton className="size-10 rounded-full" />
          <div className="flex flex-1 flex-col gap-2">
            <Skeleton className="h-4 w-40" />
            <Skeleton className="h-5 w-full" />
            <Skeleton className="h-5 w-2/3" />
          </div>
        </div>
      ))}
    </div>
  );
}

/** `/` goes to the box, from anywhere but another box. */
function useSlash(box: RefObject<HTMLInputElement | null>) {
  useEffect(() => {
    const pressed = (event: globalThis.KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select, [contenteditable=true]")) return;
      event.preventDefault();
      box.current?.focus();
      box.current?.select();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [box]);
}
