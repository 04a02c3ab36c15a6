"use client";
import { useTranslations } from "next-intl";
import { ConfirmDialog } from "@/components/ui/ConfirmDialog";
import { useToast } from "@/components/ui/Toast";
import { useDeleteMeeting, type MeetingSummary } from "@/lib/api/meetings";

export function DeleteDialog({ meeting, onClose }: { meeting: MeetingSummary; onClose: () => void }) {
  const t = useTranslations("meetings");
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
    <ConfirmDialog isOpen onClose={onClose} title={t("deleteTitle")} action={t("deleteForGood")} onConfirm={confirmed} isBusy={remove.isPending} error={remove.error}>
      <p className="font-serif text-base font-semibold wrap-anywhere text-ink">{meeting.title}</p>
      <div>
        <p>{t("deleteGoes")}</p>
        <ul className="mt-1.5 list-disc pl-5 marker:text-ink-faint">
          <li>{t("deleteRecording")}</li>
          <li>{t("deleteTranscript")}</li>
          <li>{t("deleteHistory")}</li>
        </ul>
      </div>
      <p>{t("deleteStays")}</p>
    </ConfirmDialog>
  );
}
