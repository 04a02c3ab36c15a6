"use client";
import { useTranslations } from "next-intl";
import { useState, type FormEvent } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { SelectField, TextField } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { useErrorText } from "@/features/shell/useErrorText";
import { isApiError } from "@/lib/api/client";
import { useInvite, type Invited, type Role } from "@/lib/api/users";
import { isUsername } from "./username";

export function InviteDialog({ onClose, onInvited }: { onClose: () => void; onInvited: (invited: Invited) => void }) {
  const t = useTranslations();
  const errorText = useErrorText();
  const invite = useInvite();
  const [username, setUsername] = useState("");
  const [displayName, setDisplayName] = useState("");
  const [role, setRole] = useState<Role>("member");
  const name = username.trim();
  const isTaken = isApiError(invite.error, "request.conflict");
  const isWrong = name.length > 1 && !isUsername(name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate({ username: name, display_name: displayName.trim(), role }, { onSuccess: onInvited });
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t("admin.invite.title")}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" form="invite" isBusy={invite.isPending} disabled={!isUsername(name)}>
            {t("admin.invite.submit")}
          </Button>
        </>
      }
    >
      <form id="invite" onSubmit={submit} className="flex flex-col gap-5">
        <TextField
          label={t("admin.invite.username")}
          hint={t("admin.invite.usernameHint")}
          value={username}
          onChange={(event) => {
            setUsername(event.target.value);
            invite.reset();
          }}
          error={isTaken ? t("admin.users.taken") : isWrong ? t("admin.invite.usernameWrong") : undefined}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={64}
          data-autofocus
          required
        />
        <TextField label={t("admin.invite.displayName")} value={displayName} onChange={(event) => setDisplayName(event.target.value)} autoComplete="off" maxLength={100} />
        <SelectField label={t("admin.invite.role")} value={role} onChange={(event) => setRole(event.target.value === "admin" ? "admin" : "member")}>
          <option value="member">{t("admin.users.role.member")}</option>
          <option value="admin">{t("admin.users.role.admin")}</option>
        </SelectField>
        {invite.isError && !isTaken && <Notice tone="danger">{errorText(invite.error)}</Notice>}
      </form>
    </Dialog>
  );
}
