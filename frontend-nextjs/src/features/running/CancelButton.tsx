"use client";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { useToast } from "@/components/ui/Toast";
import { useErrorText } from "@/features/shell/useErrorText";
import type { Schemas } from "@/lib/api/client";
import { useCancelMeeting } from "@/lib/api/meetings";
import { isMuchLost } from "./progress";

/** Stops the run; asks first when much was done. */
export function CancelButton({ meeting, elapsed_s }: { meeting: Schemas["MeetingOut"]; elapsed_s: number }) {
  const t = useTranslations("running");
  const say = useToast();
  const errorText = useErrorText();
  const cancel = useCancelMeeting();
  const [isAsking, setAsking] = useState(false);
  const isCancelling = meeting.is_cancel_requested || cancel.isPending;
  const stop = () => {
    setAsking(false);
    cancel.mutate(meeting.id, { onError: (error) => say(errorText(error), { kind: "error" }) });
  };
  return (
    <div>
      <Button onClick={() => (isMuchLost(elapsed_s) ? setAsking(true) : stop())} isBusy={isCancelling}>
        {isCancelling ? t("cancelling") : meeting.status === "PENDING" ? t("takeOut") : t("cancel")}
      </Button>
      <Dialog
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        title={t("cancelAsk")}
        size="sm"
        footer={
          <>
            <Button onClick={() => setAsking(false)}>{t("goOn")}</Button>
            <Button kind="danger" onClick={stop}>
              {t("cancel")}
            </Button>
          </>
        }
      >
        <p className="text-ink-soft">{t("cancelBody")}</p>
      </Dialog>
    </div>
  );
}
