"use client";
import { Globe, Terminal } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Badge } from "@/components/ui/Badge";
import { Button } from "@/components/ui/Button";
import { Failed } from "@/components/ui/Failed";
import { Section } from "@/components/ui/Section";
import { Skeleton } from "@/components/ui/Skeleton";
import { useToast } from "@/components/ui/Toast";
import { useLanguage } from "@/features/shell/Language";
import { useErrorText } from "@/features/shell/useErrorText";
import { useEndSession, useSessions, type Session } from "@/lib/api/accounts";
import { ago, day } from "@/lib/format";
import { agentOf } from "./userAgent";

const SHOWN = 5;

export function SessionsSection() {
  const t = useTranslations("account.sessions");
  const say = useToast();
  const errorText = useErrorText();
  const sessions = useSessions();
  const end = useEndSession();
  const [isAll, setAll] = useState(false);
  const all = [...(sessions.data ?? [])].sort((a, b) => Number(b.is_current) - Number(a.is_current) || b.last_seen_at.localeCompare(a.last_seen_at));
  const others = all.filter((session) => !session.is_current);
  const endOthers = async () => {
    const ended = await Promise.allSettled(others.map((session) => end.mutateAsync(session.id)));
    say(t("endedOthers", { count: ended.filter(({ status }) => status === "fulfilled").length }));
  };
  return (
    <Section title={t("title")} about={t("body")}>
      {sessions.isPending && <Skeleton className="h-28" />}
      {sessions.isError && <Failed error={sessions.error} onRetry={() => void sessions.refetch()} />}
      <ul className="divide-y divide-line">
        {(isAll ? all : all.slice(0, SHOWN)).map((session) => (
          <SessionLine
            key={session.id}
            session={session}
            onEnd={() =>
              end.mutate(session.id, { onSuccess: () => say(t("ended")), onError: (error) => say(errorText(error), { kind: "error" }) })
            }
          />
        ))}
      </ul>
      {others.length > 0 && (
        <div className="mt-3 flex flex-wrap gap-2">
          {others.length > 1 && (
            <Button size="sm" className="max-sm:h-10" isBusy={end.isPending} onClick={() => void endOthers()}>
              {t("endOthers")}
            </Button>
          )}
          {!isAll && all.length > SHOWN && (
            <Button size="sm" className="max-sm:h-10" kind="quiet" onClick={() => setAll(true)}>
              {t("showAll", { count: all.length - SHOWN })}
            </Button>
          )}
        </div>
      )}
    </Section>
  );
}

function SessionLine({ session, onEnd }: { session: Session; onEnd: () => void }) {
  const t = useTranslations("account.sessions");
  const { language } = useLanguage();
  const agent = agentOf(session.user_agent);
  const name = !agent ? t("unknown") : agent.system ? t("on", { browser: agent.browser, system: agent.system }) : agent.browser;
  const seen = t("seen", { ago: ago(session.last_seen_at, language) });
  const Icon = agent?.system ? Globe : Terminal;
  return (
    <li className="flex items-center gap-3 py-2.5 first:pt-0">
      <Icon aria-hidden className="size-4.5 shrink-0 text-ink-faint" />
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">{name}</p>
        <p className="text-xs text-ink-faint">
          {seen} · {t("since", { day: day(session.created_at, language) })}
        </p>
      </div>
      {session.is_current ? (
        <Badge tone="accent">{t("current")}</Badge>
      ) : (
        <Button size="sm" className="max-sm:h-10" kind="quiet" aria-label={t("endNamed", { name, seen })} onClick={onEnd}>
          {t("end")}
        </Button>
      )}
    </li>
  );
}
