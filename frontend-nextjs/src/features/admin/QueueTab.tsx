"use client";
import Link from "next/link";
import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import { Button } from "@/components/ui/Button";
import { Failed } from "@/components/ui/Failed";
import { Progress } from "@/components/ui/Progress";
import { Section } from "@/components/ui/Section";
import { Skeleton } from "@/components/ui/Skeleton";
import { useToast } from "@/components/ui/Toast";
import { useLanguage } from "@/features/shell/Language";
import { useErrorText } from "@/features/shell/useErrorText";
import { ApiError } from "@/lib/api/client";
import { useCancelQueued, useQueue, useRequeue, type Queued } from "@/lib/api/queue";
import { ago, duration, percent } from "@/lib/format";

export function QueueTab() {
  const t = useTranslations("admin.queue");
  const { language } = useLanguage();
  const queue = useQueue();
  if (queue.isPending) return <Skeleton className="h-64" />;
  if (!queue.data) return <Failed error={queue.error} onRetry={() => void queue.refetch()} />;
  const { meetings, running, pending, dead_letters, oldest_pending_s } = queue.data;
  return (
    <>
      <dl className="mb-8 grid grid-cols-2 gap-6 sm:grid-cols-4">
        <Figure label={t("waiting")} value={meetings.PENDING ?? 0} />
        <Figure label={t("running")} value={meetings.PROCESSING ?? 0} />
        <Figure label={t("done")} value={meetings.COMPLETED ?? 0} />
        <Figure label={t("failed")} value={meetings.FAILED ?? 0} />
      </dl>
      <Section title={t("runningTitle")}>
        <Entries items={running} none={t("runningNone")} row={(item) => <RunningRow key={item.id} item={item} />} />
      </Section>
      <Section title={t("pendingTitle")} about={pending.length > 0 ? t("oldest", { duration: duration(oldest_pending_s, language) }) : undefined}>
        <Entries items={pending} none={t("pendingNone")} row={(item, index) => <PendingRow key={item.id} item={item} place={index + 1} />} />
      </Section>
      <Section title={t("deadTitle")} about={t("deadAbout")}>
        <Entries items={dead_letters} none={t("deadNone")} row={(item) => <DeadRow key={item.id} item={item} />} />
      </Section>
    </>
  );
}

function Figure({ label, value }: { label: ReactNode; value: number }) {
  const { language } = useLanguage();
  return (
    <div>
      <dt className="text-sm text-ink-soft">{label}</dt>
      <dd className="tabular font-serif text-2xl font-semibold">{new Intl.NumberFormat(language).format(value)}</dd>
    </div>
  );
}

function Entries({ items, none, row }: { items: Queued[]; none: ReactNode; row: (item: Queued, index: number) => ReactNode }) {
  if (items.length === 0) return <p className="text-ink-soft">{none}</p>;
  return <ol className="divide-y divide-line">{items.map(row)}</ol>;
}

function Entry({ item, facts, action, children }: { item: Queued; facts: ReactNode; action: ReactNode; children?: ReactNode }) {
  return (
    <div className="flex items-start gap-4">
      <div className="min-w-0 flex-1">
        <Link prefetch={false} href={`/meetings/${item.id}`} className="block truncate font-medium underline-offset-4 hover:underline">
          {item.title}
        </Link>
        <p className="text-xs text-ink-faint">{facts}</p>
        {children}
      </div>
      {action}
    </div>
  );
}

function RunningRow({ item }: { item: Queued }) {
  const t = useTranslations();
  const { language } = useLanguage();
  return (
    <li className="py-3 first:pt-0">
      <Entry
        item={item}
        action={<CancelButton item={item} />}
        facts={
          <>
            {item.owner} · {item.started_at && t("admin.queue.startedAgo", { ago: ago(item.started_at, language) })}
            {item.worker_id && <> · {item.worker_id}</>}
            {item.attempt > 1 && <> · {t("admin.queue.attempt", { attempt: item.attempt, max: item.max_attempts })}</>}
          </>
        }
      >
        <div className="mt-2 flex items-center gap-3">
          <Progress percent={item.percent} label={t("admin.queue.progress", { title: item.title })} className="flex-1" />
          <span className="tabular w-12 text-right text-xs text-ink-soft">{percent(item.percent / 100, language)}</span>
        </div>
        {item.stage && <p className="mt-1 text-xs text-ink-soft">{t(`running.stage.${item.stage}`)}</p>}
      </Entry>
    </li>
  );
}

function PendingRow({ item, place }: { item: Queued; place: number }) {
  const t = useTranslations("admin.queue");
  const { language } = useLanguage();
  const isAgain = item.attempt > 0;
  return (
    <li className="flex gap-4 py-3 first:pt-0">
      <span aria-hidden className="tabular w-6 text-right font-serif text-lg text-ink-faint">
        {place}
      </span>
      <div className="min-w-0 flex-1">
        <Entry
          item={item}
          action={<CancelButton item={item} />}
          facts={
            <>
              {item.owner} · {t("since", { ago: ago(item.queued_at, language) })}
              {item.priority !== 0 && <> · {t("priority", { priority: item.priority })}</>}
              {isAgain && <> · {t("attempt", { attempt: item.attempt + 1, max: item.max_attempts })} · {t("nextTry", { ago: ago(item.next_attempt_at, language) })}</>}
            </>
          }
        >
          {item.failure && <Why item={item} />}
        </Entry>
      </div>
    </li>
  );
}

function DeadRow({ item }: { item: Queued }) {
  const t = useTranslations("admin.queue");
  const say = useToast();
  const { language } = useLanguage();
  const errorText = useErrorText();
  const requeue = useRequeue();
  const again = () =>
    requeue.mutate(item.id, { onSuccess: () => say(t("requeued")), onError: (error) => say(errorText(error), { kind: "error" }) });
  return (
    <li className="py-3 first:pt-0">
      <Entry
        item={item}
        facts={
          <>
            {item.owner} · {ago(item.finished_at ?? item.queued_at, language)} · {t("attempt", { attempt: item.attempt, max: item.max_attempts })}
          </>
        }
        action={
          <Button size="sm" className="max-sm:h-10" isBusy={requeue.isPending} aria-label={t("requeueNamed", { title: item.title })} onClick={again}>
            {t("requeue")}
          </Button>
        }
      >
        {item.failure && <Why item={item} />}
      </Entry>
    </li>
  );
}

function Why({ item }: { item: Queued }) {
  const errorText = useErrorText();
  if (!item.failure) return null;
  const error = new ApiError({ status: 0, code: item.failure.code, detail: item.failure.message });
  return (
    <p className="mt-1 text-sm text-danger">
      {errorText(error)} <code className="text-xs">{item.failure.code}</code>
    </p>
  );
}

function CancelButton({ item }: { item: Queued }) {
  const t = useTranslations("admin.queue");
  const say = useToast();
  const errorText = useErrorText();
  const cancel = useCancelQueued();
  const stop = () =>
    cancel.mutate(item.id, { onSuccess: () => say(t("cancelled")), onError: (error) => say(errorText(error), { kind: "error" }) });
  return (
    <Button size="sm" className="max-sm:h-10" kind="quiet" isBusy={cancel.isPending} aria-label={t("cancelNamed", { title: item.title })} onClick={stop}>
      {t("cancel")}
    </Button>
  );
}
