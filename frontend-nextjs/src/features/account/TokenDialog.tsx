"use client";
/** A new token: what it may do, how long; then the secret, once. */
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { CopyField } from "@/components/ui/CopyField";
import { Dialog } from "@/components/ui/Dialog";
import { Checkbox, SelectField, TextField } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { useErrorText } from "@/features/shell/useErrorText";
import { useCreateToken } from "@/lib/api/accounts";

const SCOPES = ["read", "write", "admin"] as const;
const DAYS = [7, 30, 90];

export function TokenDialog({ isOpen, onClose, isAdministrator }: { isOpen: boolean; onClose: () => void; isAdministrator: boolean }) {
  const t = useTranslations();
  const errorText = useErrorText();
  const create = useCreateToken();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<(typeof SCOPES)[number][]>(["read", "write"]);
  const [days, setDays] = useState("365");
  const close = () => {
    onClose();
    create.reset();
    setName("");
  };
  const submit = () => create.mutate({ name: name.trim(), scopes, expires_in_days: days ? Number(days) : null });

  if (create.data) {
    const curl = `curl -H "Authorization: Bearer ${create.data.secret}" ${window.location.origin}/api/v1/me`;
    return (
      <Dialog isOpen={isOpen} onClose={close} title={t("account.tokens.made")} footer={<Button kind="primary" onClick={close}>{t("account.tokens.done")}</Button>}>
        <div className="flex flex-col gap-4">
          <Notice tone="warning">{t("account.tokens.madeBody")}</Notice>
          <CopyField label={create.data.token.name} value={create.data.secret} />
          <CopyField label={t("account.tokens.try")} value={curl} />
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog
      isOpen={isOpen}
      onClose={close}
      title={t("account.tokens.create")}
      footer={
        <>
          <Button onClick={close}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" form="new-token" isBusy={create.isPending} disabled={!name.trim() || scopes.length === 0}>
            {t("account.tokens.submit")}
          </Button>
        </>
      }
    >
      <form
        id="new-token"
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <TextField label={t("account.tokens.name")} hint={t("account.tokens.nameHint")} value={name} onChange={(event) => setName(event.target.value)} maxLength={100} autoComplete="off" data-autofocus required />
        <fieldset className="flex flex-col gap-2.5">
          <legend className="mb-2 text-sm font-medium">{t("account.tokens.scopes")}</legend>
          {SCOPES.filter((scope) => scope !== "admin" || isAdministrator).map((scope) => (
            <Checkbox
              key={scope}
              label={t(`account.tokens.scope.${scope}`)}
              hint={t(`account.tokens.scopeHint.${scope}`)}
              checked={scopes.includes(scope)}
              onChange={(event) => setScopes(SCOPES.filter((one) => (one === scope ? event.target.checked : scopes.includes(one))))}
            />
          ))}
        </fieldset>
        <SelectField label={t("account.tokens.expiry")} value={days} onChange={(event) => setDays(event.target.value)}>
          {DAYS.map((number) => (
            <option key={number} value={number}>
              {t("account.tokens.expiryDays", { days: number })}
            </option>
          ))}
          <option value="365">{t("account.tokens.expiryYear")}</option>
          <option value="">{t("account.tokens.expiryNever")}</option>
        </SelectField>
        {create.isError && <Notice tone="danger">{errorText(create.error)}</Notice>}
      </form>
    </Dialog>
  );
}
