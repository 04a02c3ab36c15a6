"use client";
/** One line of the transcript: with the speaker's name where a turn begins, its time, its text, what may be done with it. */
import { PencilLine } from "lucide-react";
import { useTranslations } from "next-intl";
import { memo, useState, type ReactNode } from "react";
import { SpeakerDot } from "@/components/ui/SpeakerDot";
import { SegmentActions, SegmentEditor } from "@/features/corrections";
import { SpeakerName } from "@/features/naming";
import { cx } from "@/lib/cx";
import { clock } from "@/lib/format";
import type { Match } from "../find/findAll";
import { useAudio } from "../player";
import { DOUBTFUL_BELOW, type Segment } from "../segments";
import { speakerColour } from "@/lib/speakers";
import { useSpeakerLabel } from "../useSpeakerLabel";
import { SegmentText } from "./SegmentText";

export interface RowProps {
  meetingId: string;
  segment: Segment;
  next: Segment | null;
  total: number;
  beginsTurn: boolean;
  /** It has the focus, or gets it by the Tab key. */
  isActive: boolean;
  isEditing: boolean;
  matches: readonly Match[] | undefined;
  current: number | null;
  measure: (element: HTMLElement | null) => void;
}

export const SegmentRow = memo(function SegmentRow({ meetingId, segment, next, total, beginsTurn, isActive, isEditing, matches, current, measure }: RowProps) {
  const t = useTranslations("meeting");
  const label = useSpeakerLabel();
  const [isPointed, setPointed] = useState(false);
  const doubts = segment.words?.filter((word) => word.confidence < DOUBTFUL_BELOW) ?? [];
  const doubtId = `doubt-${segment.index}`;
  return (
    <article
      ref={measure}
      data-index={segment.index}
      data-speaker={speakerColour(segment.speaker)}
      tabIndex={isActive ? 0 : -1}
      aria-posinset={segment.index + 1}
      aria-setsize={total}
      aria-label={t("line", { speaker: label(segment.speaker, segment.name), time: clock(segment.start) })}
      aria-describedby={doubts.length > 0 ? doubtId : undefined}
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
      className={cx("group/line absolute inset-x-0 grid scroll-mt-32 grid-cols-[3.25rem_minmax(0,1fr)] gap-x-3 rounded-md max-sm:grid-cols-1", beginsTurn && segment.index > 0 && "pt-5")}
    >
      {beginsTurn && (
        <div className="col-span-full mb-1 grid grid-cols-subgrid items-center max-sm:flex max-sm:gap-2.5">
          <span className="justify-self-end">
            <SpeakerDot label={segment.speaker} name={segment.name} size="sm" />
          </span>
          <div className="flex min-w-0 items-center gap-2.5">
            <h3 className="min-w-0 text-sm font-semibold text-speaker">
              <SpeakerName meetingId={meetingId} label={segment.speaker} name={segment.name} />
            </h3>
            <TimeLink meetingId={meetingId} segment={segment} isActive={isActive} />
          </div>
        </div>
      )}
      <Margin>{!beginsTurn && <TimeLink meetingId={meetingId} segment={segment} isActive={isActive} isQuiet />}</Margin>
      <div className="relative -mx-2 rounded-md px-2 py-1 group-aria-current/line:bg-surface">
        {isEditing ? <SegmentEditor segment={segment} /> : <SegmentText segment={segment} matches={matches} current={current} />}
        {segment.edit_id && !isEditing && <PencilLine role="img" aria-label={t("corrected")} className="absolute top-3 -right-4 size-3 text-ink-faint max-sm:-right-1" />}
        {(isActive || isPointed) && !isEditing && (
          <div className="absolute -top-6 right-0 z-10 rounded-md bg-paper opacity-0 group-focus-within/line:opacity-100 group-hover/line:opacity-100 has-aria-expanded:opacity-100 print:hidden">
            <SegmentActions segment={segment} next={next} />
          </div>
        )}
      </div>
      {doubts.length > 0 && (
        <p id={doubtId} className="sr-only select-none">
          {t("doubts", { words: doubts.map((word) => word.word.trim()).join(", ") })}
        </p>
      )}
    </article>
  );
});

function Margin({ children }: { children: ReactNode }) {
  return <div className="justify-self-end pt-0.5 max-sm:hidden">{children}</div>;
}

function TimeLink({ meetingId, segment, isActive, isQuiet = false }: { meetingId: string; segment: Segment; isActive: boolean; isQuiet?: boolean }) {
  const t = useTranslations("meeting");
  const { hasSound } = useAudio();
  return (
    <a
      href={`/meetings/${meetingId}?t=${segment.start.toFixed(1)}`}
      data-time
      tabIndex={isActive ? 0 : -1}
      aria-label={t(hasSound ? "playFrom" : "linkTo", { time: clock(segment.start) })}
      className={cx(
        "tabular inline-flex min-h-8 items-center rounded-sm px-1 text-xs text-ink-faint max-sm:min-h-10 hover:text-accent hover:underline",
        isQuiet && "opacity-0 group-focus-within/line:opacity-100 group-hover/line:opacity-100 group-aria-current/line:opacity-100",
      )}
    >
      {clock(segment.start)}
    </a>
  );
}
