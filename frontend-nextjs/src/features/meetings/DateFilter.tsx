"use client";
import { useTranslations } from "next-intl";
import { Button } from "@/components/ui/Button";
import { TextField } from "@/components/ui/Field";
import { useLanguage } from "@/features/shell/Language";
import { day } from "@/lib/format";
import { FilterButton } from "./FilterButton";
import { lastDays, type View } from "./view";

const SPANS = [
  { days: 7, key: "week" },
  { days: 30, key: "month" },
  { days: 365, key: "year" },
] as const;

export function DateFilter({ from, to, onChange }: { from: string; to: string; onChange: (change: Partial<View>) => void }) {
  const t = useTranslations("meetings");
  const { language } = useLanguage();
  const chosen =
    from && to
      ? t("filter.fromTo", { from: day(from, language), to: day(to, language) })
      : from
        ? t("filter.since", { from: day(from, language) })
        : to && t("filter.until", { to: day(to, language) });
  return (
    <FilterButton name={t("filter.date")} chosen={chosen} className="w-72">
      {(close) => (
        <div className="flex flex-col gap-3">
          <div className="flex flex-col">
            {SPANS.map(({ days, key }) => (
              <Button
                key={key}
                kind="quiet"
                className="justify-start"
                onClick={() => {
                  onChange(lastDays(days));
                  close();
                }}
              >
                {t(`filter.last.${key}`)}
              </Button>
            ))}
          </div>
          <div className="grid grid-cols-2 gap-2 border-t border-line pt-3">
            <TextField type="date" label={t("filter.from")} value={from} max={to || undefined} onChange={(event) => onChange({ from: event.target.value })} />
            <TextField type="date" label={t("filter.to")} value={to} min={from || undefined} onChange={(event) => onChange({ to: event.target.value })} />
          </div>
          {(from || to) && (
            <Button
              size="sm"
              onClick={() => {
                onChange({ from: "", to: "" });
                close();
              }}
            >
              {t("filter.anyDate")}
            </Button>
          )}
        </div>
      )}
    </FilterButton>
  );
}
