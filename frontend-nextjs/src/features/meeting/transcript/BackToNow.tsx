"use client";
import { CornerLeftUp } from "lucide-react";
import { useTranslations } from "next-intl";
import { useEffect, useState } from "react";
import { clock } from "@/lib/format";
import { useAudio } from "../player";

/** Over the player: the reader went elsewhere, here is the way back. Its time moves once a second. */
export function BackToNow({ onClick }: { onClick: () => void }) {
  const t = useTranslations("meeting");
  const player = useAudio();
  const [second, setSecond] = useState(() => Math.floor(player.now()));
  useEffect(() => player.subscribe((at_s) => setSecond(Math.floor(at_s))), [player]);
  if (!player.hasSound) return null;
  return (
    <div className="pointer-events-none sticky bottom-28 z-10 mt-4 flex justify-center max-sm:bottom-44 print:hidden">
      <button
        type="button"
        onClick={onClick}
        className="pointer-events-auto inline-flex h-10 items-center gap-2 rounded-full border border-line bg-surface px-4 text-sm font-medium text-ink shadow-high hover:bg-sunken"
      >
        <CornerLeftUp aria-hidden className="size-4 text-accent" />
        {t("backToNow", { time: clock(second) })}
      </button>
    </div>
  );
}
