"use client";
import { useTranslations } from "next-intl";
import { ConfirmDialog } from "@/components/ui/ConfirmDialog";
import { useToast } from "@/components/ui/Toast";
import { useDeleteMeeting } from "@/lib/api/meetings";

interface Props {
  meeting: { id: string; title: string };
  onClose: () => void;
  onDeleted: () => void;
}

/** For good: says what goes, and what stays. */
export function DeleteDialog({ meeting, onClose, onDeleted }: Props) {
  const t = useTranslations("meetings");
  const say = useToast();
  const remove = useDeleteMeeting();
  const confirmed = () =>
    remove.mutate(meeting.id, {
      onSuccess: () => {
        say(t("deleted", { title: meeting.title }));
        onDeleted();
      },
    });
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={t("deleteTitle")}
      action={t("deleteForGood")}
      onConfirm={confirmed}
      isBusy={remove.isPending || remove.isSuccess}
      error={remove.error}
    >
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
