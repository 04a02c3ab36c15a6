"use client";
import { useRouter } from "next/navigation";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { Checkbox } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { useToast } from "@/components/ui/Toast";
import { useErrorText } from "@/features/shell/useErrorText";
import type { Schemas } from "@/lib/api/client";
import { useDeleteMeeting } from "@/lib/api/meetings";

/** For good: says what goes, wants a second yes. */
export function DeleteDialog({ meeting, onClose }: { meeting: Schemas["MeetingOut"]; onClose: () => void }) {
  const t = useTranslations("running");
  const common = useTranslations("common");
  const router = useRouter();
  const say = useToast();
  const errorText = useErrorText();
  const remove = useDeleteMeeting();
  const [isSure, setSure] = useState(false);
  const doIt = () =>
    remove.mutate(meeting.id, {
      onSuccess: () => {
        say(t("deleted", { title: meeting.title }));
        router.push("/");
      },
    });
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t("deleteTitle", { title: meeting.title })}
      size="sm"
      footer={
        <>
          <Button onClick={onClose}>{common("cancel")}</Button>
          <Button kind="danger" onClick={doIt} disabled={!isSure} isBusy={remove.isPending || remove.isSuccess}>
            {t("deleteDo")}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {remove.isError && <Notice tone="danger">{errorText(remove.error)}</Notice>}
        <div>
          <p>{t("deleteGoes")}</p>
          <ul className="mt-1 list-disc pl-5 text-ink-soft">
            <li>{t("deleteGoesRecording")}</li>
            <li>{t("deleteGoesTranscript")}</li>
            <li>{t("deleteGoesCorrections")}</li>
          </ul>
          <p className="mt-2 text-sm text-ink-faint">{t("deleteStays")}</p>
        </div>
        <Checkbox label={t("deleteSure")} checked={isSure} onChange={(event) => setSure(event.target.checked)} />
      </div>
    </Dialog>
  );
}
