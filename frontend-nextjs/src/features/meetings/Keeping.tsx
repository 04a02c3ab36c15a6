"use client";
/** When the recording and the meeting go, and who may say otherwise: owner and administrators. */
import { useTranslations } from "next-intl";
import { SelectField, TextField } from "@/components/ui/Field";
import { useLanguage } from "@/features/shell/Language";
import type { Meeting } from "@/lib/api/meetings";
import { day } from "@/lib/format";
import { mistakeIn, type Part, type Wish } from "./keeping";

interface Props {
  meeting: Meeting;
  wish: Wish;
  mayDecide: boolean;
  isTried: boolean;
  onChange: (wish: Wish) => void;
}

export function Keeping({ meeting, wish, mayDecide, isTried, onChange }: Props) {
  const t = useTranslations("meetings");
  const isAudioGone = !meeting.has_recording;
  return (
    <fieldset className="flex flex-col gap-4 border-t border-line pt-4">
      <legend className="float-left mb-3 w-full font-serif text-base font-semibold text-ink">{t("keeping.title")}</legend>
      {(["audio", "results"] as const).map((part) => (
        <div key={part} className="flex flex-col gap-1.5">
          {mayDecide && !(part === "audio" && isAudioGone) ? (
            <Choice part={part} wish={wish} isTried={isTried} onChange={onChange} />
          ) : (
            <p className="text-sm font-medium text-ink">{t(`keeping.${part}`)}</p>
          )}
          {wish[part].rule === meeting.retention[part].rule && <When meeting={meeting} part={part} />}
        </div>
      ))}
    </fieldset>
  );
}

function Choice({ part, wish, isTried, onChange }: Pick<Props, "wish" | "isTried" | "onChange"> & { part: Part }) {
  const t = useTranslations("meetings");
  const { rule, days } = wish[part];
  const set = (change: Partial<Wish[Part]>) => onChange({ ...wish, [part]: { ...wish[part], ...change } });
  return (
    <div className="grid gap-x-4 gap-y-3 sm:grid-cols-2">
      <SelectField label={t(`keeping.${part}`)} value={rule} onChange={(event) => set({ rule: event.target.value as typeof rule })}>
        <option value="installation">{t("keeping.installation")}</option>
        <option value="for_good">{t("keeping.for_good")}</option>
        <option value="days">{t("keeping.days")}</option>
      </SelectField>
      {rule === "days" && (
        <TextField
          label={t("keeping.numDays")}
          type="number"
          inputMode="numeric"
          min={1}
          max={36_500}
          value={days}
          error={isTried && mistakeIn(wish, part) ? t("keeping.mistake") : undefined}
          onChange={(event) => set({ days: event.target.value })}
        />
      )}
    </div>
  );
}

/** As things stand, not as they would be. */
function When({ meeting, part }: { meeting: Meeting; part: Part }) {
  const t = useTranslations("meetings");
  const { language } = useLanguage();
  const { audio_removed_at: removed_at, [part]: kept } = meeting.retention;
  const sentence = () => {
    if (part === "audio" && removed_at) return t("keeping.removedOn", { day: day(removed_at, language) });
    if (kept.removal_at) return isOver(kept.removal_at) ? t("keeping.shortly") : t("keeping.removalOn", { day: day(kept.removal_at, language) });
    return kept.days === null ? t("keeping.stays") : t("keeping.afterRun", { count: Math.round(kept.days) });
  };
  return <p className="text-xs text-ink-faint">{sentence()}</p>;
}

function isOver(iso: string): boolean {
  return new Date(iso).getTime() <= Date.now();
}
