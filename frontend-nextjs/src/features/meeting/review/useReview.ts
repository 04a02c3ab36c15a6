"use client";
/** Review: one doubtful line after the other, heard from a second before. */
import { useCallback, useMemo, useState, type RefObject } from "react";
import { useCorrections } from "@/features/corrections";
import { useAudio } from "../player";
import type { Segment } from "../segments";
import type { TranscriptHandle } from "../transcript/TranscriptView";
import { doubtfulLines, lineAt, neighbour, progress } from "./walk";

const BEFORE_S = 1;
const AFTER_S = 0.3;

export interface Review {
  isOn: boolean;
  /** How many lines have doubtful words. */
  count: number;
  /** null: all are settled. */
  current: Segment | null;
  progress: { number: number; total: number };
  hasNext: boolean;
  hasPrevious: boolean;
  start: () => void;
  stop: () => void;
  step: (by: 1 | -1) => void;
  hear: () => void;
  confirm: () => void;
  edit: () => void;
}

export function useReview(segments: readonly Segment[], transcript: RefObject<TranscriptHandle | null>): Review {
  const player = useAudio();
  const { confirm: confirmLine, startEditing } = useCorrections();
  const [walk, setWalk] = useState<{ at_s: number; total: number } | null>(null);
  const doubtful = useMemo(() => doubtfulLines(segments), [segments]);
  const current = walk ? lineAt(doubtful, walk.at_s) : null;

  const go = useCallback(
    (line: Segment) => {
      setWalk((old) => ({ at_s: line.start, total: old?.total ?? doubtful.length }));
      player.play(Math.max(0, line.start - BEFORE_S), line.end + AFTER_S);
      transcript.current?.bring(line.index);
    },
    [doubtful.length, player, transcript],
  );

  const next = current ? neighbour(doubtful, current, 1) : null;
  const previous = current ? neighbour(doubtful, current, -1) : null;
  return {
    isOn: walk !== null,
    count: doubtful.length,
    current,
    progress: current ? progress(doubtful, current, walk?.total ?? 0) : { number: walk?.total ?? 0, total: walk?.total ?? 0 },
    hasNext: next !== null,
    hasPrevious: previous !== null,
    start: () => {
      const first = lineAt(doubtful, player.now());
      if (first) go(first);
    },
    stop: () => {
      setWalk(null);
      player.pause();
    },
    step: (by) => {
      const line = by > 0 ? next : previous;
      if (line) go(line);
    },
    hear: () => current && go(current),
    confirm: () => {
      if (!current) return;
      confirmLine(current);
      if (next) go(next);
      else player.pause();
    },
    edit: () => current && startEditing(current),
  };
}
