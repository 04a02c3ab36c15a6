"use client";
/** One line: does it work? Opened: which part does. */
import { ChevronDown, CircleAlert, CircleCheck, TriangleAlert } from "lucide-react";
import { useTranslations } from "next-intl";
import { Popover } from "@/components/ui/Popover";
import { cx } from "@/lib/cx";
import { useHealth, type Health } from "@/lib/api/queue";

const LOOKS = {
  ready: [CircleCheck, "text-success"],
  degraded: [TriangleAlert, "text-warning"],
  unready: [CircleAlert, "text-danger"],
} as const;
const CHECKS = ["database", "migrations", "redis", "storage", "workers", "events"] as const;

export function HealthLine() {
  const t = useTranslations("admin.health");
  const health = useHealth();
  if (health.isPending) return <p>{t("loading")}</p>;
  if (!health.data) return <p className="text-danger">{t("unknown")}</p>;
  const [Icon, tone] = LOOKS[health.data.status];
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
      <Popover
        label={t("checks")}
        trigger={
          <button type="button" className={cx("-ml-1.5 inline-flex min-h-8 items-center gap-1.5 rounded-md px-1.5 font-medium hover:bg-sunken", tone)}>
            <Icon aria-hidden className="size-4.5" />
            {t(`status.${health.data.status}`)}
            <ChevronDown aria-hidden className="size-4" />
          </button>
        }
      >
        <Checks health={health.data} />
      </Popover>
      <span role="status" className="sr-only">
        {t(`status.${health.data.status}`)}
      </span>
      <span className="text-xs text-ink-faint">{t("version", { version: health.data.version })}</span>
    </div>
  );
}

function Checks({ health }: { health: Health }) {
  const t = useTranslations("admin.health");
  return (
    <div className="flex flex-col gap-3">
      {health.status === "degraded" && <p className="text-sm text-ink-soft">{t("degradedBody")}</p>}
      {health.status === "unready" && <p className="text-sm text-ink-soft">{t("unreadyBody")}</p>}
      <dl className="flex flex-col gap-2 text-sm">
        {CHECKS.filter((name) => name in health.checks).map((name) => {
          const state = health.checks[name]?.state ?? "absent";
          return (
            <div key={name} className="flex items-center justify-between gap-4">
              <dt>{t(`check.${name}`)}</dt>
              <dd className={cx("font-medium", state === "ok" ? "text-success" : "text-danger")}>{t(`state.${state}`)}</dd>
            </div>
          );
        })}
      </dl>
    </div>
  );
}
