"use client";
import { KeyRound, Plus } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Badge } from "@/components/ui/Badge";
import { Button } from "@/components/ui/Button";
import { ConfirmDialog } from "@/components/ui/ConfirmDialog";
import { Failed } from "@/components/ui/Failed";
import { Section } from "@/components/ui/Section";
import { Skeleton } from "@/components/ui/Skeleton";
import { useToast } from "@/components/ui/Toast";
import { useLanguage } from "@/features/shell/Language";
import { useRevokeToken, useTokens, type Token } from "@/lib/api/accounts";
import { ago, day } from "@/lib/format";
import { TokenDialog } from "./TokenDialog";

export function TokensSection({ isAdministrator }: { isAdministrator: boolean }) {
  const t = useTranslations("account.tokens");
  const say = useToast();
  const tokens = useTokens();
  const revoke = useRevokeToken();
  const [isMaking, setMaking] = useState(false);
  const [going, setGoing] = useState<Token | null>(null);
  return (
    <Section title={t("title")} about={t("body")}>
      {tokens.isPending && <Skeleton className="h-20" />}
      {tokens.isError && <Failed error={tokens.error} onRetry={() => void tokens.refetch()} />}
      {tokens.data?.length === 0 && <p className="text-ink-soft">{t("none")}</p>}
      <ul className="divide-y divide-line">
        {tokens.data?.map((token) => (
          <TokenLine key={token.id} token={token} onRevoke={() => setGoing(token)} />
        ))}
      </ul>
      <Button className="mt-4" onClick={() => setMaking(true)}>
        <Plus aria-hidden />
        {t("create")}
      </Button>
      <TokenDialog isOpen={isMaking} onClose={() => setMaking(false)} isAdministrator={isAdministrator} />
      <ConfirmDialog
        isOpen={going !== null}
        onClose={() => setGoing(null)}
        title={t("revokeNamed", { name: going?.name ?? "" })}
        action={t("revoke")}
        isBusy={revoke.isPending}
        error={revoke.error}
        onConfirm={() =>
          going &&
          revoke.mutate(going.id, {
            onSuccess: () => {
              setGoing(null);
              say(t("revoked"));
            },
          })
        }
      >
        <p>{t("revokeBody")}</p>
      </ConfirmDialog>
    </Section>
  );
}

function TokenLine({ token, onRevoke }: { token: Token; onRevoke: () => void }) {
  const t = useTranslations("account.tokens");
  const { language } = useLanguage();
  const [now] = useState(() => Date.now());
  const isExpired = token.expires_at !== null && new Date(token.expires_at).getTime() < now;
  return (
    <li className="flex items-center gap-3 py-2.5 first:pt-0">
      <KeyRound aria-hidden className="size-4.5 shrink-0 text-ink-faint" />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 font-medium">
          {token.name}
          {token.scopes.map((scope) => (
            <Badge key={scope}>{t(`scope.${scope}`)}</Badge>
          ))}
          {isExpired && <Badge tone="warning">{t("expired")}</Badge>}
        </p>
        <p className="text-xs text-ink-faint">
          <code>{token.prefix}…</code> · {token.last_used_at ? t("used", { ago: ago(token.last_used_at, language) }) : t("unused")}
          {!isExpired && <> · {token.expires_at ? t("expires", { day: day(token.expires_at, language) }) : t("never")}</>}
        </p>
      </div>
      <Button size="sm" className="max-sm:h-10" kind="quiet" aria-label={t("revokeNamed", { name: token.name })} onClick={onRevoke}>
        {t("revoke")}
      </Button>
    </li>
  );
}
