"use client";
import { X } from "lucide-react";
import { useTranslations } from "next-intl";
import { useId, useState } from "react";
import { useTags } from "@/lib/api/meetings";
import { tagsIn } from "./files";

const OFFERED = 8;

/** Tags as little labels; a comma or Enter ends one. Those in use are offered. `isFirst`: has the focus when its dialog opens. */
export function TagField({ tags, onChange, isFirst = false }: { tags: string[]; onChange: (tags: string[]) => void; isFirst?: boolean }) {
  const t = useTranslations("uploads");
  const id = useId();
  const known = useTags();
  const [draft, setDraft] = useState("");
  const add = (text: string) => {
    onChange(tagsIn([...tags, text].join(",")));
    setDraft("");
  };
  const offered = (known.data ?? [])
    .map(({ tag }) => tag)
    .filter((tag) => !tags.includes(tag) && tag.toLocaleLowerCase().startsWith(draft.trim().toLocaleLowerCase()))
    .slice(0, OFFERED);
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-sm font-medium text-ink">
        {t("tags")}
      </label>
      <div className="flex min-h-10 flex-wrap items-center gap-1.5 rounded-md border border-line-strong bg-surface px-2 py-1 focus-within:outline-2 focus-within:outline-accent">
        {tags.map((tag) => (
          <span key={tag} className="flex items-center rounded-full bg-sunken pl-2.5 text-xs font-medium">
            {tag}
            <button
              type="button"
              aria-label={t("removeTag", { tag })}
              onClick={() => {
                onChange(tags.filter((one) => one !== tag));
                document.getElementById(id)?.focus();
              }}
              className="flex size-8 items-center justify-center rounded-full text-ink-faint hover:text-ink"
            >
              <X aria-hidden className="size-3.5" />
            </button>
          </span>
        ))}
        <input
          id={id}
          value={draft}
          data-autofocus={isFirst || undefined}
          autoComplete="off"
          aria-describedby={`${id}-hint`}
          onChange={(event) => (event.target.value.includes(",") ? add(event.target.value) : setDraft(event.target.value))}
          onKeyDown={(event) => {
            if (event.key === "Enter" && draft.trim()) {
              event.preventDefault();
              add(draft);
            }
            if (event.key === "Backspace" && draft === "" && tags.length > 0) onChange(tags.slice(0, -1));
          }}
          onBlur={() => draft.trim() && add(draft)}
          className="h-8 min-w-24 flex-1 bg-transparent px-1 text-sm text-ink outline-none focus-visible:outline-none"
        />
      </div>
      <p id={`${id}-hint`} className="text-xs text-ink-faint">
        {t("tagsHint")}
      </p>
      {offered.length > 0 && (
        <div className="flex flex-wrap gap-1.5" role="group" aria-label={t("tagsInUse")}>
          {offered.map((tag) => (
            <button
              key={tag}
              type="button"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => {
                onChange(tagsIn([...tags, tag].join(",")));
                setDraft("");
              }}
              className="h-8 rounded-full border border-line px-3 text-xs text-ink-soft hover:border-line-strong hover:text-ink"
            >
              + {tag}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
