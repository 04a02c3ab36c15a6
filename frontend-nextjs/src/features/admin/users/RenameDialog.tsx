"use client";
import { useTranslations } from "next-intl";
import { useState, type FormEvent } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { TextField } from "@/components/ui/Field";
import { useToast } from "@/components/ui/Toast";
import { useErrorText } from "@/features/shell/useErrorText";
import { useChangeUser, type User } from "@/lib/api/users";

export function RenameDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const t = useTranslations();
  const say = useToast();
  const errorText = useErrorText();
  const change = useChangeUser();
  const [name, setName] = useState(user.display_name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(
      { user_id: user.id, changes: { display_name: name.trim() } },
      {
        onSuccess: () => {
          onClose();
          say(t("admin.users.saved"));
        },
      },
    );
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      size="sm"
      title={t("admin.ask.rename", { name: user.username })}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" form="rename" isBusy={change.isPending} disabled={name.trim() === user.display_name}>
            {t("common.save")}
          </Button>
        </>
      }
    >
      <form id="rename" onSubmit={submit}>
        <TextField
          label={t("account.profile.displayName")}
          hint={t("account.profile.displayNameHint")}
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={100}
          autoComplete="off"
          error={change.isError ? errorText(change.error) : undefined}
          data-autofocus
        />
      </form>
    </Dialog>
  );
}
