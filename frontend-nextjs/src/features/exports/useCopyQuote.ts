"use client";
/** "Copy as quote": text, speaker, time and a link that plays at that second. */
import { useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useCallback } from "react";
import { useToast } from "@/components/ui/Toast";
import type { Segment } from "@/features/meeting/model";
import { useLanguage } from "@/features/shell/Language";
import type { Schemas } from "@/lib/api/client";
import { copy } from "@/lib/clipboard";
import { keys } from "@/lib/query";
import { quoteOf } from "./quote";
import { useSpeakerText } from "./useSpeakerText";

export function useCopyQuote(meetingId: string): (segment: Segment) => void {
  const t = useTranslations("exports");
  const say = useToast();
  const client = useQueryClient();
  const { language } = useLanguage();
  const speakerText = useSpeakerText();
  return useCallback(
    (segment: Segment) => {
      const title = client.getQueryData<Schemas["MeetingOut"]>(keys.meeting(meetingId))?.title ?? "";
      const quote = quoteOf({
        text: segment.text,
        speaker: speakerText(segment),
        start_s: segment.start,
        title,
        origin: window.location.origin,
        meetingId,
        language: segment.language === "fr" ? "fr" : segment.language === "en" ? "en" : language,
      });
      copy(quote).then(
        () => say(t("quoteCopied")),
        () => say(t("copyRefused"), { kind: "error" }),
      );
    },
    [client, language, meetingId, say, speakerText, t],
  );
}
