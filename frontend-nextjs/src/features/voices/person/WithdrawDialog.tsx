"use client";
/** Taking a consent back: what goes with it is told before. */
import { useTranslations } from "next-intl";
import { ConfirmDialog } from "@/components/ui/ConfirmDialog";
import { useToast } from "@/components/ui/Toast";
import { useWithdrawConsent, type Consent, type PersonDetail } from "@/lib/api/people";

export function WithdrawDialog({ person, consent, isLast, onClose }: { person: PersonDetail; consent: Consent; isLast: boolean; onClose: () => void }) {
  const t = useTranslations("voices.consent");
  const say = useToast();
  const withdraw = useWithdrawConsent(person.id);
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={t("withdrawTitle")}
      action={t("withdraw")}
      isBusy={withdraw.isPending}
      error={withdraw.error}
      onConfirm={() =>
        withdraw.mutate(consent.id, {
          onSuccess: () => {
            onClose();
            say(t("withdrawn"));
          },
        })
      }
    >
      {isLast ? (
        <>
          <div>
            <p className="font-medium text-ink">{t("withdrawErases")}</p>
            <ul className="mt-1.5 flex list-disc flex-col gap-1 pl-5">
              <li>{t("withdrawPrints", { count: person.num_voiceprints })}</li>
              <li>{t("withdrawMeetings")}</li>
            </ul>
          </div>
          <p>{t("withdrawStays")}</p>
        </>
      ) : (
        <p>{t("withdrawOther")}</p>
      )}
    </ConfirmDialog>
  );
}
