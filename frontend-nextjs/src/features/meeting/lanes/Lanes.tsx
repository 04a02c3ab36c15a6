"use client";
/** Who speaks when: one lane a speaker over the player, in the waveform's own time. */
import { useTranslations } from "next-intl";
import { useCallback, useMemo, type MouseEvent } from "react";
import { useLanguage } from "@/features/shell/Language";
import { duration } from "@/lib/format";
import { speakerColour } from "@/lib/speakers";
import { useAudio, usePlayerState } from "../player";
import { talkTimes, type Segment } from "../segments";
import { useSpeakerLabel } from "../useSpeakerLabel";
import { drawLane, laneBlocks, themeColours } from "../waveform/draw";
import { useCanvas } from "../waveform/useCanvas";
import { nearestOf, nextTurnOf } from "./turns";

export function Lanes({ segments }: { segments: readonly Segment[] }) {
  const t = useTranslations("meeting");
  const { language } = useLanguage();
  const player = useAudio();
  const label = useSpeakerLabel();
  const speakers = useMemo(() => talkTimes(segments), [segments]);
  const hearNext = (speaker: string | null) => {
    const line = nextTurnOf(segments, speaker, player.now());
    if (line) player.play(line.start);
  };
  return (
    <ul aria-label={t("lanes.title")} className="-order-2 grid max-h-[35dvh] basis-full grid-cols-[6rem_minmax(0,1fr)_auto] gap-x-3 gap-y-1 overflow-y-auto pt-2 lg:order-none lg:col-span-full lg:grid-cols-subgrid">
      {speakers.map((speaker) => {
        const name = label(speaker.label, speaker.name);
        return (
          <li key={speaker.label ?? "none"} className="col-span-full grid grid-cols-subgrid items-center">
            <button
              type="button"
              aria-label={t("lanes.hear", { name })}
              onClick={() => hearNext(speaker.label)}
              data-speaker={speakerColour(speaker.label)}
              className="min-h-8 max-w-40 min-w-0 truncate justify-self-start rounded-sm px-1 text-left text-xs font-medium text-speaker hover:underline max-sm:min-h-10"
            >
              {name}
            </button>
            <LaneCanvas segments={segments} label={speaker.label} />
            <span className="tabular text-xs text-ink-faint">{duration(speaker.seconds, language)}</span>
          </li>
        );
      })}
    </ul>
  );
}

function LaneCanvas({ segments, label }: { segments: readonly Segment[]; label: string | null }) {
  const player = useAudio();
  const { duration_s } = usePlayerState();
  const draw = useCallback(
    (context: CanvasRenderingContext2D, width: number, height: number) => {
      if (duration_s <= 0) return;
      drawLane(context, width, height, laneBlocks(segments, label, duration_s / width), duration_s, themeColours()[speakerColour(label)] ?? "");
    },
    [segments, label, duration_s],
  );
  const canvas = useCanvas(draw);
  const hear = (event: MouseEvent) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const at_s = ((event.clientX - left) / width) * duration_s;
    const line = nearestOf(segments, label, at_s);
    if (line) player.play(at_s > line.start && at_s < line.end ? at_s : line.start);
  };
  return (
    <div aria-hidden onClick={hear} className="relative h-5 min-w-0 flex-1 cursor-pointer rounded-sm bg-sunken">
      <canvas ref={canvas} className="absolute inset-x-0 inset-y-1 h-3 w-full" />
    </div>
  );
}
