"use client";
import { X } from "lucide-react";
import { useTranslations } from "next-intl";
import { useId, useState } from "react";
import { SelectField, TextField } from "@/components/ui/Field";
import { useMeeting } from "@/lib/api/meetings";
import { usePeople, usePerson } from "@/lib/api/people";
import type { SearchWishes } from "@/lib/api/search";
import { daysBefore, periodOf, type Period } from "./wishes";

interface Props {
  wishes: SearchWishes;
  onChange: (change: Partial<SearchWishes>) => void;
}

/** Who said it, when, in which meeting. */
export function Filters({ wishes, onChange }: Props) {
  const t = useTranslations("search");
  const listId = useId();
  const people = usePeople("").data?.pages.flatMap((page) => page.items) ?? [];
  const [today] = useState(() => new Date());
  const [isCustom, setCustom] = useState(false);
  const known = periodOf(wishes, today);
  const period: Period = isCustom ? "custom" : known;
  const choose = (chosen: Period) => {
    setCustom(chosen === "custom");
    if (chosen === "any") onChange({ from: "", to: "" });
    else if (chosen !== "custom") onChange({ from: daysBefore(today, Number(chosen)), to: "" });
  };
  return (
    <div role="group" aria-label={t("filters")} className="flex flex-col gap-3">
      <div className="grid grid-cols-2 gap-3 sm:grid-cols-[1fr_12rem]">
        <div>
          <TextField label={t("who")} isLabelHidden placeholder={t("whoExample")} list={listId} autoComplete="off" value={wishes.who} onChange={(event) => onChange({ who: event.target.value })} />
          <datalist id={listId}>
            {people.map((person) => (
              <option key={person.id} value={person.name} />
            ))}
          </datalist>
        </div>
        <SelectField label={t("when")} isLabelHidden value={period} onChange={(event) => choose(event.target.value as Period)}>
          <option value="any">{t("period.any")}</option>
          <option value="7">{t("period.week")}</option>
          <option value="30">{t("period.month")}</option>
          <option value="365">{t("period.year")}</option>
          <option value="custom">{t("period.custom")}</option>
        </SelectField>
      </div>
      {period === "custom" && (
        <div className="grid grid-cols-2 gap-3 sm:w-96 sm:self-end">
          <TextField label={t("from")} type="date" value={wishes.from} max={wishes.to || undefined} onChange={(event) => onChange({ from: event.target.value })} />
          <TextField label={t("to")} type="date" value={wishes.to} min={wishes.from || undefined} onChange={(event) => onChange({ to: event.target.value })} />
        </div>
      )}
      {(wishes.meetingId || wishes.personId) && (
        <div className="flex flex-wrap gap-2">
          {wishes.meetingId && <MeetingChip id={wishes.meetingId} onRemove={() => onChange({ meetingId: "" })} />}
          {wishes.personId && <PersonChip id={wishes.personId} onRemove={() => onChange({ personId: "" })} />}
        </div>
      )}
    </div>
  );
}

function MeetingChip({ id, onRemove }: { id: string; onRemove: () => void }) {
  const t = useTranslations("search");
  const title = useMeeting(id).data?.title ?? "…";
  return <Chip text={t("onlyMeeting", { title })} label={t("remove", { filter: title })} onRemove={onRemove} />;
}

function PersonChip({ id, onRemove }: { id: string; onRemove: () => void }) {
  const t = useTranslations("search");
  const name = usePerson(id).data?.name ?? "…";
  return <Chip text={t("onlyPerson", { name })} label={t("remove", { filter: name })} onRemove={onRemove} />;
}

function Chip({ text, label, onRemove }: { text: string; label: string; onRemove: () => void }) {
  return (
    <span className="inline-flex max-w-full items-center gap-1 rounded-full bg-accent-soft pl-3 text-sm text-accent">
      <span className="truncate">{text}</span>
      <button type="button" aria-label={label} onClick={onRemove} className="flex size-8 shrink-0 items-center justify-center rounded-full hover:text-accent-strong max-sm:size-10">
        <X aria-hidden className="size-4" />
      </button>
    </span>
  );
}
