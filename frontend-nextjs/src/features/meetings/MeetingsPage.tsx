"use client";
/** All meetings: what is under way, and the rest by day. */
import { Mic, Plus, SearchX } from "lucide-react";
import dynamic from "next/dynamic";
import { useTranslations } from "next-intl";
import { Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Button } from "@/components/ui/Button";
import { EmptyState } from "@/components/ui/EmptyState";
import { Notice } from "@/components/ui/Notice";
import { PageHeader } from "@/components/ui/PageHeader";
import { useErrorText } from "@/features/shell/useErrorText";
import { useTitle } from "@/features/shell/useTitle";
import { useUploads } from "@/features/uploads";
import { isUnderWay, useMeetings, type MeetingSummary } from "@/lib/api/meetings";
import { EmptyList } from "./EmptyList";
import { Filters } from "./Filters";
import { LoadingList } from "./LoadingList";
import { MeetingList } from "./MeetingList";
import { useRows } from "./useRows";
import { useView } from "./useView";
import { EVERYTHING, filtersOf, isFiltered } from "./view";

const DeleteDialog = dynamic(() => import("./DeleteDialog").then((module) => module.DeleteDialog));
const WholeMeeting = dynamic(() => import("./WholeMeeting").then((module) => module.WholeMeeting));
const HelpDialog = dynamic(() => import("./HelpDialog").then((module) => module.HelpDialog));

export type Asked = "rename" | "tags" | "rerun" | "delete";

/** The address is read in the browser only, hence the boundary. */
export function MeetingsPage() {
  return (
    <Suspense fallback={null}>
      <Meetings />
    </Suspense>
  );
}

function Meetings() {
  const t = useTranslations("meetings");
  const errorText = useErrorText();
  const uploads = useUploads();
  const [view, change] = useView();
  const isNarrowed = isFiltered(view);
  const list = useMeetings(filtersOf(view));
  const running = useMeetings({ status: ["PENDING", "PROCESSING"], sort: "created_at" });
  const search = useRef<HTMLInputElement>(null);
  const [asked, setAsked] = useState<{ what: Asked; meeting: MeetingSummary } | null>(null);
  const [isHelpOpen, setHelpOpen] = useState(false);
  useTitle(t("title"));

  const pinned = useMemo(
    () => (isNarrowed ? [] : (running.data?.pages.flatMap((page) => page.items).filter(isUnderWay) ?? [])),
    [isNarrowed, running.data],
  );
  const meetings = useMemo(() => {
    const above = new Set(pinned.map((meeting) => meeting.id));
    return list.data?.pages.flatMap((page) => page.items).filter((meeting) => !above.has(meeting.id)) ?? [];
  }, [list.data, pinned]);
  const ids = useMemo(() => [...pinned, ...meetings].map((meeting) => meeting.id), [pinned, meetings]);

  const ask = useCallback((what: Asked, meeting: MeetingSummary) => setAsked({ what, meeting }), []);
  const rowKeys = useMemo(
    () => ({
      onNew: () => uploads.openNew(),
      onHelp: () => setHelpOpen(true),
      onSearch: () => search.current?.focus(),
      onDelete: (id: string) => {
        const meeting = [...pinned, ...meetings].find((one) => one.id === id);
        if (meeting) setAsked({ what: "delete", meeting });
      },
    }),
    [uploads, pinned, meetings],
  );
  const restoreFocus = useRows(ids, rowKeys);

  const isEmpty = list.isSuccess && ids.length === 0;
  const close = useCallback(() => setAsked(null), []);
  useEffect(() => {
    if (!asked) restoreFocus();
  }, [asked, restoreFocus]);
  return (
    <div className="mx-auto w-full max-w-5xl px-4 pt-8 pb-40 sm:px-6">
      <PageHeader
        title={t("title")}
        actions={
          <>
            <Button onClick={uploads.record}>
              <Mic aria-hidden />
              {t("record")}
            </Button>
            <Button kind="primary" onClick={() => uploads.openNew()} aria-keyshortcuts="n">
              <Plus aria-hidden />
              {t("new")}
            </Button>
          </>
        }
      />
      {(!isEmpty || isNarrowed) && <Filters view={view} onChange={change} searchRef={search} onHelp={() => setHelpOpen(true)} />}
      <p role="status" className="sr-only">
        {list.isSuccess && !list.isPlaceholderData ? t("shown", { count: ids.length }) : ""}
      </p>
      {list.isPending && <LoadingList />}
      {list.isError && (
        <div className="mt-6">
          <Notice tone="danger" actions={<Button size="sm" onClick={() => void list.refetch()}>{t("retryList")}</Button>}>
            {errorText(list.error)}
          </Notice>
        </div>
      )}
      {isEmpty && !isNarrowed && <EmptyList />}
      {isEmpty && isNarrowed && (
        <EmptyState icon={<SearchX />} title={t("nothing")} actions={<Button onClick={() => change(EVERYTHING)}>{t("showAll")}</Button>}>
          {t("nothingBody")}
        </EmptyState>
      )}
      {ids.length > 0 && (
        <MeetingList
          pinned={pinned}
          meetings={meetings}
          order={view.sort}
          isStale={list.isPlaceholderData}
          hasMore={list.hasNextPage}
          isLoadingMore={list.isFetchingNextPage}
          onMore={() => void list.fetchNextPage()}
          onAsk={ask}
        />
      )}
      {asked && asked.what !== "delete" && <WholeMeeting id={asked.meeting.id} what={asked.what} onClose={close} />}
      {asked?.what === "delete" && <DeleteDialog meeting={asked.meeting} onClose={close} onDeleted={close} />}
      {isHelpOpen && <HelpDialog onClose={() => setHelpOpen(false)} />}
    </div>
  );
}
