"use client";
/** Title, day and tags of a meeting. */
import { useTranslations } from "next-intl";
import { useState, type FormEvent } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { TextField } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { TagField } from "@/features/uploads/TagField";
import { useErrorText } from "@/features/shell/useErrorText";
import { useUpdateMeeting, type MeetingSummary } from "@/lib/api/meetings";

export function EditDialog({ meeting, isAboutTags, onClose }: { meeting: MeetingSummary; isAboutTags: boolean; onClose: () => void }) {
  const t = useTranslations("meetings");
  const common = useTranslations("common");
  const errorText = useErrorText();
  const update = useUpdateMeeting();
  const [title, setTitle] = useState(meeting.title);
  const [heldOn, setHeldOn] = useState(meeting.held_on ?? "");
  const [tags, setTags] = useState(meeting.tags);
  const isMissing = title.trim() === "";
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (!isMissing) update.mutate({ id: meeting.id, changes: { title: title.trim(), held_on: heldOn || null, tags } }, { onSuccess: onClose });
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={isAboutTags ? t("editTagsTitle") : t("renameTitle")}
      footer={
        <>
          <Button onClick={onClose}>{common("cancel")}</Button>
          <Button kind="primary" type="submit" form="edit-meeting" isBusy={update.isPending}>
            {common("save")}
          </Button>
        </>
      }
    >
      <form id="edit-meeting" onSubmit={save} noValidate className="flex flex-col gap-4">
        <TextField
          label={t("field.title")}
          value={title}
          maxLength={300}
          data-autofocus={isAboutTags ? undefined : true}
          error={isMissing ? t("field.titleMissing") : undefined}
          onFocus={(event) => event.target.select()}
          onChange={(event) => setTitle(event.target.value)}
        />
        <TextField type="date" label={t("field.heldOn")} value={heldOn} onChange={(event) => setHeldOn(event.target.value)} />
        <TagField tags={tags} onChange={setTags} isFirst={isAboutTags} />
        {update.isError && <Notice tone="danger">{errorText(update.error)}</Notice>}
      </form>
    </Dialog>
  );
}
