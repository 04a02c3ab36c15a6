"use client";
import { useTranslations } from "next-intl";
import { useState, type FormEvent } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { TextArea, TextField } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { TagField } from "@/features/uploads/TagField";
import { useErrorText } from "@/features/shell/useErrorText";
import type { Schemas } from "@/lib/api/client";
import { useUpdateMeeting } from "@/lib/api/meetings";

const FORM = "meeting-details";

/** Title, date, tags and notes. */
export function DetailsDialog({ meeting, onClose }: { meeting: Schemas["MeetingOut"]; onClose: () => void }) {
  const t = useTranslations("running");
  const common = useTranslations("common");
  const errorText = useErrorText();
  const update = useUpdateMeeting();
  const [title, setTitle] = useState(meeting.title);
  const [heldOn, setHeldOn] = useState(meeting.held_on ?? "");
  const [tags, setTags] = useState(meeting.tags);
  const [notes, setNotes] = useState(meeting.notes);
  const [isTried, setTried] = useState(false);
  const isUntitled = title.trim() === "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (isUntitled) return;
    const changes = { title: title.trim(), held_on: heldOn || null, tags, notes };
    update.mutate({ id: meeting.id, changes }, { onSuccess: onClose });
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t("details.title")}
      footer={
        <>
          <Button onClick={onClose}>{common("cancel")}</Button>
          <Button kind="primary" type="submit" form={FORM} isBusy={update.isPending}>
            {common("save")}
          </Button>
        </>
      }
    >
      <form id={FORM} onSubmit={submit} noValidate className="flex flex-col gap-4 pt-1">
        {update.isError && <Notice tone="danger">{errorText(update.error)}</Notice>}
        <TextField
          label={t("details.name")}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
          maxLength={200}
          required
          error={isTried && isUntitled ? t("details.nameMissing") : undefined}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField label={t("details.date")} type="date" value={heldOn} onChange={(event) => setHeldOn(event.target.value)} />
          <TagField tags={tags} onChange={setTags} />
        </div>
        <TextArea label={t("details.notes")} value={notes} onChange={(event) => setNotes(event.target.value)} rows={5} maxLength={20_000} />
      </form>
    </Dialog>
  );
}
