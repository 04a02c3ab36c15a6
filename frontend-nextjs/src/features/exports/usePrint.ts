"use client";
/** Printing the whole transcript, of which the page itself shows only what is in sight.
 *
 * Owns the moment: all of it is read, laid out on a sheet that nobody sees, then the browser prints. Ctrl+P does the
 * same; the browser's own menu prints what was read last.
 */
import { useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useCallback, useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useToast } from "@/components/ui/Toast";
import { useAllSent } from "@/features/corrections/useAllSent";
import { useErrorText } from "@/features/shell/useErrorText";
import { answer, api, type Schemas } from "@/lib/api/client";
import { keys } from "@/lib/query";

type Page = Schemas["TranscriptOut"];
const PAGE = 2000;

export interface Printing {
  /** What is on the sheet; null: nothing is printed. */
  transcript: Page | null;
  isPreparing: boolean;
  print: (isAnyway?: boolean) => Promise<void>;
}

export function usePrint(meetingId: string): Printing {
  const t = useTranslations("exports");
  const client = useQueryClient();
  const say = useToast();
  const errorText = useErrorText();
  const [transcript, setTranscript] = useState<Page | null>(null);
  const [isPreparing, setPreparing] = useState(false);
  const allSent = useAllSent(meetingId);
  const isAtIt = useRef(false);

  const print = useCallback(async function print(isAnyway = false) {
    if (isAtIt.current) return;
    isAtIt.current = true;
    setPreparing(true);
    try {
      if (!isAnyway && (await allSent()) === "unsent") {
        say(t("unsent"), { kind: "error", action: { label: t("anyway"), onClick: () => void print(true) } });
        return;
      }
      const whole = await client.fetchQuery({ queryKey: printKey(meetingId), queryFn: ({ signal }) => readWhole(meetingId, signal), staleTime: 0 });
      await document.fonts.ready;
      flushSync(() => setTranscript(whole));
      window.print();
    } catch (error) {
      say(t("failed", { format: t("print"), reason: errorText(error) }), { kind: "error" });
    } finally {
      isAtIt.current = false;
      setPreparing(false);
    }
  }, [allSent, client, errorText, meetingId, say, t]);

  useEffect(() => {
    const before = () => {
      const known = client.getQueryData<Page>(printKey(meetingId));
      if (known) flushSync(() => setTranscript(known));
    };
    const after = () => setTranscript(null);
    const pressed = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "p" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      event.preventDefault();
      void print();
    };
    window.addEventListener("beforeprint", before);
    window.addEventListener("afterprint", after);
    window.addEventListener("keydown", pressed);
    return () => {
      window.removeEventListener("beforeprint", before);
      window.removeEventListener("afterprint", after);
      window.removeEventListener("keydown", pressed);
    };
  }, [client, meetingId, print]);

  return { transcript, isPreparing, print };
}

function printKey(meetingId: string) {
  return [...keys.transcript(meetingId), "print"] as const;
}

/** All pages of it, without words. */
async function readWhole(meetingId: string, signal: AbortSignal): Promise<Page> {
  let whole: Page | null = null;
  let cursor: string | undefined;
  do {
    const page: Page = await answer(
      api.GET("/api/v1/meetings/{meeting_id}/transcript", {
        params: { path: { meeting_id: meetingId }, query: { words: false, limit: PAGE, cursor } },
        signal,
      }),
    );
    whole = whole === null ? page : { ...page, segments: [...whole.segments, ...page.segments] };
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return whole;
}
