"use client";
/** Title, day, tags and notes of a meeting, and how long it is kept. */
import { useTranslations } from "next-intl";
import { useState, type FormEvent } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { TextArea, TextField } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { TagField } from "@/features/uploads/TagField";
import { useErrorText } from "@/features/shell/useErrorText";
import { useMe } from "@/lib/api/me";
import { useUpdateMeeting, type Meeting } from "@/lib/api/meetings";
import { Keeping } from "./Keeping";
import { changesOf, isDueNow, isMistaken, wishOf } from "./keeping";

const FORM = "meeting-details";

export function DetailsDialog({ meeting, isAboutTags = false, onClose }: { meeting: Meeting; isAboutTags?: boolean; onClose: () => void }) {
  const t = useTranslations("meetings");
  const common = useTranslations("common");
  const errorText = useErrorText();
  const me = useMe().data;
  const update = useUpdateMeeting();
  const [title, setTitle] = useState(meeting.title);
  const [heldOn, setHeldOn] = useState(meeting.held_on ?? "");
  const [tags, setTags] = useState(meeting.tags);
  const [notes, setNotes] = useState(meeting.notes);
  const [wish, setWish] = useState(() => wishOf(meeting.retention));
  const [isTried, setTried] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const mayDecide = Boolean(me && (me.user.id === meeting.owner.id || me.scopes.includes("admin")));
  const isUntitled = title.trim() === "";
  const save = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (isUntitled || isMistaken(wish)) return;
    const retention = changesOf(wish, meeting.retention);
    if (!isAsking && isDueNow(retention, meeting)) return setAsking(true);
    const changes = { title: title.trim(), held_on: heldOn || null, tags, notes, ...(retention ? { retention } : {}) };
    update.mutate({ id: meeting.id, changes }, { onSuccess: onClose });
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t("detailsTitle")}
      footer={
        <>
          <Button onClick={onClose}>{common("cancel")}</Button>
          <Button kind={isAsking ? "danger" : "primary"} type="submit" form={FORM} isBusy={update.isPending}>
            {isAsking ? t("keeping.removeNow") : common("save")}
          </Button>
        </>
      }
    >
      <form id={FORM} onSubmit={save} noValidate className="flex flex-col gap-4 pt-1">
        <TextField
          label={t("field.title")}
          value={title}
          maxLength={300}
          data-autofocus={isAboutTags ? undefined : true}
          error={isTried && isUntitled ? t("field.titleMissing") : undefined}
          onFocus={(event) => event.target.select()}
          onChange={(event) => setTitle(event.target.value)}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField type="date" label={t("field.heldOn")} value={heldOn} onChange={(event) => setHeldOn(event.target.value)} />
          <TagField tags={tags} onChange={setTags} isFirst={isAboutTags} />
        </div>
        <TextArea label={t("field.notes")} value={notes} onChange={(event) => setNotes(event.target.value)} rows={4} maxLength={20_000} />
        <Keeping
          meeting={meeting}
          wish={wish}
          mayDecide={mayDecide}
          isTried={isTried}
          onChange={(next) => {
            setWish(next);
            setAsking(false);
          }}
        />
        {isAsking && <Notice tone="danger">{t("keeping.dueNow")}</Notice>}
        {update.isError && <Notice tone="danger">{errorText(update.error)}</Notice>}
      </form>
    </Dialog>
  );
}
