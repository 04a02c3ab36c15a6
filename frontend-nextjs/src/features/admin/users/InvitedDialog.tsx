"use client";
/** A one-time password and the link with it: shown this once. */
import { useTranslations } from "next-intl";
import { Button } from "@/components/ui/Button";
import { CopyField } from "@/components/ui/CopyField";
import { Dialog } from "@/components/ui/Dialog";
import { Notice } from "@/components/ui/Notice";
import { invitationLink } from "@/features/account/invitation";
import type { Invited } from "@/lib/api/users";

export function InvitedDialog({ invited, isNew, onClose }: { invited: Invited; isNew: boolean; onClose: () => void }) {
  const t = useTranslations("admin.invite");
  const { user, one_time_password } = invited;
  const name = user.display_name || user.username;
  const link = invitationLink({ username: user.username, oneTimePassword: one_time_password }, window.location.origin);
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={isNew ? t("done", { name }) : t("resetDone", { name })}
      footer={
        <Button kind="primary" onClick={onClose}>
          {t("close")}
        </Button>
      }
    >
      <div className="flex flex-col gap-5">
        <Notice tone="warning">{t("once")}</Notice>
        <CopyField label={t("link")} value={link} />
        <CopyField label={t("password")} value={one_time_password} />
      </div>
    </Dialog>
  );
}
