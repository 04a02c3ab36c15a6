"use client";
import { AudioWaveform, Search, UserRoundPlus, UsersRound } from "lucide-react";
import dynamic from "next/dynamic";
import { useTranslations } from "next-intl";
import { useDeferredValue, useState } from "react";
import { Button } from "@/components/ui/Button";
import { EmptyState } from "@/components/ui/EmptyState";
import { Failed } from "@/components/ui/Failed";
import { TextField } from "@/components/ui/Field";
import { PageHeader } from "@/components/ui/PageHeader";
import { Skeleton } from "@/components/ui/Skeleton";
import { useTitle } from "@/features/shell/useTitle";
import { usePeople } from "@/lib/api/people";
import { PersonRow } from "./PersonRow";

const AddPersonDialog = dynamic(() => import("./AddPersonDialog").then((module) => module.AddPersonDialog));
const TestDialog = dynamic(() => import("./clip/TestDialog").then((module) => module.TestDialog));

export function VoicesPage() {
  const t = useTranslations("voices");
  const [q, setQ] = useState("");
  const [open, setOpen] = useState<"add" | "test" | null>(null);
  useTitle(t("title"));
  const add = (
    <Button kind="primary" onClick={() => setOpen("add")}>
      <UserRoundPlus aria-hidden />
      {t("add")}
    </Button>
  );
  return (
    <div className="mx-auto w-full max-w-5xl px-4 py-8 sm:px-6 sm:py-10">
      <PageHeader
        title={t("title")}
        actions={
          <>
            <Button onClick={() => setOpen("test")}>
              <AudioWaveform aria-hidden />
              {t("whose")}
            </Button>
            {add}
          </>
        }
      >
        <p>{t("subtitle")}</p>
      </PageHeader>
      <People q={q} onSearch={setQ} />
      {open === "add" && <AddPersonDialog onClose={() => setOpen(null)} />}
      {open === "test" && <TestDialog onClose={() => setOpen(null)} />}
    </div>
  );
}

function People({ q, onSearch }: { q: string; onSearch: (q: string) => void }) {
  const t = useTranslations("voices");
  const asked = useDeferredValue(q.trim());
  const people = usePeople(asked);
  const items = people.data?.pages.flatMap((page) => page.items) ?? [];
  if (people.isPending) return <Loading />;
  if (people.isError) return <Failed error={people.error} onRetry={() => void people.refetch()} />;
  if (items.length === 0 && !asked && !q) return <Teaching />;
  return (
    <>
      <div className="relative mb-4 max-w-sm">
        <Search aria-hidden className="pointer-events-none absolute top-3 left-3 size-4 text-ink-faint" />
        <TextField label={t("search")} isLabelHidden type="search" placeholder={t("search")} value={q} onChange={(event) => onSearch(event.target.value)} className="pl-9" />
      </div>
      <p role="status" className="sr-only">
        {t("count", { count: items.length })}
      </p>
      {items.length === 0 && <p className="py-10 text-center text-ink-soft">{t("nobodyFound", { q: asked })}</p>}
      <ul className="divide-y divide-line border-y border-line">
        {items.map((person) => (
          <PersonRow key={person.id} person={person} />
        ))}
      </ul>
      {people.hasNextPage && (
        <div className="mt-4 text-center">
          <Button isBusy={people.isFetchingNextPage} onClick={() => void people.fetchNextPage()}>
            {t("showMore")}
          </Button>
        </div>
      )}
    </>
  );
}

function Teaching() {
  const t = useTranslations("voices.empty");
  return (
    <EmptyState icon={<UsersRound />} title={t("title")}>
      <p>{t("body")}</p>
      <ol className="mt-6 flex list-decimal flex-col gap-3 pl-5 text-left marker:font-semibold marker:text-accent">
        <li>{t("step1")}</li>
        <li>{t("step2")}</li>
        <li>{t("step3")}</li>
      </ol>
    </EmptyState>
  );
}

function Loading() {
  const t = useTranslations("common");
  return (
    <div role="status" className="flex flex-col gap-3">
      <span className="sr-only">{t("loading")}</span>
      <Skeleton className="h-10 max-w-sm" />
      {[1, 2, 3, 4].map((row) => (
        <Skeleton key={row} className="h-16" />
      ))}
    </div>
  );
}
