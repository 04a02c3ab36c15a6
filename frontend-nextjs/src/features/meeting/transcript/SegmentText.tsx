"use client";
/** The words of a line: each can be heard; doubtful ones and what was looked for are marked. */
import { memo } from "react";
import { cx } from "@/lib/cx";
import type { Match } from "../find/findAll";
import type { Segment } from "../segments";
import { bound, pieces } from "./pieces";

const DOUBT = "underline decoration-warning decoration-dotted decoration-2 underline-offset-4";
/** `data-now` is set and removed by `useNowMarks`, past React. */
const NOW = "hover:bg-sunken data-now:bg-accent-soft data-now:text-accent-strong data-now:rounded-sm data-now:outline-2 data-now:outline-accent-soft";

interface Props {
  segment: Segment;
  matches: readonly Match[] | undefined;
  /** Which of the matches the reader stands at. */
  current: number | null;
}

export const SegmentText = memo(function SegmentText({ segment, matches, current }: Props) {
  return (
    <p lang={segment.language || undefined} dir="auto" className="cursor-text font-serif text-read break-words text-ink">
      {pieces(segment.text, segment.words, matches, bound(segment.text, segment.language)).map((piece, i) => {
        const names = cx(piece.isDoubtful && DOUBT, piece.word !== null && NOW, piece.match !== null && (piece.match === current ? "bg-accent text-on-accent" : "bg-highlight text-ink"));
        if (piece.match !== null) {
          return (
            <mark key={i} data-w={piece.word ?? undefined} aria-current={piece.match === current ? "true" : undefined} className={names}>
              {piece.text}
            </mark>
          );
        }
        if (piece.word === null) return piece.text;
        return (
          <span key={i} data-w={piece.word} className={names}>
            {piece.text}
          </span>
        );
      })}
    </p>
  );
});
