"use client";
import Link from "next/link";
import { useTranslations } from "next-intl";
import { useLanguage } from "@/features/shell/Language";
import type { AuditEntry } from "@/lib/api/audit";
import { dayAndTime } from "@/lib/format";

/** As much of an id as tells one from another. */
const SHOWN_OF_ID = 8;
const begin = (id: string) => id.slice(0, SHOWN_OF_ID);

export function AuditRow({ entry }: { entry: AuditEntry }) {
  const t = useTranslations("audit");
  const { language } = useLanguage();
  const key = `action.${entry.action}` as Parameters<typeof t>[0];
  const details = Object.entries(entry.detail ?? {}).filter(([, value]) => value !== null && value !== "");
  return (
    <li className="grid gap-x-6 gap-y-1 py-3 sm:grid-cols-[11rem_minmax(0,1fr)]">
      <div className="text-xs text-ink-faint">
        <time dateTime={entry.at} className="tabular block text-ink-soft">
          {dayAndTime(entry.at, language)}
        </time>
        <span className="tabular">{t("number", { number: entry.sequence })}</span>
      </div>
      <div className="min-w-0">
        <h3 className="text-sm font-medium">{t.has(key) ? t(key) : <code>{entry.action}</code>}</h3>
        <p className="flex flex-wrap gap-x-3 text-sm text-ink-soft">
          <Actor actor={entry.actor} />
          {entry.meeting && <Meeting meeting={entry.meeting} />}
          {entry.person_id && (
            <Link prefetch={false} href={`/voices/${entry.person_id}`} className="underline-offset-4 hover:underline">
              {t("person", { id: begin(entry.person_id) })}
            </Link>
          )}
          <Subject entry={entry} />
        </p>
        {details.length > 0 && (
          <p className="mt-0.5 text-xs break-words text-ink-faint">
            {details.map(([name, value]) => `${name.replaceAll("_", " ")}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`).join(" · ")}
          </p>
        )}
      </div>
    </li>
  );
}

function Actor({ actor }: { actor: AuditEntry["actor"] }) {
  const t = useTranslations("audit");
  if (actor.kind === "program") return <span>{t("service")}</span>;
  const name = actor.username ?? (actor.id ? begin(actor.id) : null);
  if (actor.kind === "command") return <span>{name ? t("commandBy", { who: name }) : t("command")}</span>;
  if (actor.kind === "token") return <span>{t("tokenOf", { who: name ?? t("nobody") })}</span>;
  return <span>{name ?? t("nobody")}</span>;
}

/** Who or what else it is about, where that says more than who did it. */
function Subject({ entry: { subject_id: id, subject_username: who, actor } }: { entry: AuditEntry }) {
  const t = useTranslations("audit");
  if (id === null || id === actor.id) return null;
  return who ? <span>{t("concerns", { who })}</span> : <span className="text-ink-faint">{begin(id)}</span>;
}

function Meeting({ meeting }: { meeting: NonNullable<AuditEntry["meeting"]> }) {
  const t = useTranslations("audit");
  if (meeting.title === null) return <span>{t("goneMeeting", { id: begin(meeting.id) })}</span>;
  return (
    <Link prefetch={false} href={`/meetings/${meeting.id}`} className="min-w-0 truncate underline-offset-4 hover:underline">
      {meeting.title}
    </Link>
  );
}
