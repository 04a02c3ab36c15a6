"use client";
import { useTranslations } from "next-intl";
import { Checkbox } from "@/components/ui/Field";
import type { MeetingStatus } from "@/lib/api/meetings";
import { FilterButton } from "./FilterButton";
import { STATUSES, toggled } from "./view";

export function StatusFilter({ chosen, onChange }: { chosen: MeetingStatus[]; onChange: (chosen: MeetingStatus[]) => void }) {
  const t = useTranslations("meetings");
  return (
    <FilterButton name={t("filter.status")} chosen={chosen.map((status) => t(`status.${status}`)).join(", ")} className="w-56">
      <fieldset className="flex flex-col">
        <legend className="sr-only">{t("filter.status")}</legend>
        {STATUSES.map((status) => (
          <Checkbox key={status} className="py-2" label={t(`status.${status}`)} checked={chosen.includes(status)} onChange={() => onChange(toggled(chosen, status))} />
        ))}
      </fieldset>
    </FilterButton>
  );
}
