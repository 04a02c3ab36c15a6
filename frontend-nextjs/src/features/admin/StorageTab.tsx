"use client";
import { useTranslations } from "next-intl";
import { Failed } from "@/components/ui/Failed";
import { Notice } from "@/components/ui/Notice";
import { Progress } from "@/components/ui/Progress";
import { Section } from "@/components/ui/Section";
import { Skeleton } from "@/components/ui/Skeleton";
import { useLanguage } from "@/features/shell/Language";
import type { Schemas } from "@/lib/api/client";
import { useStorage } from "@/lib/api/queue";
import { ago, bytes, percent } from "@/lib/format";

type Use = Schemas["StorageUseOut"];

/** Neighbours differ in lightness: the speakers' colours, told apart by everybody. */
const PARTS = [
  { name: "recordings", colour: 2 },
  { name: "results", colour: 1 },
  { name: "voices", colour: 0 },
  { name: "other", colour: 7 },
  { name: "database", colour: 5 },
  { name: "uploads", colour: 4 },
] as const;
const LOW = 0.1;

export function StorageTab() {
  const t = useTranslations("admin.storage");
  const { language } = useLanguage();
  const storage = useStorage();
  if (storage.isPending) return <Skeleton className="h-64" />;
  if (!storage.data) return <Failed error={storage.error} onRetry={() => void storage.refetch()} />;
  const use = storage.data;
  const used = PARTS.reduce((sum, { name }) => sum + use[`${name}_bytes`], 0);
  return (
    <>
      <Disk use={use} used={used} />
      <Section title={t("what")} about={t("measured", { ago: ago(use.measured_at, language) })}>
        <Parts use={use} used={used} />
      </Section>
      <Section title={t("byUser")}>
        <ByUser use={use} />
      </Section>
    </>
  );
}

function Disk({ use, used }: { use: Use; used: number }) {
  const t = useTranslations("admin.storage");
  const { language } = useLanguage();
  const { free_bytes: free, total_bytes: total } = use;
  return (
    <div className="mb-8 flex flex-col gap-3">
      <p className="font-serif text-2xl font-semibold">{t("used", { size: bytes(used, language) })}</p>
      {free !== null && total !== null && total > 0 && (
        <>
          <p className="text-sm text-ink-soft">{t("free", { free: bytes(free, language), total: bytes(total, language) })}</p>
          <Progress percent={(1 - free / total) * 100} label={t("disk")} className="max-w-md" />
          {free / total < LOW && <Notice tone="warning">{t("low")}</Notice>}
        </>
      )}
    </div>
  );
}

function Parts({ use, used }: { use: Use; used: number }) {
  const t = useTranslations("admin.storage");
  const { language } = useLanguage();
  return (
    <>
      <div aria-hidden className="mb-5 flex h-4 gap-0.5 overflow-hidden rounded-full bg-line">
        {PARTS.filter(({ name }) => use[`${name}_bytes`] > 0).map(({ name, colour }) => (
          <span key={name} data-speaker={colour} className="min-w-1 bg-speaker" style={{ flexGrow: use[`${name}_bytes`] }} />
        ))}
      </div>
      <dl className="grid gap-x-10 gap-y-2.5 sm:grid-cols-2">
        {PARTS.map(({ name, colour }) => (
          <div key={name} className="flex items-center gap-3">
            <span aria-hidden data-speaker={colour} className="size-3 shrink-0 rounded-sm bg-speaker" />
            <dt className="flex-1">{t(name)}</dt>
            <dd className="tabular text-ink-soft">{bytes(use[`${name}_bytes`], language)}</dd>
            <dd className="tabular w-12 text-right text-xs text-ink-faint">{percent(used > 0 ? use[`${name}_bytes`] / used : 0, language)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function ByUser({ use }: { use: Use }) {
  const t = useTranslations("admin.storage");
  const { language } = useLanguage();
  const most = Math.max(1, ...use.by_user.map((user) => user.bytes));
  if (use.by_user.length === 0) return <p className="text-ink-soft">{t("nobody")}</p>;
  return (
    <table className="w-full text-left">
      <thead className="text-xs text-ink-faint">
        <tr>
          <th scope="col" className="pb-2 font-normal">{t("user")}</th>
          <th scope="col" className="pb-2 text-right font-normal">{t("meetings")}</th>
          <th scope="col" className="pb-2 text-right font-normal">{t("size")}</th>
          <th scope="col" className="w-1/3 pb-2 pl-6 font-normal max-sm:hidden">{t("share")}</th>
        </tr>
      </thead>
      <tbody className="divide-y divide-line border-t border-line">
        {use.by_user.map((user) => (
          <tr key={user.username}>
            <th scope="row" className="py-2.5 font-medium">{user.username}</th>
            <td className="tabular py-2.5 text-right">{user.num_meetings}</td>
            <td className="tabular py-2.5 text-right">{bytes(user.bytes, language)}</td>
            <td className="py-2.5 pl-6 max-sm:hidden">
              <Progress percent={(user.bytes / most) * 100} label={user.username} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
