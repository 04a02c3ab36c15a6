"use client";
import { useTranslations } from "next-intl";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { Notice } from "@/components/ui/Notice";
import { useToast } from "@/components/ui/Toast";
import { useErrorText } from "@/features/shell/useErrorText";
import { useDeleteMeeting, type MeetingSummary } from "@/lib/api/meetings";

export function DeleteDialog({ meeting, onClose }: { meeting: MeetingSummary; onClose: () => void }) {
  const t = useTranslations("meetings");
  const common = useTranslations("common");
  const errorText = useErrorText();
  const say = useToast();
  const remove = useDeleteMeeting();
  const confirmed = () =>
    remove.mutate(meeting.id, {
      onSuccess: () => {
        say(t("deleted", { title: meeting.title }));
        onClose();
      },
    });
  return (
    <Dialog
      isOpen
      onClose={onClose}
      size="sm"
      title={t("deleteTitle")}
      footer={
        <>
          <Button onClick={onClose}>{common("cancel")}</Button>
          <Button kind="danger" isBusy={remove.isPending} onClick={confirmed}>
            {t("deleteForGood")}
          </Button>
        </>
      }
    >
      <p className="font-serif text-base font-semibold wrap-anywhere">{meeting.title}</p>
      <p className="mt-3 text-ink-soft">{t("deleteGoes")}</p>
      <ul className="mt-1.5 list-disc pl-5 text-ink-soft marker:text-ink-faint">
        <li>{t("deleteRecording")}</li>
        <li>{t("deleteTranscript")}</li>
        <li>{t("deleteHistory")}</li>
      </ul>
      <p className="mt-3 text-ink-soft">{t("deleteStays")}</p>
      {remove.isError && (
        <div className="mt-4">
          <Notice tone="danger">{errorText(remove.error)}</Notice>
        </div>
      )}
    </Dialog>
  );
}
