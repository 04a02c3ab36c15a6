"use client";
/** The meeting's title, changed where it stands. */
import { Pencil } from "lucide-react";
import { useTranslations } from "next-intl";
import { useEffect, useRef, useState } from "react";
import { IconButton } from "@/components/ui/IconButton";
import { useToast } from "@/components/ui/Toast";
import { useErrorText } from "@/features/shell/useErrorText";
import { useUpdateMeeting, type Meeting } from "@/lib/api/meetings";

const LONGEST = 300;

export function TitleEditor({ meeting }: { meeting: Meeting }) {
  const t = useTranslations("meeting");
  const say = useToast();
  const errorText = useErrorText();
  const update = useUpdateMeeting();
  const [draft, setDraft] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const pencil = useRef<HTMLButtonElement>(null);
  const wasEditing = useRef(false);
  const isEditing = draft !== null;
  useEffect(() => {
    if (isEditing) input.current?.select();
    else if (wasEditing.current) pencil.current?.focus({ preventScroll: true });
    wasEditing.current = isEditing;
  }, [isEditing]);

  const save = () => {
    const title = draft?.trim() ?? "";
    setDraft(null);
    if (title === "" || title === meeting.title) return;
    update.mutate({ id: meeting.id, changes: { title } }, { onError: (error) => say(errorText(error), { kind: "error" }) });
  };

  if (isEditing) {
    return (
      <form
        className="min-w-0 flex-1"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <h1 className="sr-only">{meeting.title}</h1>
        <input
          ref={input}
          aria-label={t("titleLabel")}
          value={draft}
          maxLength={LONGEST}
          onChange={(event) => setDraft(event.target.value)}
          onBlur={save}
          onKeyDown={(event) => event.key === "Escape" && setDraft(null)}
          className="w-full rounded-sm bg-transparent font-serif text-2xl font-semibold tracking-tight outline-offset-4"
        />
      </form>
    );
  }
  return (
    <div className="group flex min-w-0 items-start gap-2">
      <h1 className="min-w-0 font-serif text-2xl font-semibold tracking-tight break-words" onDoubleClick={() => setDraft(meeting.title)}>
        {meeting.title}
      </h1>
      <IconButton ref={pencil} label={t("rename")} size="sm" className="mt-1 max-sm:-mt-0.5 max-sm:size-10 sm:opacity-0 sm:group-hover:opacity-100 sm:focus-visible:opacity-100" onClick={() => setDraft(meeting.title)}>
        <Pencil />
      </IconButton>
    </div>
  );
}
