"use client";
/** The transcript: as many lines as there are, as many drawn as one sees. Read, heard, walked through, corrected. */
import { useTranslations } from "next-intl";
import { useCallback, useEffect, useImperativeHandle, useLayoutEffect, useRef, type Ref } from "react";
import { useCorrections } from "@/features/corrections";
import type { MatchesByIndex } from "../find/findAll";
import { useAudio } from "../player";
import { beginsTurn, lastStarted, type Segment } from "../segments";
import { bringIntoBand } from "./band";
import { BackToNow } from "./BackToNow";
import { SegmentRow } from "./SegmentRow";
import { useFollow } from "./useFollow";
import { useLineEvents } from "./useLineEvents";
import { useLines } from "./useLines";
import { useNowMarks } from "./useNowMarks";
import { useRoving } from "./useRoving";

export interface TranscriptHandle {
  /** Brings a line before the reader's eyes, wherever it is heard meanwhile. */
  show: (index: number) => void;
  /** The same for the line that is about to be heard: the transcript goes along with it. */
  bring: (index: number) => void;
  /** To the next line or the one before. */
  move: (by: 1 | -1) => void;
  /** The first line that is seen. */
  firstSeen: () => number;
}

interface Props {
  meetingId: string;
  segments: Segment[];
  needWords: (from: number, to: number) => void;
  matches: MatchesByIndex;
  /** The match the reader stands at: its segment and its number within it. */
  current: { index: number; match: number } | null;
  ref: Ref<TranscriptHandle>;
}

const WORDS_AFTER_MS = 120;

export function TranscriptView({ meetingId, segments, needWords, matches, current, ref }: Props) {
  const t = useTranslations("meeting");
  const list = useRef<HTMLDivElement>(null);
  const player = useAudio();
  const corrections = useCorrections();
  const roving = useRoving(list, segments.length);
  const lines = useLines(list, segments, [roving.active, corrections.editing]);
  const { scrollToIndex, measureElement, containerRef, range } = lines;

  const show = useCallback(
    (index: number) => {
      const line = list.current?.querySelector(`[data-index="${index}"]`);
      if (line) bringIntoBand(line);
      else scrollToIndex(index, { align: "start" });
    },
    [scrollToIndex],
  );
  const place = useCallback(() => ({ index: Math.max(0, lastStarted(segments, player.now())), word: -1 }), [segments, player]);
  const follow = useFollow(list, place, show);
  useNowMarks(list, segments, follow.moved);
  const events = useLineEvents(segments, roving, show);

  const { leave } = follow;
  const { active, setActive } = roving;
  const count = segments.length;
  useImperativeHandle(
    ref,
    () => ({
      show: (index) => {
        leave();
        show(index);
      },
      bring: show,
      move: (by) => {
        const index = active + by;
        if (index < 0 || index >= count) return;
        setActive(index, true);
        show(index);
      },
      firstSeen: () => range?.startIndex ?? 0,
    }),
    [show, leave, active, setActive, count, range],
  );

  const { startIndex, endIndex } = range ?? { startIndex: 0, endIndex: 0 };
  useEffect(() => {
    const timer = setTimeout(() => needWords(startIndex, endIndex), WORDS_AFTER_MS);
    return () => clearTimeout(timer);
  }, [startIndex, endIndex, needWords, segments]);

  // An editor has closed: the keyboard goes back to its line.
  const { editing, returnTo } = corrections;
  const wasEditing = useRef(editing);
  useLayoutEffect(() => {
    if (wasEditing.current !== null && editing === null && returnTo !== null) setActive(returnTo, true);
    wasEditing.current = editing;
  }, [editing, returnTo, setActive]);

  return (
    <>
      <div
        ref={(element) => {
          list.current = element;
          containerRef(element);
        }}
        role="feed"
        aria-label={t("transcript")}
        className="relative"
        {...events}
      >
        {lines.getVirtualItems().map(({ index }) => {
          const segment = segments[index];
          return segment ? (
            <SegmentRow
              key={index}
              meetingId={meetingId}
              segment={segment}
              next={segments[index + 1] ?? null}
              total={segments.length}
              beginsTurn={beginsTurn(segments, index)}
              isActive={index === roving.active}
              isEditing={index === editing}
              matches={matches.get(index)}
              current={current?.index === index ? current.match : null}
              measure={measureElement}
            />
          ) : null;
        })}
      </div>
      {!follow.isFollowing && <BackToNow onClick={follow.resume} />}
    </>
  );
}
