"use client";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Checkbox, TextField } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { Skeleton } from "@/components/ui/Skeleton";
import { useErrorText } from "@/features/shell/useErrorText";
import { useTags } from "@/lib/api/meetings";
import { FilterButton } from "./FilterButton";
import { toggled } from "./view";

const MANY = 8;

export function TagFilter({ chosen, onChange }: { chosen: string[]; onChange: (chosen: string[]) => void }) {
  const t = useTranslations("meetings");
  return (
    <FilterButton name={t("filter.tags")} chosen={chosen.join(", ")} className="w-64">
      <TagList chosen={chosen} onChange={onChange} />
    </FilterButton>
  );
}

function TagList({ chosen, onChange }: { chosen: string[]; onChange: (chosen: string[]) => void }) {
  const t = useTranslations("meetings");
  const errorText = useErrorText();
  const tags = useTags();
  const [words, setWords] = useState("");
  if (tags.isPending) return <Skeleton className="h-24" />;
  if (tags.isError) return <Notice tone="danger">{errorText(tags.error)}</Notice>;
  const known = tags.data.map(({ tag }) => tag);
  const all = [...known, ...chosen.filter((tag) => !known.includes(tag))];
  if (all.length === 0) return <p className="text-sm text-ink-soft">{t("filter.noTags")}</p>;
  const counts = new Map(tags.data.map(({ tag, count }) => [tag, count]));
  const shown = all.filter((tag) => tag.toLocaleLowerCase().includes(words.trim().toLocaleLowerCase()));
  return (
    <div className="flex flex-col gap-2">
      {all.length > MANY && <TextField label={t("filter.findTag")} value={words} onChange={(event) => setWords(event.target.value)} />}
      <fieldset className="flex max-h-72 flex-col overflow-y-auto">
        <legend className="pb-1 text-xs text-ink-faint">{t("filter.allTags")}</legend>
        {shown.map((tag) => (
          <Checkbox
            key={tag}
            className="py-1.5"
            checked={chosen.includes(tag)}
            onChange={() => onChange(toggled(chosen, tag))}
            label={
              <>
                {tag} <span className="text-ink-faint tabular">{counts.get(tag) ?? 0}</span>
              </>
            }
          />
        ))}
      </fieldset>
    </div>
  );
}
