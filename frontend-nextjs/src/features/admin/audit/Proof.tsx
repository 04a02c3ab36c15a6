"use client";
/** Proves that the log is as it was written; with a hash that was kept elsewhere, also that nothing was cut off at its end. */
import { ShieldCheck } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState, type FormEvent } from "react";
import { Button } from "@/components/ui/Button";
import { CopyField } from "@/components/ui/CopyField";
import { TextField } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { useErrorText } from "@/features/shell/useErrorText";
import { useVerification, type Verification } from "@/lib/api/audit";

const HASH = /^[0-9a-f]{64}$/;

export function Proof() {
  const t = useTranslations("audit");
  const errorText = useErrorText();
  const proof = useVerification();
  const [head, setHead] = useState("");
  const wanted = head.trim().toLowerCase();
  const isMistaken = wanted !== "" && !HASH.test(wanted);
  const prove = (event: FormEvent) => {
    event.preventDefault();
    if (!isMistaken) proof.mutate(wanted || null);
  };
  return (
    <section aria-label={t("proof.title")} className="mb-8 flex flex-col gap-4 border-y border-line py-5">
      <form onSubmit={prove} noValidate className="grid items-start gap-4 sm:grid-cols-[minmax(0,1fr)_auto]">
        <TextField
          label={t("proof.head")}
          hint={t("proof.headHint")}
          error={isMistaken ? t("proof.headMistake") : undefined}
          value={head}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setHead(event.target.value)}
        />
        <Button type="submit" className="sm:mt-6.5" isBusy={proof.isPending}>
          <ShieldCheck aria-hidden />
          {t("proof.do")}
        </Button>
      </form>
      {proof.isError && <Notice tone="danger">{errorText(proof.error)}</Notice>}
      {proof.data && <Outcome proof={proof.data} />}
    </section>
  );
}

function Outcome({ proof }: { proof: Verification }) {
  const t = useTranslations("audit");
  const { entries: count, first_sequence, last_sequence } = proof;
  if (!proof.is_intact) {
    const reason = proof.broken_at === null ? t("proof.headUnknown") : t("proof.brokenAt", { number: proof.broken_at });
    return (
      <Notice tone="danger" title={t("proof.broken")}>
        <p>{reason}</p>
        {proof.reason && <p className="font-mono text-xs">{proof.reason}</p>}
      </Notice>
    );
  }
  return (
    <>
      <Notice tone="success" title={t("proof.intact")}>
        {count === 0 ? t("proof.none") : t("proof.range", { count, first: first_sequence ?? 1, last: last_sequence })} {proof.is_head_known && t("proof.headKnown")}
      </Notice>
      {count > 0 && <CopyField label={t("proof.lastHash")} value={proof.head} />}
    </>
  );
}
