"use client";
/** What follows is told before anything is done to a user. */
import { useTranslations } from "next-intl";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { Notice } from "@/components/ui/Notice";
import { useToast } from "@/components/ui/Toast";
import { useErrorText } from "@/features/shell/useErrorText";
import { isApiError } from "@/lib/api/client";
import { useChangeUser, useDeleteUser, useResetPassword, type Invited, type User } from "@/lib/api/users";

export type Deed = "makeAdmin" | "makeMember" | "deactivate" | "reset" | "delete";

const CHANGES = { makeAdmin: { role: "admin" }, makeMember: { role: "member" }, deactivate: { is_active: false } } as const;

interface Props {
  user: User;
  deed: Deed;
  onClose: () => void;
  onReset: (invited: Invited) => void;
}

export function AskDialog({ user, deed, onClose, onReset }: Props) {
  const t = useTranslations();
  const say = useToast();
  const errorText = useErrorText();
  const change = useChangeUser();
  const reset = useResetPassword();
  const remove = useDeleteUser();
  const error = change.error ?? reset.error ?? remove.error;
  const name = user.display_name || user.username;
  const done = (text: string) => () => {
    onClose();
    say(text);
  };
  const confirm = () => {
    if (deed === "reset") reset.mutate(user.id, { onSuccess: onReset });
    else if (deed === "delete") remove.mutate(user.id, { onSuccess: done(t("admin.users.deleted")) });
    else change.mutate({ user_id: user.id, changes: CHANGES[deed] }, { onSuccess: done(t("admin.users.saved")) });
  };
  const why = isApiError(error, "request.conflict") ? (deed === "delete" ? t("admin.users.owns") : t("admin.users.lastAdmin")) : errorText(error);
  return (
    <Dialog
      isOpen
      onClose={onClose}
      size="sm"
      title={t(`admin.ask.${deed}`, { name })}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind={deed === "makeAdmin" || deed === "reset" ? "primary" : "danger"} isBusy={change.isPending || reset.isPending || remove.isPending} onClick={confirm}>
            {t(`admin.users.${deed}`)}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4 text-ink-soft">
        <p>{t(`admin.ask.${deed}Body`)}</p>
        {error && <Notice tone="danger">{why}</Notice>}
      </div>
    </Dialog>
  );
}
