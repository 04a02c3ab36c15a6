"use client";
/** What leaves the page, or changes what corrections stand on, waits until they are with the service. */
import { useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useCallback } from "react";
import { useToast } from "@/components/ui/Toast";
import { useMe } from "@/lib/api/me";
import type { Settled } from "./queue";
import { queueOf } from "./registry";

/** Also where no transcript is open: what was corrected may still be on its way from the page before. */
export function useAllSent(meetingId: string): () => Promise<Settled> {
  const client = useQueryClient();
  const userId = useMe().data?.user.id ?? "";
  return useCallback(() => queueOf(client, userId, meetingId).allSent(), [client, meetingId, userId]);
}

/** Whether it may go on. If not, it was said why. */
export function useMayGoOn(meetingId: string): () => Promise<boolean> {
  const t = useTranslations("corrections");
  const say = useToast();
  const allSent = useAllSent(meetingId);
  return useCallback(async () => {
    const isSent = (await allSent()) !== "unsent";
    if (!isSent) say(t("notSentYet"), { kind: "error" });
    return isSent;
  }, [allSent, say, t]);
}
