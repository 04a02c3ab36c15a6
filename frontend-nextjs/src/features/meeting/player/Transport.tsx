"use client";
import { Pause, Play, RotateCcw, RotateCw } from "lucide-react";
import { useTranslations } from "next-intl";
import { Hint } from "@/components/ui/Hint";
import { IconButton } from "@/components/ui/IconButton";
import { Spinner } from "@/components/ui/Spinner";
import { useAudio, usePlayerState } from "../player";

const STEP_S = 5;

export function Transport() {
  const t = useTranslations("meeting");
  const player = useAudio();
  const { isPlaying, isWaiting } = usePlayerState();
  const label = isPlaying ? t("player.pause") : t("player.play");
  return (
    <div role="group" aria-label={t("player.transport")} className="flex items-center gap-1 max-lg:mr-auto">
      <IconButton label={t("player.back", { seconds: STEP_S })} shortcut="←" onClick={() => player.step(-STEP_S)}>
        <RotateCcw />
      </IconButton>
      <Hint text={label} shortcut={t("keys.space")}>
        <button
          type="button"
          aria-label={label}
          onClick={player.toggle}
          className="inline-flex size-11 items-center justify-center rounded-full bg-accent text-on-accent transition-colors hover:bg-accent-strong [&_svg]:size-5"
        >
          {isWaiting ? <Spinner /> : isPlaying ? <Pause fill="currentColor" /> : <Play fill="currentColor" className="translate-x-px" />}
        </button>
      </Hint>
      <IconButton label={t("player.forward", { seconds: STEP_S })} shortcut="→" onClick={() => player.step(STEP_S)}>
        <RotateCw />
      </IconButton>
    </div>
  );
}
