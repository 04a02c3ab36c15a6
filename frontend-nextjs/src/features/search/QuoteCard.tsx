"use client";
import { Pause, Play } from "lucide-react";
import Link from "next/link";
import { useTranslations } from "next-intl";
import { SpeakerDot } from "@/components/ui/SpeakerDot";
import type { Quote } from "@/lib/api/search";
import { clock } from "@/lib/format";
import { momentAddress } from "@/lib/moment";
import { speakerColour, speakerNumber } from "@/lib/speakers";
import { firstMatch, piecesOf } from "./pieces";

interface Props {
  quote: Quote;
  isPlaying: boolean;
  /** Of what is played, 0 to 1. */
  share: number;
  onPlay: () => void;
}

/** Something that was said: hear it here, or go there. */
export function QuoteCard({ quote, isPlaying, share, onPlay }: Props) {
  const t = useTranslations("search");
  const common = useTranslations("common");
  const { meeting, segment, matches, before, after } = quote;
  const name = segment.name ?? (segment.speaker === null ? common("speakerUnknown") : common("speaker", { number: speakerNumber(segment.speaker) }));
  const time = clock(segment.start);
  return (
    <li className="relative flex gap-2 py-1.5 sm:gap-3">
      <button
        type="button"
        onClick={onPlay}
        aria-pressed={isPlaying}
        aria-label={t("play", { name, time })}
        className="mt-1.5 flex size-10 shrink-0 items-center justify-center rounded-full border border-line text-ink-soft transition-colors hover:border-accent hover:text-accent aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent"
      >
        {isPlaying ? <Pause aria-hidden className="size-4" /> : <Play aria-hidden className="size-4 translate-x-px" />}
      </button>
      <Link
        prefetch={false}
        href={momentAddress(meeting.id, segment.start, firstMatch(segment.text, matches))}
        data-quote
        className="group min-w-0 flex-1 rounded-md px-2 py-1.5 transition-colors hover:bg-sunken"
      >
        <span className="flex items-center gap-2 text-sm">
          <SpeakerDot label={segment.speaker} name={segment.name} size="sm" />
          <span data-speaker={speakerColour(segment.speaker)} className="truncate font-medium text-speaker">
            {name}
          </span>
          <time className="tabular text-ink-faint">{time}</time>
        </span>
        <span lang={segment.language ?? undefined} className="mt-1.5 block font-serif text-read">
          {before && <Neighbour text={before} />}
          <span className="block text-ink">
            {piecesOf(segment.text, matches).map((piece, at) =>
              piece.isMatch ? (
                <mark key={at} className="rounded-sm bg-highlight px-0.5 text-ink">
                  {piece.text}
                </mark>
              ) : (
                <span key={at}>{piece.text}</span>
              ),
            )}
          </span>
          {after && <Neighbour text={after} />}
        </span>
        {isPlaying && (
          <span aria-hidden className="mt-1.5 block h-0.5 overflow-hidden rounded-full bg-line">
            <span className="block h-full bg-accent transition-[width] duration-300 ease-linear" style={{ width: `${share * 100}%` }} />
          </span>
        )}
      </Link>
    </li>
  );
}

/** What was said just before or after. */
function Neighbour({ text }: { text: string }) {
  return <span className="block truncate text-sm text-ink-faint">{text}</span>;
}
