"use client";
/** The player at the bottom of the meeting page: outline, transport, and how it is heard. */
import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { Button } from "@/components/ui/Button";
import { Notice } from "@/components/ui/Notice";
import type { Peaks } from "@/lib/api/recordings";
import { useAudio, usePlayerState } from "../player";
import type { Segment } from "../segments";
import { Waveform } from "../waveform/Waveform";
import { Clock, Length } from "./Clock";
import { Listening } from "./Listening";
import { Transport } from "./Transport";
import { useIsNarrow } from "./useIsNarrow";

const Lanes = dynamic(() => import("../lanes/Lanes").then((found) => found.Lanes), { ssr: false });
const MoreListening = dynamic(() => import("./MoreListening").then((found) => found.MoreListening), { ssr: false });

export function Dock({ peaks, segments, onHelp }: { peaks: Peaks | null; segments: readonly Segment[]; onHelp: () => void }) {
  const t = useTranslations("meeting");
  const player = useAudio();
  const { error, showsLanes } = usePlayerState();
  const isNarrow = useIsNarrow();
  return (
    <section
      aria-label={t("player.title")}
      data-dock
      className="sticky bottom-0 z-20 mt-auto border-t border-line bg-surface max-sm:bottom-[calc(3.25rem+env(safe-area-inset-bottom))] print:hidden"
    >
      <div className="mx-auto max-w-[90rem] px-4 py-2 sm:px-6">
        {error && (
          <Notice tone="danger" actions={<Button size="sm" onClick={player.retry}>{t("player.retry")}</Button>}>
            {t(`player.error.${error}`)}
          </Notice>
        )}
        <div className="flex flex-wrap items-center gap-x-3 lg:grid lg:grid-cols-[auto_minmax(0,1fr)_auto]">
          {showsLanes && segments.length > 0 && <Lanes segments={segments} />}
          <div className="flex items-center gap-x-3 max-lg:contents">
            <Transport />
            <Clock className="max-lg:-order-1 max-lg:w-14 lg:min-w-12" />
          </div>
          <div className="h-14 min-w-0 max-lg:-order-1 max-lg:h-10 max-lg:flex-1 [&>*]:size-full">
            <Waveform peaks={peaks} segments={segments} />
          </div>
          <div className="flex items-center gap-x-3 max-lg:contents">
            <Length className="max-lg:-order-1 max-lg:w-14 max-lg:text-right" />
            <div aria-hidden className="max-lg:-order-1 max-lg:basis-full lg:hidden" />
            <Listening hasLanes={segments.length > 0} onHelp={onHelp} />
            {isNarrow && <MoreListening hasLanes={segments.length > 0} onHelp={onHelp} />}
          </div>
        </div>
      </div>
    </section>
  );
}
