"use client";
/** What a first run has made so far: the voices, then the text as it grows. Nothing before there is something. */
import { useTranslations } from "next-intl";
import { useEffect, useRef, useState } from "react";
import { Failed } from "@/components/ui/Failed";
import { isApiError, type Schemas } from "@/lib/api/client";
import { usePreview, type Preview } from "@/lib/api/preview";
import { clock } from "@/lib/format";
import { isToSay, stepKey } from "./draft";
import { DraftText } from "./DraftText";
import { DraftVoices } from "./DraftVoices";

export function Draft({ meeting }: { meeting: Schemas["MeetingOut"] }) {
  const { data: preview, error, refetch } = usePreview(meeting, stepKey(meeting));
  if (!preview) {
    const isOver = isApiError(error) && (error.status === 404 || error.status === 409); // the results came first, or it is gone
    return error && !isOver ? <Failed error={error} onRetry={() => void refetch()} /> : null;
  }
  const isWriting = meeting.status === "PROCESSING" && meeting.stage === "transcribe";
  return (
    <>
      {preview.speakers && <DraftVoices speakers={preview.speakers} numTurns={preview.num_turns ?? 0} />}
      {(preview.segments.length > 0 || isWriting) && <DraftText meeting={meeting} preview={preview} />}
      <Announcement preview={preview} />
    </>
  );
}

/** Says to screen readers that there is more, now and then; never the text itself. */
function Announcement({ preview }: { preview: Preview }) {
  const t = useTranslations("running.draft");
  const num = preview.speakers?.length ?? null;
  const until_s = preview.transcribed_until_s;
  const said = useRef({ num, until_s, at: 0 });
  const [sentence, setSentence] = useState("");
  useEffect(() => {
    const now = Date.now();
    if (num !== null && said.current.num === null) {
      said.current = { ...said.current, num };
      setSentence(t("voices", { count: num }));
    } else if (isToSay(until_s, said.current, now)) {
      said.current = { num, until_s, at: now };
      setSentence(t("said", { until: clock(until_s) }));
    }
  }, [num, until_s, t]);
  return (
    <p aria-live="polite" className="sr-only">
      {sentence}
    </p>
  );
}
