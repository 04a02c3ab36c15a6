"use client";
/** Who did what, when: looked through, taken away, proved. */
import { Download, ScrollText } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { EmptyState } from "@/components/ui/EmptyState";
import { Failed } from "@/components/ui/Failed";
import { Skeleton } from "@/components/ui/Skeleton";
import { auditExportUrl, useAudit } from "@/lib/api/audit";
import { AuditFilterFields } from "./audit/AuditFilterFields";
import { AuditRow } from "./audit/AuditRow";
import { Proof } from "./audit/Proof";
import { ALL, filtersOf } from "./audit/wishes";

export function AuditTab() {
  const t = useTranslations("audit");
  const [wishes, setWishes] = useState(ALL);
  const filters = filtersOf(wishes);
  const log = useAudit(filters);
  const entries = log.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <p className="mb-5 max-w-2xl text-ink-soft">{t("about")}</p>
      <Proof />
      <AuditFilterFields wishes={wishes} onChange={(change) => setWishes((old) => ({ ...old, ...change }))} />
      <div className="mt-6 mb-3 flex flex-wrap items-center justify-end gap-2">
        <h2 className="mr-auto font-serif text-lg font-semibold">{t("entries")}</h2>
        {(["csv", "jsonl"] as const).map((format) => (
          <Button key={format} size="sm" className="max-sm:h-10" asChild>
            <a href={auditExportUrl(format, filters)} download>
              <Download aria-hidden />
              {t(`export.${format}`)}
            </a>
          </Button>
        ))}
      </div>
      {log.isPending && <Skeleton className="h-64" />}
      {log.isError && !log.data && <Failed error={log.error} onRetry={() => void log.refetch()} />}
      {log.data && entries.length === 0 && (
        <EmptyState icon={<ScrollText />} title={t("nothing")} actions={<Button onClick={() => setWishes(ALL)}>{t("all")}</Button>}>
          {t("nothingBody")}
        </EmptyState>
      )}
      {entries.length > 0 && (
        <ol className={log.isPlaceholderData ? "divide-y divide-line border-y border-line opacity-60" : "divide-y divide-line border-y border-line"}>
          {entries.map((entry) => (
            <AuditRow key={entry.sequence} entry={entry} />
          ))}
        </ol>
      )}
      {log.hasNextPage && (
        <div className="mt-4 text-center">
          <Button isBusy={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
            {t("more")}
          </Button>
        </div>
      )}
    </>
  );
}
