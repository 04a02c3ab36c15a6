"use client";
import Link from "next/link";
import { useTranslations } from "next-intl";
import { memo, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Button } from "@/components/ui/Button";
import { Skeleton } from "@/components/ui/Skeleton";
import { SpeakerDot } from "@/components/ui/SpeakerDot";
import type { Schemas } from "@/lib/api/client";
import { isUnderWay } from "@/lib/api/meetings";
import type { Preview } from "@/lib/api/preview";
import { clock } from "@/lib/format";
import { momentAddress } from "@/lib/moment";
import { speakerColour, speakerNumber } from "@/lib/speakers";
import { newest, turnsOf, type Turn } from "./draft";

/** Turns that are there at once, and that each wish for earlier ones adds. */
const FIRST = 40;
const MORE = 200;
/** So close to the end, one reads along. */
const NEAR_PX = 48;

/** The text so far, the newest of it in sight. */
export function DraftText({ meeting, preview }: { meeting: Schemas["MeetingOut"]; preview: Preview }) {
  const t = useTranslations("running.draft");
  const turns = useMemo(() => turnsOf(preview.segments), [preview.segments]);
  const [count, setCount] = useState(FIRST);
  const { shown, hidden } = newest(turns, count);
  const { ref, onScroll, keepPlace } = useEndInSight(preview.segments, count);
  const total_s = preview.duration_s;
  const showEarlier = () => {
    keepPlace();
    setCount((now) => now + MORE);
  };
  return (
    <section aria-labelledby="draft-text" data-draft className="flex flex-col gap-3 border-t border-line pt-6 lg:first:border-t-0 lg:first:pt-0">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 id="draft-text" className="font-serif text-lg font-semibold">
          {t("title")}
        </h2>
        {turns.length > 0 && total_s !== null && (
          <p className="tabular text-sm text-ink-faint">{t("until", { until: clock(preview.transcribed_until_s), total: clock(total_s) })}</p>
        )}
      </div>
      <p className="text-ink-soft">{turns.length === 0 ? t("soon") : isUnderWay(meeting) ? t("body") : t("bodyEnded")}</p>
      {turns.length === 0 ? (
        <Coming />
      ) : (
        <div ref={ref} onScroll={onScroll} role="region" tabIndex={0} aria-label={t("region")} className="max-h-112 overflow-y-auto overscroll-contain border-y border-line py-4">
          {hidden > 0 && (
            <Button size="sm" className="mb-4 max-sm:h-10" onClick={showEarlier}>
              {t("earlier", { until: clock(shown[0]?.start ?? 0) })}
            </Button>
          )}
          {shown.map((turn, at) => (
            <DraftTurn key={turn.start} meetingId={meeting.id} {...turn} goesOn={turn.goesOn && at > 0} />
          ))}
        </div>
      )}
    </section>
  );
}

const DraftTurn = memo(function DraftTurn({ meetingId, start, speaker, language, text, goesOn }: Turn & { meetingId: string }) {
  const t = useTranslations("running.draft");
  const common = useTranslations("common");
  return (
    <div data-speaker={speakerColour(speaker)} className={goesOn ? "mt-2" : "mt-5 first:mt-0"}>
      {!goesOn && (
        <p className="flex items-center gap-2.5 text-sm">
          {speaker !== null && <SpeakerDot label={speaker} size="sm" />}
          {speaker !== null && <span className="font-semibold text-speaker">{common("speaker", { number: speakerNumber(speaker) })}</span>}
          <Link
            href={momentAddress(meetingId, start)}
            scroll={false}
            prefetch={false}
            aria-label={t("play", { time: clock(start) })}
            className="tabular inline-flex min-h-8 items-center rounded-sm text-xs text-ink-faint hover:text-accent hover:underline max-sm:min-h-10"
          >
            {clock(start)}
          </Link>
        </p>
      )}
      <p lang={language || undefined} dir="auto" className="font-serif text-read break-words text-ink">
        {text}
      </p>
    </div>
  );
});

/** Lines that are still to be written. */
function Coming() {
  return (
    <div aria-hidden className="flex flex-col gap-3 border-y border-line py-5">
      <Skeleton className="h-4 w-11/12" />
      <Skeleton className="h-4 w-4/5" />
      <Skeleton className="h-4 w-2/3" />
    </div>
  );
}

/** Follows what is written, unless the reader has gone up; what comes before appears above what is being read. */
function useEndInSight(text: unknown, count: number) {
  const ref = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const fromEnd_px = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (ref.current && isAtEnd.current) ref.current.scrollTop = ref.current.scrollHeight;
  }, [text]);
  useLayoutEffect(() => {
    if (!ref.current || fromEnd_px.current === null) return;
    ref.current.scrollTop = ref.current.scrollHeight - fromEnd_px.current;
    ref.current.focus({ preventScroll: true }); // the button is above now, or gone
    fromEnd_px.current = null;
  }, [count]);
  const onScroll = () => {
    const box = ref.current;
    if (box) isAtEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
  };
  const keepPlace = () => {
    if (ref.current) fromEnd_px.current = ref.current.scrollHeight - ref.current.scrollTop;
  };
  return { ref, onScroll, keepPlace };
}
