"use client";
import { Cpu, ServerOff } from "lucide-react";
import Link from "next/link";
import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import { Badge } from "@/components/ui/Badge";
import { EmptyState } from "@/components/ui/EmptyState";
import { Failed } from "@/components/ui/Failed";
import { Skeleton } from "@/components/ui/Skeleton";
import { useLanguage } from "@/features/shell/Language";
import { useQueue, useWorkers, type Worker } from "@/lib/api/queue";
import { ago, bytes } from "@/lib/format";

export function WorkersTab() {
  const t = useTranslations("admin.workers");
  const workers = useWorkers();
  const running = useQueue().data?.running ?? [];
  if (workers.isPending) return <Skeleton className="h-40" />;
  if (!workers.data) return <Failed error={workers.error} onRetry={() => void workers.refetch()} />;
  if (workers.data.length === 0) {
    return (
      <EmptyState icon={<ServerOff />} title={t("none")}>
        {t("noneBody")}
      </EmptyState>
    );
  }
  return (
    <>
      <p className="mb-4 max-w-prose text-ink-soft">{t("about")}</p>
      <ul className="divide-y divide-line border-y border-line">
        {workers.data.map((worker) => (
          <WorkerRow key={worker.id} worker={worker} title={running.find((item) => item.id === worker.meeting_id)?.title} />
        ))}
      </ul>
    </>
  );
}

function WorkerRow({ worker, title }: { worker: Worker; title: string | undefined }) {
  const t = useTranslations("admin.workers");
  const { language } = useLanguage();
  const model = worker.models.transcription;
  return (
    <li className="py-5">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Cpu aria-hidden className="size-4.5 text-ink-faint" />
        <h2 className="font-medium">{t("id", { host: worker.host, pid: String(worker.pid) })}</h2>
        <Badge tone={worker.meeting_id ? "accent" : "neutral"}>{worker.meeting_id ? t("busy") : t("idle")}</Badge>
      </div>
      {worker.meeting_id && (
        <p className="mt-1.5 text-sm text-ink-soft">
          {t("on")}{" "}
          <Link prefetch={false} href={`/meetings/${worker.meeting_id}`} className="text-accent underline underline-offset-4">
            {title ?? t("meeting")}
          </Link>
        </p>
      )}
      <dl className="mt-4 grid grid-cols-2 gap-x-6 gap-y-4 sm:grid-cols-3 lg:grid-cols-6">
        <Fact label={t("device")}>{worker.device === "cpu" ? t("deviceCpu") : t("deviceGpu", { device: worker.device })}</Fact>
        <Fact label={t("model")}>{typeof model === "string" ? model : "–"}</Fact>
        <Fact label={t("memory")}>{worker.rss_mb === null ? "–" : bytes(worker.rss_mb * 1e6, language)}</Fact>
        <Fact label={t("since")}>{ago(worker.started_at, language)}</Fact>
        <Fact label={t("seen")}>{t("seenAgo", { seconds: Math.round(worker.heartbeat_age_s) })}</Fact>
        <Fact label={t("version")}>{worker.version}</Fact>
      </dl>
    </li>
  );
}

function Fact({ label, children }: { label: ReactNode; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-xs text-ink-faint">{label}</dt>
      <dd className="tabular text-sm break-words">{children}</dd>
    </div>
  );
}
